"""The progress of a grid, from the files in the folders of its runs.

Files show what every process does: this one, a launcher's workers, or another machine. Locks aren't
tested: while one is held for the test, another process would skip the run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import read_record
from glt_cli.terminal import duration

#: Identifies a state of a file; None if there is no file.
Stamp = tuple[int, int, int] | None


@dataclass(frozen=True)
class Counts:
    """The progress of a grid.

    Attributes:
        total: Number of runs.
        done: Finished runs, including those finished before the grid started.
        failed: Runs that failed since the start.
        running: Runs that some process is doing.
        seconds_left: Estimated time of the others, once a run has ended since the start.
    """

    total: int
    done: int
    failed: int
    running: int
    seconds_left: float | None

    @property
    def ended(self) -> int:
        """Number of runs that have ended."""
        return self.done + self.failed

    def figures(self, with_running: bool) -> str:
        """Summarise running and failed runs and the remaining time."""
        parts = [f"{self.running} running"] if with_running and self.running else []
        parts += [f"{self.failed} failed"] if self.failed else []
        if self.seconds_left is not None:
            parts.append(f"about {duration(self.seconds_left)} left")
        return ", ".join(parts)


@dataclass
class WholeSearch:
    """The progress of `glt search`, whose rungs are grids.

    Attributes:
        most: Number of runs that it takes at most, reused ones included.
        ended: Runs of the rungs that are through.
    """

    most: int
    ended: int = 0

    def figures(self, ended_in_grid: int) -> str:
        """Summarise it while a grid is running."""
        return f"{self.ended + ended_in_grid} of at most {self.most} runs of the search"


class _Run:
    """One run: its files when the grid started, and its state now."""

    def __init__(self, path: Path) -> None:
        self.folder = RunFolder(path)
        self.state = ""
        self._record = _stamp(self.folder.record)
        self._traces = self._stamps()

    def look(self) -> None:
        """Check the run's files; a record is read only if it has changed."""
        record = _stamp(self.folder.record)
        if record != self._record:
            self._record = record
            read = read_record(self.folder) if record else None
            self.state = read.status if read else ""
        if self.state not in ("done", "failed"):
            # A run that starts removes its old record.
            is_new = self._stamps() != self._traces
            self.state = "running" if record is None and is_new else ""

    def forget(self) -> None:
        """Consider a running run dead until its files change again."""
        self._traces = self._stamps()

    def _stamps(self) -> list[Stamp]:
        """Stamps of the files that a run writes when it starts and while it runs."""
        return [_stamp(path) for path in (self.folder.log, self.folder.checkpoint)]


class Grid:
    """The runs of a grid, whichever process does them.

    Args:
        folders: Folders of all runs.
        finished: Folders of runs that are finished and won't be done again.
    """

    def __init__(self, folders: Sequence[Path], finished: Collection[Path] = ()) -> None:
        self._total = len(folders)
        self._before = sum(folder in finished for folder in folders)
        self._runs = [_Run(folder) for folder in folders if folder not in finished]
        self._start = time.perf_counter()
        self._lock = threading.Lock()  # used by the display's thread and by runs

    def look(self) -> Counts:
        """Check the progress of the grid: a few calls of stat for each run that isn't done."""
        with self._lock:
            for run in self._runs:
                if run.state != "done":
                    run.look()
            states = [run.state for run in self._runs]
        done, failed = states.count("done"), states.count("failed")
        left = len(states) - done - failed
        each = (time.perf_counter() - self._start) / (done + failed) if done + failed else None
        return Counts(
            total=self._total,
            done=self._before + done,
            failed=failed,
            running=states.count("running"),
            seconds_left=each * left if each is not None and left else None,
        )

    def forget_running(self) -> None:
        """Consider unfinished runs dead, because the processes that did them are."""
        with self._lock:
            for run in self._runs:
                run.forget()

    def ended(self) -> list[str]:
        """Names of the runs that ended between the start and the last `look`."""
        with self._lock:
            return [r.folder.path.name for r in self._runs if r.state in ("done", "failed")]


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
