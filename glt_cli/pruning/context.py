"""What a method is given to find masks with, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from glt_cli.config import TrainerConfig
from glt_cli.models.backbone import Backbone
from glt_cli.pruning.masks import EDGE, Masks, Targets
from glt_cli.pruning.retrain import Constraint
from glt_cli.training.batches import Batch, Batches
from glt_cli.training.loop import Epoch, Observer, State, epochs, seed_stage
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
        milestones: Masks of the rounds before, sparser and sparser.
        retrain_milestones: Whether each of them shall be retrained and scored.
        constraint: What keeps weights sparse while the ticket is trained; None for the masks.
        distill: λ with which the method's own retraining learns from the dense model.
    """

    masks: Masks
    rounds: list[PruningRound] = field(default_factory=list)
    retrain_rounds: bool = False
    constraint: Constraint | None = None
    distill: float = 0.0


class Memory(Checkpointer, Protocol):
    """Masks of finished stages, and how far the others have come, should the run be interrupted."""

    def recall(self, stage: str) -> Masks | None:
        """Give the masks of a stage that was finished before."""

    def keep(self, stage: str, masks: Masks) -> None:
        """Keep the masks of a stage that is finished now."""


@dataclass
class PruningContext:
    """The setting of a search: data, Θ₀, targets, and who is told of it.

    Attributes:
        task: Data, loss and score; methods look at validation only.
        model: A backbone to train; its parameters are overwritten.
        init: Θ₀.
        targets: Sparsities to reach.
        trainer: Learning rate and decay of weights.
        seed: Of everything random.
        observer: Told of each epoch.
        teacher: Gives the dense model's outputs on all nodes, [N, outputs]; whoever asks for them
            has the dense training on his bill.
        memory: What an interrupted run had found.
    """

    task: Task
    model: Backbone
    init: State
    targets: Targets
    trainer: TrainerConfig
    seed: int
    observer: Observer
    teacher: Callable[[], Tensor]
    memory: Memory | None = None

    def stage(self, name: str, find: Callable[[], Masks]) -> Masks:
        """Find masks, or take those that the same stage had found before it was interrupted.

        A stage seeds itself and begins at Θ₀: nothing but its masks reaches the next. Within a
        stage and in retraining, bookmarks tell how far a phase had come.
        """
        if self.memory is None:
            return find()
        masks = self.memory.recall(name)
        if masks is None:
            masks = find()
            self.memory.keep(name, masks)
        device = self.task.graph.edge_index.device
        return {key: mask.to(device) for key, mask in masks.items()}

    @cached_property
    def batches(self) -> Batches:
        """What the predictions of each split take in, on the whole graph."""
        return Batches(self.task, self.task.graph, self.model.reach, self.trainer.partitions)

    @cached_property
    def agreement(self) -> Tensor:
        """How far the dense model's predictions for the ends of each edge agree, [E] in [0, 1]."""
        return self.task.agreement(self.teacher())

    def generator(self, stage: str) -> torch.Generator:
        """Seed a stage."""
        return seed_stage(self.seed, stage)

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
            checkpointer=self.memory,
            carried=carried,
        ):
            self.observer.epoch(epoch, *sparsities())
            yield epoch
