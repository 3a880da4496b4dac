"""Watching a CUDA device: where the host waits for it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


@contextmanager
def waits_are(mode: str) -> Iterator[None]:
    """Let torch warn of each wait for the device, or fail at it (`warn`, `error`)."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Synchronization debug mode is a prototype")
        torch.cuda.set_sync_debug_mode(mode)
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")


def waits_of(work: Callable[[], object]) -> int:
    """How often some work waits for the device."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        with waits_are("warn"):
            work()
    return sum("synchronizing CUDA operation" in str(each.message) for each in seen)
