"""How far a grid has come, by what lies in the folders of its runs.

Files tell what any process does, here, in a launcher's workers or on another machine. Locks are
left alone: a process that finds one held for a moment would pass the run over.
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

#: What tells one state of a file from another, or None where there is no file.
Stamp = tuple[int, int, int] | None


@dataclass(frozen=True)
class Counts:
    """How far a grid has come.

    Attributes:
        total: Runs of the grid.
        done: Runs that are finished, those among them that were before the grid began.
        failed: Runs that failed since it began.
        running: Runs that some process is doing.
        seconds_left: What the others may take, if any has ended since the grid began.
    """

    total: int
    done: int
    failed: int
    running: int
    seconds_left: float | None

    @property
    def ended(self) -> int:
        """Runs that need no more time."""
        return self.done + self.failed

    def figures(self, with_running: bool) -> str:
        """Say what goes on, what went wrong, and how long the rest may take."""
        parts = [f"{self.running} running"] if with_running and self.running else []
        parts += [f"{self.failed} failed"] if self.failed else []
        if self.seconds_left is not None:
            parts.append(f"about {duration(self.seconds_left)} left")
        return ", ".join(parts)


class _Run:
    """One run, as it was when the grid began and as it is now."""

    def __init__(self, path: Path) -> None:
        self.folder = RunFolder(path)
        self.state = ""
        self._record = _stamp(self.folder.record)
        self._traces = self._stamps()

    def look(self) -> None:
        """Look at the run's files; a record is read only where it has changed."""
        record = _stamp(self.folder.record)
        if record != self._record:
            self._record = record
            read = read_record(self.folder) if record else None
            self.state = read.status if read else ""
        if self.state not in ("done", "failed"):
            # A record that was there before is removed when its run begins.
            is_new = self._stamps() != self._traces
            self.state = "running" if record is None and is_new else ""

    def forget(self) -> None:
        """Take what was going on for dead, until its files change again."""
        self._traces = self._stamps()

    def _stamps(self) -> list[Stamp]:
        """Of the files that a run writes when it begins and while it goes on."""
        return [_stamp(path) for path in (self.folder.log, self.folder.checkpoint)]


class Grid:
    """The runs of a grid, whoever does them.

    Args:
        folders: Of all runs.
        finished: Those among them that are finished and won't be done again.
    """

    def __init__(self, folders: Sequence[Path], finished: Collection[Path] = ()) -> None:
        self._total = len(folders)
        self._before = sum(folder in finished for folder in folders)
        self._runs = [_Run(folder) for folder in folders if folder not in finished]
        self._start = time.perf_counter()
        self._lock = threading.Lock()  # the display's thread looks, and so do the runs

    def look(self) -> Counts:
        """See how far the grid has come: a few stats for each run that isn't done."""
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
        """Take runs that have not ended for dead: the processes that did them are."""
        with self._lock:
            for run in self._runs:
                run.forget()

    def ended(self) -> list[str]:
        """Names of the runs that had ended at the last look, since the grid began."""
        with self._lock:
            return [r.folder.path.name for r in self._runs if r.state in ("done", "failed")]


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
