"""The progress of runs: bars in a terminal, lines elsewhere, or nothing."""

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
from glt_cli.sweep.progress import Grid, WholeSearch
from glt_cli.terminal import console, without_secrets
from glt_cli.training.loop import Epoch

#: Seconds between two checks of a grid's files.
_INTERVAL = 1.0

#: The display of this process. None in a launcher's workers, whose launching process has one.
current: Display | None = None


class Display:
    """Shows phases and epochs of this process's runs, and the progress of a grid.

    Args:
        quiet: Show nothing.
        grid: The grid, if any, whichever process does its runs.
        whole: The search, if any, that the grid is a part of.
    """

    def __init__(
        self, quiet: bool, grid: Grid | None = None, whole: WholeSearch | None = None
    ) -> None:
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
        self._whole = whole
        self._whole_task: TaskID | None = None
        self._ended: set[str] = set()
        self._watch = threading.Thread(target=self._watch_grid, daemon=True)
        self._leaving = threading.Event()
        self._shown: set[str] = set()
        self._task: TaskID | None = None
        self._phase = ""
        self._epochs = 0
        self._best = 0.0
        self._began = 0.0

    def __enter__(self) -> Display:
        """Start showing; jobs of this process use this display."""
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
        """Restore the terminal."""
        global current
        current = None
        self._leaving.set()
        if self._watch.is_alive():
            self._watch.join()
        if self._grid and not self.console.quiet:
            self._show_grid(self._grid)
        self._bars.stop()

    def begin_run(self) -> None:
        """Start another run in this process."""
        self.runs_here += 1
        self.settle()
        if self._grid and not self.shows_bars:
            counts = self._grid.look()
            where = f"run {self.runs_here} of {counts.total}"
            whole = self._whole.figures(counts.ended) if self._whole else ""
            self.say(", ".join(filter(None, (where, counts.figures(with_running=False), whole))))

    def settle(self) -> None:
        """Leave the output of the previous run above."""
        self._shown.clear()
        self._task = None
        self._bars.settle()

    def pass_over(self, name: str) -> None:
        """Report that another process is already doing the next run."""
        self.runs_here -= 1
        self.say(f"{name} is being done by another process; continuing with the next")

    def _watch_grid(self) -> None:
        while self._grid and not self._leaving.wait(_INTERVAL):
            self._show_grid(self._grid)

    def _show_grid(self, grid: Grid) -> None:
        """Show the progress of the grid: a bar, or a line for each run that ended."""
        counts = grid.look()
        figures = counts.figures(with_running=self.shows_bars)
        if self.shows_bars:
            if self._grid_task is None:
                self._grid_task = self._bars.add_task(
                    "grid", total=counts.total, figures="", is_grid=True
                )
            self._bars.update(self._grid_task, completed=counts.ended, figures=figures)
            if self._whole:
                self._show_whole(self._whole, counts.ended)
            return
        new = [name for name in grid.ended() if name not in self._ended]
        self._ended.update(new)
        if new and not self.runs_here:  # runs of this process report themselves
            where = f"{counts.ended} of {counts.total} ended"
            self.say(f"{', '.join(filter(None, (where, figures)))}: {', '.join(new)}")

    def _show_whole(self, whole: WholeSearch, ended_in_grid: int) -> None:
        """Show the bar of the search, below the grid's."""
        if self._whole_task is None:
            self._whole_task = self._bars.add_task(
                "search", total=whole.most, figures="at most", is_grid=True
            )
        self._bars.update(self._whole_task, completed=whole.ended + ended_in_grid)

    def say(self, message: str, once: bool = False) -> None:
        """Print a line above the bars; with `once`, not if it was printed before."""
        if once and message in self._shown:
            return
        self._shown.add(message)
        self.console.print(without_secrets(message), markup=False, soft_wrap=True)

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
    """Bars of the phases, and those of the grid and the search below them."""

    def get_renderables(self) -> Iterable[RenderableType]:
        """See rich."""
        yield self.make_tasks_table(sorted(self.tasks, key=_is_grid))

    def settle(self) -> None:
        """Leave the finished bars above, and start with new ones."""
        settled = [task for task in self.tasks if not _is_grid(task)]
        for task in settled:
            self.remove_task(task.id)
        if settled:
            self.console.print(self.make_tasks_table(settled))


class _TimeColumn(TimeRemainingColumn):
    """Remaining time of a phase; a grid's is among its figures."""

    def render(self, task: Task) -> Text:
        """See rich."""
        return Text() if _is_grid(task) and not task.finished else super().render(task)


def _is_grid(task: Task) -> bool:
    return bool(task.fields["is_grid"])
