"""What a person sees of a run while it goes on: bars in a terminal, lines elsewhere, or nothing."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from glt_cli.terminal import console
from glt_cli.training import Epoch


class Display:
    """Shows phases and epochs. One for a run and the dense baseline that it needs."""

    def __init__(self, quiet: bool) -> None:
        self.console = console(quiet)
        self.shows_bars = self.console.is_terminal and not quiet
        self._bars = Progress(
            TextColumn("[bold]{task.description:<9}"),
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=self.console,
            disable=not self.shows_bars,
        )
        self._said: set[str] = set()
        self._task: TaskID | None = None
        self._phase = ""
        self._epochs = 0
        self._best = 0.0
        self._began = 0.0

    def __enter__(self) -> Display:
        """Start drawing."""
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        self._bars.stop()

    def say(self, message: str, once: bool = False) -> None:
        """Print a line above the bars; `once` leaves out what was said before."""
        if once and message in self._said:
            return
        self._said.add(message)
        self.console.print(message, markup=False, soft_wrap=True)

    def begin(self, phase: str, epochs: int) -> None:
        """See training.Observer."""
        self._phase, self._epochs, self._best = phase, epochs, 0.0
        self._began = time.perf_counter()
        if self.shows_bars:
            self._task = self._bars.add_task(phase, total=epochs, figures="")

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """See training.Observer."""
        self._best = max(self._best, epoch.val)
        figures = f"val {epoch.val:.1%}"
        if graph_sparsity:
            figures += f"  edges -{graph_sparsity:.1%}"
        if weight_sparsity:
            figures += f"  weights -{weight_sparsity:.1%}"
        if self._task is not None:
            self._bars.update(self._task, completed=epoch.number, figures=figures)
        elif epoch.number == self._epochs:
            seconds = time.perf_counter() - self._began
            self.say(
                f"{self._phase:<10} {self._epochs} epochs, {figures}, best val {self._best:.1%}, "
                f"{seconds:.1f} s"
            )


class Log:
    """A run's `log.txt`: what happened when. Written line by line, so that a crash keeps it."""

    def __init__(self, path: Path, now: str) -> None:
        self.path = path
        self.path.write_text("")
        self.write(f"started {now}")

    def write(self, message: str) -> None:
        """Add a line."""
        with self.path.open("a") as file:
            file.write(f"{time.strftime('%H:%M:%S')} {message}\n")
