"""The dense baseline of a run, and its outputs for methods and distillation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from glt_cli.models.backbone import Backbone
from glt_cli.training.batches import Batches
from glt_cli.training.tasks import Task


@dataclass(frozen=True)
class DenseModel:
    """The trained dense model that a ticket is compared with.

    Attributes:
        val: Its validation score, as a fraction.
        test: Its test score.
        second_test: Its test score by the task's second metric, if there is one.
        late_val: Mean validation score of its last epochs; None if an older run didn't record it.
        seconds: Wall time of its training.
        reused: Whether an earlier run trained it.
        model: Builds it with its trained parameters.
    """

    val: float
    test: float
    second_test: float | None
    late_val: float | None
    seconds: float
    reused: bool
    model: Callable[[], Backbone]


class Teacher:
    """Outputs of the dense model on all nodes.

    Attributes:
        was_used: Whether a search has used the outputs, so that the dense training counts towards
            find time (docs/method.md).
    """

    def __init__(self, dense: DenseModel | None, task: Task) -> None:
        self.was_used = False
        self._dense, self._task = dense, task

    @property
    def seconds(self) -> float:
        """Wall time of the dense training."""
        return self._dense.seconds if self._dense else 0.0

    def for_search(self) -> Tensor:
        """Return the outputs to a method, and count the dense training towards find time."""
        self.was_used = True
        return self.outputs

    def model_for_search(self) -> Backbone:
        """Give the dense model to a method that looks for masks."""
        self.was_used = True
        return self.model

    @cached_property
    def model(self) -> Backbone:
        """The dense model on the task's device, in evaluation mode; its parameters are fixed."""
        assert self._dense is not None, "a dense run has no teacher"
        model = self._dense.model().to(self._task.graph.device).eval()
        return model.requires_grad_(False)

    @cached_property
    def outputs(self) -> Tensor:
        """Outputs on all nodes of the full graph, [N, outputs]."""
        graph, model = self._task.graph, self.model
        batches = Batches(self._task, graph, model.reach)
        with torch.no_grad():
            outputs: Tensor = model(*batches["all"].inputs(graph.ones()))
        return outputs
