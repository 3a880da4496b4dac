"""Training a ticket: from Θ₀, with pruned edges absent and pruned weights zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from glt_cli.config import TrainerConfig
from glt_cli.models.backbone import Backbone
from glt_cli.pruning.masks import EDGE, Masks, clone
from glt_cli.training.batches import Batch, Batches
from glt_cli.training.loop import (
    Best,
    Distillation,
    Epoch,
    State,
    adam,
    epochs,
    seed_stage,
    snapshot,
    test_scores,
)
from glt_cli.training.state import Checkpointer, part, prefixed
from glt_cli.training.tasks import Task


class Constraint(Protocol):
    """What keeps weights sparse while a ticket is trained."""

    masks: Masks

    def begin(self, prunable: dict[str, nn.Parameter]) -> None:
        """Set the pruned weights to 0."""

    def after_backward(self) -> None:
        """Mend fresh gradients."""

    def after_step(self) -> None:
        """Mend the weights after a step."""


class FixedMasks:
    """Weights under binary masks: what is pruned is 0 and stays 0."""

    def __init__(self, masks: Masks) -> None:
        self.masks = masks
        self._gone: list[tuple[nn.Parameter, Tensor]] = []

    def begin(self, prunable: dict[str, nn.Parameter]) -> None:
        """See Constraint."""
        self._gone = [
            (weight, ~self.masks[name])
            for name, weight in prunable.items()
            if not bool(self.masks[name].all())
        ]
        for weight, gone in self._gone:
            weight.data.masked_fill_(gone, 0)

    def after_backward(self) -> None:
        """A weight that is 0 and has no gradient and no moments stays exactly 0 under Adam."""
        for weight, gone in self._gone:
            assert weight.grad is not None
            weight.grad.masked_fill_(gone, 0)

    def after_step(self) -> None:
        """See Constraint: nothing is left to do."""


@dataclass(frozen=True)
class Trained:
    """A trained model at its best validation epoch.

    Attributes:
        state: Parameters, pruned weights exactly 0.
        masks: Masks of that epoch.
        val: Validation score of that epoch.
        test: Test score of that epoch, read once.
        epoch: Its number.
        second: Test score by the task's second metric, if it has one.
    """

    state: State
    masks: Masks
    val: float
    test: float
    epoch: int
    second: float | None = None


def retrain(
    task: Task,
    model: Backbone,
    init: State,
    constraint: Constraint,
    trainer: TrainerConfig,
    seed: int,
    observe: Callable[[Epoch], None],
    phase: str = "retrain",
    distillation: Distillation | None = None,
    checkpointer: Checkpointer | None = None,
) -> Trained:
    """Train from Θ₀ under a constraint, edges and weights really gone; keep the best epoch.

    With full masks this is dense training, by the same random numbers.

    Args:
        task: Data, loss and score.
        model: Its parameters are overwritten.
        init: Θ₀.
        constraint: Which edges are there, and what keeps weights sparse.
        trainer: Epochs, rate and decay.
        seed: Of dropout.
        observe: Told of each epoch.
        phase: For messages.
        distillation: Distillation, if any.
        checkpointer: Where an interrupted run had come to.
    """
    seed_stage(seed, "retrain")
    graph = task.graph.keep(constraint.masks[EDGE])
    ones = graph.ones()
    model.load_state_dict(init)
    constraint.begin(model.prunable())
    optimiser = adam(
        [{"params": model.parameters(), "lr": trainer.lr, "weight_decay": trainer.weight_decay}]
    )
    batches = Batches(task, graph, model.reach, trainer.partitions)

    def outputs(batch: Batch) -> Tensor:
        result: Tensor = model(*batch.inputs(ones))
        return result

    def now() -> dict[str, Tensor]:
        return prefixed("state.", snapshot(model)) | prefixed("mask.", clone(constraint.masks))

    best = Best()
    for epoch in epochs(
        phase,
        trainer.epochs,
        batches,
        model,
        optimiser,
        outputs,
        constraint.after_backward,
        constraint.after_step,
        distillation,
        checkpointer,
        {"best": best},
    ):
        observe(epoch)
        best.offer(epoch, now)
    assert best.number
    state, masks = part(best.tensors, "state."), part(best.tensors, "mask.")
    model.load_state_dict(state)
    test, second = test_scores(model, batches, ones)
    return Trained(state, masks, best.val, test, best.number, second)
