"""The input and the result of a method: `PruningContext` and `SearchResult`."""

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
    """Intermediate masks, such as those of an IMP round."""

    number: int
    masks: Masks

    @property
    def phase(self) -> str:
        """Name of the phase that retrains it."""
        return f"retrain {self.number}"


@dataclass(frozen=True)
class SearchResult:
    """The masks that a method found.

    Attributes:
        masks: Masks at the target sparsities.
        rounds: Masks of earlier rounds, in order of increasing sparsity.
        retrain_rounds: Whether each of them is retrained and scored too.
        constraint: Keeps weights sparse during retraining; None to apply `masks`.
        distill: λ of distillation from the dense model in retraining, if the method uses it.
        search_distill: λ of distillation from the dense model in the search alone.
        edge_weight: w, what each kept edge weighs in the ticket, against 1 of a self-loop.
    """

    masks: Masks
    rounds: list[PruningRound] = field(default_factory=list)
    retrain_rounds: bool = False
    constraint: Constraint | None = None
    distill: float = 0.0
    search_distill: float = 0.0
    edge_weight: float = 1.0

    def with_edges(self, edges: Tensor) -> SearchResult:
        """The result of a search on the graph of some edges (bool [E]), for the whole graph."""
        rounds = [replace(each, masks={**each.masks, EDGE: edges}) for each in self.rounds]
        return replace(self, masks={**self.masks, EDGE: edges}, rounds=rounds)


class StageCheckpointer(Checkpointer, Protocol):
    """A checkpointer that also saves the masks of finished stages."""

    def load_stage(self, stage: str) -> Masks | None:
        """Return the masks of a stage if it was finished before the interruption."""

    def save_stage(self, stage: str, masks: Masks) -> None:
        """Save the masks of a stage that is finished now."""


def _no_dense_model() -> Backbone:
    raise ValueError("this search has no dense model")


@dataclass
class PruningContext:
    """The input of a method: data, model, Θ₀, targets, and an observer of its progress.

    Attributes:
        task: Data, loss and score; methods use validation only.
        model: A backbone to train; its parameters are overwritten.
        init: The initial weights Θ₀.
        targets: Sparsities to reach.
        trainer: Learning rate and weight decay of the weights.
        seed: Seed of the run.
        observer: Receives each epoch.
        teacher: Returns the dense model's outputs on all nodes, [N, outputs]. Calling it counts
            the dense training towards find time.
        checkpointer: Saves finished stages and the state of the current one.
        dense_model: Returns the dense model itself, fixed and in evaluation mode. Calling it counts
            the dense training towards find time too.
        kept: The edges of the graph that is trained on, bool [E]; None for all of them.
        edge_weight: What each of these weighs, against 1 of a self-loop (`SearchResult`).
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
    edge_weight: float = 1.0

    def on(self, kept: Tensor, edge_weight: float = 1.0) -> PruningContext:
        """The same search for weights on the physically smaller graph of some edges (bool [E])."""
        targets = Targets(0.0, self.targets.weight_sparsity)
        return replace(self, kept=kept, edge_weight=edge_weight, targets=targets)

    @cached_property
    def graph(self) -> Graph:
        """The graph that is trained on."""
        graph = self.task.graph if self.kept is None else self.task.graph.keep(self.kept)
        return graph.scaled(self.edge_weight)

    def stage(self, name: str, find: Callable[[], Masks]) -> Masks:
        """Find masks, or return those that the stage found before an interruption.

        A stage seeds itself and starts from Θ₀, so that only its masks reach the next one.
        """
        if self.checkpointer is None:
            return find()
        masks = self.checkpointer.load_stage(name)
        if masks is None:
            masks = find()
            self.checkpointer.save_stage(name, masks)
        device = self.task.graph.device
        return {key: mask.to(device) for key, mask in masks.items()}

    @cached_property
    def batches(self) -> Batches:
        """The batches of the task on the graph that is trained on."""
        return Batches(self.task, self.graph, self.model.reach, self.trainer.partitions)

    @cached_property
    def agreement(self) -> Tensor:
        """How well the dense model's predictions for the ends of each edge agree, [E] in [0, 1]."""
        return self.task.agreement(self.teacher())

    def seed_stage(self, stage: str) -> None:
        """Seed torch's global generator, used by dropout, for a stage that begins."""
        seed_stage(self.seed, stage)

    def generator(self, stage: str) -> torch.Generator:
        """Make a seeded generator for a stage, without touching torch's global one."""
        return stage_generator(self.seed, stage)

    def rewind(self) -> None:
        """Reset the model to Θ₀."""
        self.model.load_state_dict(self.init)

    def tensors(self) -> dict[str, Tensor]:
        """The tensors that can be pruned, by name: edges (ones, [E]) first, then weights."""
        weights = {name: p.detach() for name, p in self.model.prunable().items()}
        return {EDGE: self.graph.ones(), **weights}

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
        validate_every: int = 1,
    ) -> Iterator[Epoch]:
        """Train as `loop.epochs` does, and pass each epoch to the observer."""
        if count == 0:
            return
        before = self.task.graph.num_edges
        left = self.graph.num_edges / before if before else 1.0
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
            validate_every=validate_every,
        ):
            graph, weight = sparsities()
            self.observer.epoch(epoch, 1 - (1 - graph) * left, weight)
            yield epoch
