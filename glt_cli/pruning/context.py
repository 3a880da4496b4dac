"""What a method is given to find masks with, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from glt_cli.config import TrainerConfig
from glt_cli.models.backbone import Backbone
from glt_cli.models.graph import Graph
from glt_cli.pruning.masks import EDGE, Masks, Targets
from glt_cli.pruning.retrain import Constraint
from glt_cli.training.batches import Batch, Batches
from glt_cli.training.loop import (
    Distillation,
    Epoch,
    Observer,
    State,
    epochs,
    seed_stage,
    stage_generator,
)
from glt_cli.training.state import Checkpointer, Stateful
from glt_cli.training.tasks import Task


@dataclass(frozen=True)
class PruningRound:
    """Masks on the way to the target, such as those of an IMP round."""

    number: int
    masks: Masks

    @property
    def phase(self) -> str:
        """What its retraining is called."""
        return f"retrain {self.number}"


@dataclass(frozen=True)
class SearchResult:
    """What a method found.

    Attributes:
        masks: At the target sparsities.
        rounds: Masks of the rounds before, sparser and sparser.
        retrain_rounds: Whether each of them is to be retrained and scored.
        constraint: What keeps weights sparse while the ticket is trained; None for the masks.
        distill: λ with which the method's own retraining learns from the dense model.
    """

    masks: Masks
    rounds: list[PruningRound] = field(default_factory=list)
    retrain_rounds: bool = False
    constraint: Constraint | None = None
    distill: float = 0.0


class StageCheckpointer(Checkpointer, Protocol):
    """Keeps the masks of finished stages too, so that an interrupted run can go on."""

    def load_stage(self, stage: str) -> Masks | None:
        """Give the masks of a stage that was finished before."""

    def save_stage(self, stage: str, masks: Masks) -> None:
        """Keep the masks of a stage that is finished now."""


def _no_dense_model() -> Backbone:
    raise ValueError("this search has no dense model")


@dataclass
class PruningContext:
    """What a method works with: data, Θ₀, targets, and the observer of its progress.

    Attributes:
        task: Data, loss and score; methods look at validation only.
        model: A backbone to train; its parameters are overwritten.
        init: Θ₀.
        targets: Sparsities to reach.
        trainer: Learning rate and decay of weights.
        seed: Of everything random.
        observer: Told of each epoch.
        teacher: Gives the dense model's outputs on all nodes, [N, outputs]. Once a method has
            asked for them, the dense training counts towards find time.
        checkpointer: Keeps finished stages and the state of the current one.
        dense_model: Gives the dense model itself, fixed and in evaluation mode; it counts
            towards find time likewise.
        kept: Edges that are there, bool [E]; None for all of them.
    """

    task: Task
    model: Backbone
    init: State
    targets: Targets
    trainer: TrainerConfig
    seed: int
    observer: Observer
    teacher: Callable[[], Tensor]
    checkpointer: StageCheckpointer | None = None
    dense_model: Callable[[], Backbone] = _no_dense_model
    kept: Tensor | None = None

    def on(self, kept: Tensor) -> PruningContext:
        """The same setting on the physically smaller graph of some edges (bool [E])."""
        return replace(self, kept=kept)

    @cached_property
    def graph(self) -> Graph:
        """The graph that is trained on."""
        return self.task.graph if self.kept is None else self.task.graph.keep(self.kept)

    def stage(self, name: str, find: Callable[[], Masks]) -> Masks:
        """Find masks, or take those that the same stage had found before it was interrupted.

        A stage seeds itself and begins at Θ₀: nothing but its masks reaches the next.
        """
        if self.checkpointer is None:
            return find()
        masks = self.checkpointer.load_stage(name)
        if masks is None:
            masks = find()
            self.checkpointer.save_stage(name, masks)
        device = self.task.graph.edge_index.device
        return {key: mask.to(device) for key, mask in masks.items()}

    @cached_property
    def batches(self) -> Batches:
        """What the predictions of each split take in, on the whole graph."""
        return Batches(self.task, self.graph, self.model.reach, self.trainer.partitions)

    @cached_property
    def agreement(self) -> Tensor:
        """How far the dense model's predictions for the ends of each edge agree, [E] in [0, 1]."""
        return self.task.agreement(self.teacher())

    def seed_stage(self, stage: str) -> None:
        """Seed torch's own random numbers, such as dropout's, for a stage that begins."""
        seed_stage(self.seed, stage)

    def generator(self, stage: str) -> torch.Generator:
        """Make a generator for a stage's draws; torch's own random numbers stay as they are."""
        return stage_generator(self.seed, stage)

    def rewind(self) -> None:
        """Set the model back to Θ₀."""
        self.model.load_state_dict(self.init)

    def tensors(self) -> dict[str, Tensor]:
        """What is pruned, by name, with the shapes of the masks: edges first, then weights."""
        weights = {name: p.detach() for name, p in self.model.prunable().items()}
        return {EDGE: self.task.graph.ones(), **weights}

    def epochs(
        self,
        phase: str,
        count: int,
        optimiser: torch.optim.Optimizer,
        outputs: Callable[[Batch], Tensor],
        sparsities: Callable[[], tuple[float, float]],
        after_backward: Callable[[], None] | None = None,
        after_step: Callable[[], None] | None = None,
        carried: dict[str, Stateful] | None = None,
        distillation: Distillation | None = None,
    ) -> Iterator[Epoch]:
        """Train as `loop.epochs` does; count the epochs and tell the observer."""
        if count == 0:
            return
        self.observer.begin(phase, count)
        for epoch in epochs(
            phase,
            count,
            self.batches,
            self.model,
            optimiser,
            outputs,
            after_backward,
            after_step,
            distillation,
            checkpointer=self.checkpointer,
            carried=carried,
        ):
            self.observer.epoch(epoch, *sparsities())
            yield epoch
