"""Train a ticket from Θ₀, with pruned edges absent and pruned weights zero."""

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
    """Keeps weights sparse while a ticket is trained."""

    masks: Masks

    def begin(self, prunable: dict[str, nn.Parameter]) -> None:
        """Set the pruned weights to 0."""

    def after_backward(self) -> None:
        """Correct fresh gradients."""

    def after_step(self) -> None:
        """Correct the weights after a step."""


class FixedMasks:
    """Constraint by fixed binary masks: pruned weights are 0 and stay 0."""

    def __init__(self, masks: Masks) -> None:
        self.masks = masks
        self._pruned: list[tuple[nn.Parameter, Tensor]] = []

    def begin(self, prunable: dict[str, nn.Parameter]) -> None:
        """See Constraint."""
        self._pruned = [
            (weight, ~self.masks[name])
            for name, weight in prunable.items()
            if not bool(self.masks[name].all())
        ]
        for weight, pruned in self._pruned:
            weight.data.masked_fill_(pruned, 0)

    def after_backward(self) -> None:
        """A weight that is 0 and has no gradient and no moments stays exactly 0 under Adam."""
        for weight, pruned in self._pruned:
            assert weight.grad is not None
            weight.grad.masked_fill_(pruned, 0)

    def after_step(self) -> None:
        """See Constraint: nothing to do."""


@dataclass(frozen=True)
class Trained:
    """A trained model at its best validation epoch.

    Attributes:
        state: Parameters, pruned weights exactly 0.
        masks: Masks of that epoch.
        val: Validation score of that epoch.
        test: Test score of that epoch, computed once.
        epoch: Number of that epoch.
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
    edge_weight: float = 1.0,
) -> Trained:
    """Train from Θ₀ with pruned edges and weights removed, and keep the best validation epoch.

    With full masks this is dense training, with the same random numbers.

    Args:
        task: Data, loss and score.
        model: Its parameters are overwritten.
        init: Θ₀.
        constraint: Masks of the edges, and what keeps weights sparse.
        trainer: Epochs, learning rate and weight decay.
        seed: Seed of dropout.
        observe: Called after each epoch.
        phase: Name of the phase, for messages and checkpoints.
        distillation: Distillation, if any.
        checkpointer: Restores an interrupted phase.
        edge_weight: w, what each kept edge weighs, against 1 of a self-loop.
    """
    seed_stage(seed, "retrain")
    graph = task.graph.keep(constraint.masks[EDGE]).scaled(edge_weight)
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
