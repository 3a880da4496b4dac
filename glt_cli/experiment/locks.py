"""A lock for each run, so that only one process does it; the system frees it if the process dies.

On a file system without working locks, a run may be done twice, with the same bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout


class BusyError(Exception):
    """Another process is doing this run."""


@contextlib.contextmanager
def locked(path: Path, wait: bool, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a run, which the system releases when the process ends.

    Args:
        path: The lock's file, which isn't removed.
        wait: Whether to wait for the process that holds it.
        on_wait: Called before waiting.

    Raises:
        BusyError: Another process holds it, and `wait` is false.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        if not wait:
            raise BusyError(path.stem) from None
        on_wait()
        lock.acquire()
    except (OSError, NotImplementedError):
        pass  # no locks here
    try:
        yield
    finally:
        lock.release()


def held(path: Path) -> bool:
    """Whether another process holds this lock; creates no file."""
    if not path.exists():
        return False
    try:
        with locked(path, wait=False, on_wait=lambda: None):
            return False
    except BusyError:
        return True
    except OSError:
        return False
