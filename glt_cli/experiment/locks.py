"""One process at a time for each run: locks that die with their process.

Where a file system has no working locks, a run may be done twice, with equal bytes.
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
    """Hold the lock of a run, which the system releases however the process ends.

    Args:
        path: Of the lock's file; it stays.
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
    """Say whether another process holds this lock now; makes no file."""
    if not path.exists():
        return False
    try:
        with locked(path, wait=False, on_wait=lambda: None):
            return False
    except BusyError:
        return True
    except OSError:
        return False
