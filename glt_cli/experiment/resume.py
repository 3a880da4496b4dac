"""Save a run's progress in its checkpoint, and resume from it."""

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

#: Seconds between two checkpoints, and so the most that an interruption loses.
INTERVAL = 60.0


class RunCheckpointer:
    """Saves finished stages and, at intervals, the state of the current phase.

    Attributes:
        cost: Cost of the run, including the time before an interruption.
    """

    def __init__(self, checkpoint: Checkpoint, recorder: HistoryRecorder, teacher: Teacher) -> None:
        self.cost = checkpoint.cost
        self._checkpoint, self._recorder, self._teacher = checkpoint, recorder, teacher
        recorder.rows.extend(checkpoint.history)
        if checkpoint.cost.costs_teacher:
            teacher.was_used = True
        done = [*checkpoint.stages]
        done += [f"epoch {saved.epochs} of {phase}" for phase, saved in checkpoint.phases.items()]
        if done:
            recorder.note(f"resuming after {', '.join(done)}")
        self._part, self._since, self._rows = "", 0.0, 0
        self._written = time.perf_counter()

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Add the time of a part of the run to its cost; for `find`, the epochs too."""
        self._part, self._since = part, time.perf_counter()
        self._rows = len(self._recorder.rows)
        yield
        self._settle()
        self._part = ""

    def load_stage(self, stage: str) -> Masks | None:
        """See context.StageCheckpointer."""
        return self._checkpoint.stages.get(stage)

    def save_stage(self, stage: str, masks: Masks) -> None:
        """See context.StageCheckpointer."""
        self._checkpoint.stages[stage] = copied(masks, torch.device("cpu"))
        self._checkpoint.phases = {}  # of the stage; only its masks are needed
        self._write()

    def resume(self, phase: str, state: TrainingState) -> int:
        """See state.Checkpointer."""
        saved = self._checkpoint.phases.get(phase)
        if saved is None:
            return 0
        state.load_state_dict(saved.tensors)
        return saved.epochs

    def save(self, phase: str, number: int, count: int, state: TrainingState) -> None:
        """See state.Checkpointer."""
        is_time = time.perf_counter() - self._written >= INTERVAL
        if number == count:
            self._checkpoint.phases[phase] = PhaseCheckpoint(number, state.outcome())
            if is_time:
                self._write()
        elif is_time:
            self._write(**{phase: PhaseCheckpoint(number, state.state_dict())})

    def _write(self, **phases: PhaseCheckpoint) -> None:
        self._settle()
        self._checkpoint.history = list(self._recorder.rows)
        self._checkpoint.write(**phases)
        self._written = self._since = time.perf_counter()  # writing doesn't count

    def _settle(self) -> None:
        """Update the cost."""
        if not self._part:
            return
        now, rows = time.perf_counter(), len(self._recorder.rows)
        seconds = self.cost.seconds
        seconds[self._part] = seconds.get(self._part, 0.0) + now - self._since
        if self._part == "find":
            self.cost.find_epochs += rows - self._rows
            self.cost.costs_teacher = self._teacher.was_used
        self._since, self._rows = now, rows
