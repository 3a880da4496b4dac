"""How far the grid of this process has come, for a line before each of its runs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from glt_cli.terminal import duration


@dataclass
class GridProgress:
    """Counts the runs of a grid that one process does one after the other.

    Attributes:
        total: Runs of the grid, those among them that are finished already.
        begun: Runs begun.
        failed: Runs that failed.
    """

    total: int
    begun: int = 0
    failed: int = 0
    _start: float = field(default_factory=time.perf_counter)

    def begin(self) -> str:
        """Count a run that begins now, and say how far the grid has come."""
        text = f"run {self.begun + 1} of {self.total}"
        if self.failed:
            text += f", {self.failed} failed"
        if self.begun:
            each = (time.perf_counter() - self._start) / self.begun
            text += f", about {duration(each * (self.total - self.begun))} left"
        self.begun += 1
        return text

    def end(self, status: str) -> None:
        """Take note of what came of a run."""
        self.failed += status == "failed"


#: The grid of this process; None in a single run, and where a launcher uses other processes.
current: GridProgress | None = None
