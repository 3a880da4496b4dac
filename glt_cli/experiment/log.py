"""A run's `log.txt`."""

from __future__ import annotations

import time
from pathlib import Path

from glt_cli.terminal import without_secrets


class Log:
    """A run's `log.txt`, written line by line, so that a crash doesn't lose it."""

    def __init__(self, path: Path | None, now: str) -> None:
        self.path = path
        if path is not None:
            path.write_text("")
        self.write(f"started {now}")

    def write(self, message: str) -> None:
        """Add a line with the time; without a path, do nothing."""
        if self.path is None:
            return
        with self.path.open("a") as file:
            file.write(f"{time.strftime('%H:%M:%S')} {without_secrets(message)}\n")
