"""What a search remembers across an interruption, kept in the run's checkpoint."""

from __future__ import annotations

import time

from glt_cli.checkpoint import Checkpoint
from glt_cli.pruning.masks import Masks, clone
from glt_cli.teacher import Teacher
from glt_cli.watcher import Watcher


class RunMemory:
    """Keeps each finished stage with the history, the epochs and the time that it took.

    Attributes:
        checkpoint: On disk.
    """

    def __init__(self, checkpoint: Checkpoint, watcher: Watcher, teacher: Teacher) -> None:
        self.checkpoint = checkpoint
        self._watcher, self._teacher = watcher, teacher
        watcher.rows.extend(checkpoint.history)
        if checkpoint.stages:
            watcher.note(f"goes on after {', '.join(checkpoint.stages)}")
        if checkpoint.costs_teacher:
            teacher.was_asked = True
        self._began = time.perf_counter() - checkpoint.seconds

    @property
    def seconds(self) -> float:
        """Wall time of the search so far, before the interruption too."""
        return time.perf_counter() - self._began

    def recall(self, stage: str) -> Masks | None:
        """See search.Memory."""
        return self.checkpoint.stages.get(stage)

    def keep(self, stage: str, masks: Masks, epochs_spent: int) -> None:
        """See search.Memory."""
        self.checkpoint.stages[stage] = clone(masks)
        self.checkpoint.history = list(self._watcher.rows)
        self.checkpoint.epochs, self.checkpoint.seconds = epochs_spent, self.seconds
        self.checkpoint.costs_teacher = self._teacher.was_asked
        self.checkpoint.write()
