"""One process at a time for each run: locks that die with their process.

Where a file system has no working locks, a run may be done twice, with equal bytes.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class BusyError(Exception):
    """Another process is doing this run."""


@contextlib.contextmanager
def locked(path: Path, wait: bool, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a run, which the system lets go of however the process ends.

    Args:
        path: Of the lock's file; it stays.
        wait: Whether to wait for whoever holds it.
        on_wait: Called before waiting.

    Raises:
        BusyError: Somebody holds it, and `wait` is false.
    """
    if sys.platform == "win32":
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise BusyError(path.stem) from None
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            pass  # no locks here
        yield


def held(path: Path) -> bool:
    """Say whether somebody holds this lock now; makes no file."""
    if not path.exists():
        return False
    try:
        with locked(path, wait=False, on_wait=lambda: None):
            return False
    except BusyError:
        return True
    except OSError:
        return False
