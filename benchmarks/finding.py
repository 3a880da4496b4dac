"""Seconds to find a ticket, by method, to the same targets."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.epochs import Clock
from benchmarks.tasks import compose, search
from glt_cli.pruning import methods
from glt_cli.training.tasks import NodeClassification


@dataclass(frozen=True)
class Finding:
    """What finding a ticket cost."""

    seconds: float
    epochs: int


def seconds(method: str, task: NodeClassification) -> Finding:
    """Find a ticket by the method's preset on Cora."""
    config = compose(f"method={method}")
    clock = Clock()
    setting = search(config, clock, task)
    began = time.perf_counter()
    methods.find(setting, config.method)
    return Finding(time.perf_counter() - began, clock.epochs)
