"""What a run remembers across an interruption, kept in its checkpoint."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from glt_cli.experiment.checkpoint import Checkpoint, PhaseCheckpoint
from glt_cli.experiment.history import HistoryRecorder
from glt_cli.experiment.teacher import Teacher
from glt_cli.pruning.masks import Masks
from glt_cli.training.state import TrainingState, copied

#: Seconds between two bookmarks: more is not lost.
INTERVAL = 60.0


class RunCheckpointer:
    """Keeps finished stages and, from time to time, how far the current phase has come.

    Attributes:
        account: What the run has cost, before the interruption too.
    """

    def __init__(self, checkpoint: Checkpoint, recorder: HistoryRecorder, teacher: Teacher) -> None:
        self.account = checkpoint.account
        self._checkpoint, self._watcher, self._teacher = checkpoint, recorder, teacher
        recorder.rows.extend(checkpoint.history)
        if checkpoint.account.costs_teacher:
            teacher.was_used = True
        come_to = [*checkpoint.stages]
        come_to += [f"epoch {mark.epochs} of {phase}" for phase, mark in checkpoint.marks.items()]
        if come_to:
            recorder.note(f"goes on after {', '.join(come_to)}")
        self._part, self._since, self._rows = "", 0.0, 0
        self._written = time.perf_counter()

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Put the time of a part of the run on its account; of `find` the epochs too."""
        self._part, self._since = part, time.perf_counter()
        self._rows = len(self._watcher.rows)
        yield
        self._settle()
        self._part = ""

    def recall(self, stage: str) -> Masks | None:
        """See context.StageCheckpointer."""
        return self._checkpoint.stages.get(stage)

    def keep(self, stage: str, masks: Masks) -> None:
        """See context.StageCheckpointer."""
        self._checkpoint.stages[stage] = copied(masks, torch.device("cpu"))
        self._checkpoint.marks = {}  # the stage's own; nothing but its masks is needed
        self._write()

    def resume(self, phase: str, everything: TrainingState) -> int:
        """See state.Checkpointer."""
        mark = self._checkpoint.marks.get(phase)
        if mark is None:
            return 0
        if self._teacher.was_used:
            _ = self._teacher.outputs  # building it draws random numbers: before they are restored
        everything.load_state_dict(mark.tensors)
        return mark.epochs

    def mark(self, phase: str, number: int, count: int, everything: TrainingState) -> None:
        """See state.Checkpointer."""
        is_time = time.perf_counter() - self._written >= INTERVAL
        if number == count:
            self._checkpoint.marks[phase] = PhaseCheckpoint(number, everything.outcome())
            if is_time:
                self._write()
        elif is_time:
            self._write(**{phase: PhaseCheckpoint(number, everything.state_dict())})

    def _write(self, **marks: PhaseCheckpoint) -> None:
        self._settle()
        self._checkpoint.history = list(self._watcher.rows)
        self._checkpoint.write(**marks)
        self._written = self._since = time.perf_counter()  # to write costs the run no time

    def _settle(self) -> None:
        """Bring the account up to date."""
        if not self._part:
            return
        now, rows = time.perf_counter(), len(self._watcher.rows)
        seconds = self.account.seconds
        seconds[self._part] = seconds.get(self._part, 0.0) + now - self._since
        if self._part == "find":
            self.account.find_epochs += rows - self._rows
            self.account.costs_teacher = self._teacher.was_used
        self._since, self._rows = now, rows
