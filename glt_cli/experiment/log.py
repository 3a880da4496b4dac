"""A run's `log.txt`."""

from __future__ import annotations

import time
from pathlib import Path


class Log:
    """A run's `log.txt`: what happened when. Written line by line, so that a crash keeps it."""

    def __init__(self, path: Path | None, now: str) -> None:
        self.path = path
        if path is not None:
            path.write_text("")
        self.write(f"started {now}")

    def write(self, message: str) -> None:
        """Add a line; without a path there is no log."""
        if self.path is None:
            return
        with self.path.open("a") as file:
            file.write(f"{time.strftime('%H:%M:%S')} {message}\n")
