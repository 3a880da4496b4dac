"""The dense baseline of a run as the teacher of its methods and of its retraining."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record
from glt_cli.experiment.ticket import read_ticket
from glt_cli.training.batches import Batches
from glt_cli.training.tasks import Task


class DenseRun(Protocol):
    """A finished run of method `dense`."""

    @property
    def record(self) -> Record:
        """Its record."""

    @property
    def folder(self) -> RunFolder:
        """Its folder, with the ticket of the dense model."""


class Teacher:
    """Outputs of the dense model, read back from the baseline's own ticket.

    Attributes:
        was_asked: Whether a search has used the outputs: then the dense training is part of what
            finding the ticket cost (docs/method.md).
    """

    def __init__(self, dense: DenseRun | None, task: Task) -> None:
        self.was_used = False
        self._dense, self._task = dense, task

    @property
    def seconds(self) -> float:
        """Wall time of the dense training."""
        return (self._dense.record.dense_seconds if self._dense else None) or 0.0

    def for_search(self) -> Tensor:
        """Give the outputs to a method that looks for masks."""
        self.was_used = True
        return self.outputs

    @cached_property
    def outputs(self) -> Tensor:
        """Outputs on all nodes of the full graph, [N, outputs]."""
        assert self._dense is not None, "a dense run has no teacher"
        graph = self._task.graph
        model = read_ticket(self._dense.folder).model().to(graph.edge_index.device)
        batches = Batches(self._task, graph, model.reach)
        with torch.no_grad():
            outputs: Tensor = model(*batches["all"].inputs(graph.ones()))
        return outputs
