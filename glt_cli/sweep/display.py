"""What a person sees of a run while it goes on: bars in a terminal, lines elsewhere, or nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from types import TracebackType

from rich.console import RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from glt_cli.experiment.observer import epoch_figures, phase_line
from glt_cli.sweep.progress import Grid
from glt_cli.terminal import console
from glt_cli.training.loop import Epoch

#: Seconds between two looks at a grid's files.
_INTERVAL = 1.0

#: What this process shows. None in a launcher's workers: the process that launched them shows.
current: Display | None = None


class Display:
    """Shows phases and epochs of the runs of this process, and how far a grid has come.

    Args:
        quiet: Show nothing at all.
        grid: The grid, whoever does its runs.
    """

    def __init__(self, quiet: bool, grid: Grid | None = None) -> None:
        self.console = console(quiet)
        self.shows_bars = self.console.is_terminal and not quiet
        self.runs_here = 0
        self._bars = _Bars(
            TextColumn("[bold]{task.description:<9}"),
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            _TimeColumn(elapsed_when_finished=True),
            console=self.console,
            disable=not self.shows_bars,
        )
        self._grid = grid
        self._grid_task: TaskID | None = None
        self._ended: set[str] = set()
        self._watch = threading.Thread(target=self._watch_grid, daemon=True)
        self._leaving = threading.Event()
        self._said: set[str] = set()
        self._task: TaskID | None = None
        self._phase = ""
        self._epochs = 0
        self._best = 0.0
        self._began = 0.0

    def __enter__(self) -> Display:
        """Start drawing; jobs of this process draw here."""
        global current
        current = self
        self._bars.start()
        if self._grid and not self.console.quiet:
            self._show_grid(self._grid)
            self._watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        global current
        current = None
        self._leaving.set()
        if self._watch.is_alive():
            self._watch.join()
        if self._grid and not self.console.quiet:
            self._show_grid(self._grid)
        self._bars.stop()

    def begin_run(self) -> None:
        """Begin another run in this process."""
        self.runs_here += 1
        self.settle()
        if self._grid and not self.shows_bars:
            counts = self._grid.look()
            where = f"run {self.runs_here} of {counts.total}"
            self.say(", ".join(filter(None, (where, counts.figures(with_running=False)))))

    def settle(self) -> None:
        """Let what was shown of the run before stay above."""
        self._said.clear()
        self._task = None
        self._bars.settle()

    def pass_over(self, name: str) -> None:
        """Say that another process is doing the run that was to begin here."""
        self.runs_here -= 1
        self.say(f"{name} is being done by another process; on to the next")

    def _watch_grid(self) -> None:
        while self._grid and not self._leaving.wait(_INTERVAL):
            self._show_grid(self._grid)

    def _show_grid(self, grid: Grid) -> None:
        """Show how far the grid has come: as a bar, or as a line for each run that ended."""
        counts = grid.look()
        figures = counts.figures(with_running=self.shows_bars)
        if self.shows_bars:
            if self._grid_task is None:
                self._grid_task = self._bars.add_task(
                    "grid", total=counts.total, figures="", is_grid=True
                )
            self._bars.update(self._grid_task, completed=counts.ended, figures=figures)
            return
        new = [name for name in grid.ended() if name not in self._ended]
        self._ended.update(new)
        if new and not self.runs_here:  # those say themselves what they do
            where = f"{counts.ended} of {counts.total} ended"
            self.say(f"{', '.join(filter(None, (where, figures)))}: {', '.join(new)}")

    def say(self, message: str, once: bool = False) -> None:
        """Print a line above the bars; `once` leaves out what was said before."""
        if once and message in self._said:
            return
        self._said.add(message)
        self.console.print(message, markup=False, soft_wrap=True)

    def begin(self, phase: str, epochs: int) -> None:
        """See observer.RunObserver."""
        self._phase, self._epochs, self._best = phase, epochs, 0.0
        self._began = time.perf_counter()
        if self.shows_bars:
            self._task = self._bars.add_task(phase, total=epochs, figures="", is_grid=False)

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """See observer.RunObserver."""
        self._best = max(self._best, epoch.val)
        figures = epoch_figures(epoch, graph_sparsity, weight_sparsity)
        if self._task is not None:
            self._bars.update(self._task, completed=epoch.number, figures=figures)
        elif epoch.number == self._epochs:
            seconds = time.perf_counter() - self._began
            self.say(phase_line(self._phase, self._epochs, figures, self._best, seconds))


class _Bars(Progress):
    """Bars of the epochs, and below them the grid's."""

    def get_renderables(self) -> Iterable[RenderableType]:
        """See rich."""
        yield self.make_tasks_table(sorted(self.tasks, key=_is_grid))

    def settle(self) -> None:
        """Let the bars of the epochs stay above, and begin anew."""
        settled = [task for task in self.tasks if not _is_grid(task)]
        for task in settled:
            self.remove_task(task.id)
        if settled:
            self.console.print(self.make_tasks_table(settled))


class _TimeColumn(TimeRemainingColumn):
    """Time left of a phase, by its epochs; of a grid its figures say it."""

    def render(self, task: Task) -> Text:
        """See rich."""
        return Text() if _is_grid(task) and not task.finished else super().render(task)


def _is_grid(task: Task) -> bool:
    return bool(task.fields["is_grid"])
