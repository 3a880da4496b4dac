"""What a method is given to find masks with, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor, nn

from glt_cli.backbones.base import Backbone
from glt_cli.config import TrainerConfig
from glt_cli.pruning.masks import EDGE, Masks, Targets, clone, full, kept_counts, sparsities
from glt_cli.pruning.regularisers import diversity_gradient, variance_gradient
from glt_cli.pruning.select import tie_key
from glt_cli.tasks import NodeClassification
from glt_cli.training import Epoch, Observer, State, Views, adam, epochs, seed_stage


@dataclass(frozen=True)
class Milestone:
    """Masks on the way to the target, such as those of an IMP round."""

    number: int
    masks: Masks


@dataclass(frozen=True)
class Found:
    """What a method found.

    Attributes:
        masks: At the target sparsities.
        milestones: Masks of the rounds before, sparser and sparser.
        retrain_milestones: Whether each of them shall be retrained and scored.
    """

    masks: Masks
    milestones: list[Milestone] = field(default_factory=list)
    retrain_milestones: bool = False


@dataclass
class Search:
    """The setting of a search: data, Θ₀, targets, and a counter of epochs spent.

    Attributes:
        task: Data, loss and score; methods look at validation only.
        model: A backbone to train; its parameters are overwritten.
        init: Θ₀.
        targets: Sparsities to reach.
        trainer: Learning rate and decay of weights.
        seed: Of everything random.
        observer: Told of each epoch.
    """

    task: NodeClassification
    model: Backbone
    init: State
    targets: Targets
    trainer: TrainerConfig
    seed: int
    observer: Observer
    epochs_spent: int = 0

    @cached_property
    def views(self) -> Views:
        """What the predictions of each split take in, on the whole graph."""
        return Views(self.task, self.task.graph, len(self.model.layers))

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
        outputs: Callable[[str], Tensor],
        sparsities: Callable[[], tuple[float, float]],
        after_backward: Callable[[], None] | None = None,
        after_step: Callable[[], None] | None = None,
    ) -> Iterator[Epoch]:
        """Train as `training.epochs` does; count the epochs and tell the observer."""
        if count == 0:
            return
        self.observer.begin(phase, count)
        for epoch in epochs(
            phase, count, self.task, self.model, optimiser, outputs, after_backward, after_step
        ):
            self.epochs_spent += 1
            self.observer.epoch(epoch, *sparsities())
            yield epoch


class Elements:
    """Weights and edge scores under one-shot search: pruned ones are exactly 0.

    Edge scores a play the part of the edge values m, weights that of the model's parameters, so
    the gradient of the task loss reaches pruned elements too, while they stay where they are.

    Attributes:
        values: What is pruned, by name: the model's own parameters, and a [E] under `EDGE`.
        masks: True where kept.
        counts: How many are kept of each tensor.
        kept: Flat indices of the kept elements of each tensor, in random order.
        pruned: Flat indices of the others.
        gradients: Gradients of the task loss alone, dense, of the last epoch; only of tensors
            that are to be pruned.
    """

    def __init__(self, search: Search, edge_lr: float, diversity: float, variance: float) -> None:
        self.search = search
        self.diversity = diversity
        self.variance = variance
        self.l1 = 0.0
        scores = nn.Parameter(search.task.graph.ones())
        self.values: dict[str, nn.Parameter] = {EDGE: scores, **search.model.prunable()}
        self.masks = full(dict(self.values))
        self.counts = {name: mask.numel() for name, mask in self.masks.items()}
        self.kept: dict[str, Tensor] = {}
        self.pruned: dict[str, Tensor] = {}
        trainer = search.trainer
        weights = {"params": search.model.parameters(), "lr": trainer.lr}
        groups: list[dict[str, object]] = [{**weights, "weight_decay": trainer.weight_decay}]
        self.scores_are_trained = search.targets.graph > 0
        if self.scores_are_trained:
            groups.append({"params": [scores], "lr": edge_lr, "weight_decay": 0.0})
        else:
            scores.requires_grad_(False)
        self.optimiser = adam(groups)
        self.gradients: dict[str, Tensor] = {}

    def train(self, phase: str, count: int) -> Iterator[Epoch]:
        """Train the kept elements; yields after each epoch."""
        return self.search.epochs(
            phase,
            count,
            self.optimiser,
            self._outputs,
            self.sparsities,
            after_backward=self._after_backward,
            after_step=self._project,
        )

    def prune(self, masks: Masks, generator: torch.Generator) -> None:
        """Put the masks in force: what they remove becomes 0 and forgets its moments.

        The generator draws the order in which ties of later exchanges are decided.
        """
        self.masks, self.counts = clone(masks), kept_counts(masks)
        for name, mask in masks.items():
            key = tie_key(mask, generator)
            kept = mask.flatten()[key]
            self.kept[name], self.pruned[name] = key[kept], key[~kept]
            for tensor in self._with_moments(name):
                tensor.masked_fill_(~mask, 0)

    def swap(self, name: str, leaving: Tensor, entering: Tensor) -> None:
        """Exchange elements, by their places in `kept` and `pruned`; more may leave than enter.

        A weight enters at 0, an edge at the mean of the kept scores; both without moments.
        """
        kept, pruned = self.kept[name], self.pruned[name]
        out, back = kept[leaving], pruned[entering]
        value = self.values[name].data
        start = value.sum() / self.counts[name] if name == EDGE else 0.0
        mask = self.masks[name].view(-1)
        mask[out] = False
        mask[back] = True
        for tensor in self._with_moments(name):
            tensor.view(-1)[out] = 0
            tensor.view(-1)[back] = 0
        value.view(-1)[back] = start

        count = entering.numel()
        kept[leaving[:count]] = back
        pruned[entering] = out[:count]
        if leaving.numel() > count:  # a warm-up's removals
            stays = torch.ones_like(kept, dtype=torch.bool)
            stays[leaving[count:]] = False
            self.kept[name] = kept[stays]
            self.pruned[name] = torch.cat([pruned, out[count:]])
            self.counts[name] = self.kept[name].numel()

    def sparsities(self) -> tuple[float, float]:
        """Graph and weight sparsity now, without asking the device."""
        return sparsities(self.masks, self.counts)

    def _outputs(self, split: str) -> Tensor:
        result: Tensor = self.search.model(*self.search.views[split], self.values[EDGE])
        return result

    def _after_backward(self) -> None:
        self.gradients = {}
        for name, value in self.values.items():
            if value.grad is not None and self.search.targets.of(name) > 0:
                self.gradients[name] = value.grad
                value.grad = value.grad * self.masks[name]
        if self.scores_are_trained:
            self._regularise()

    def _regularise(self) -> None:
        """Add the gradients of the edge-score regularisers, pruned edges counting as 0."""
        scores = self.values[EDGE].detach()
        extra = torch.zeros_like(scores)
        if self.diversity:
            extra += self.diversity * diversity_gradient(scores)
        if self.variance:
            extra += self.variance * variance_gradient(scores)
        if self.l1:
            extra += self.l1 * scores.sign()
        grad = self.values[EDGE].grad
        assert grad is not None
        grad += extra * self.masks[EDGE]

    def _project(self) -> None:
        """Edge values live in [0, ∞)."""
        self.values[EDGE].data.clamp_(min=0)

    def _with_moments(self, name: str) -> list[Tensor]:
        """Values of a tensor, and Adam's moments of them where there are any yet."""
        value = self.values[name]
        state = self.optimiser.state.get(value, {})
        return [value.data, *(state[key] for key in ("exp_avg", "exp_avg_sq") if key in state)]
