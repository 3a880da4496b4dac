"""Weights and edge scores during a one-shot search: values, masks, optimiser moments."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from glt_cli.pruning.context import PruningContext
from glt_cli.pruning.masks import EDGE, Masks, clone, full, kept_counts, sparsities
from glt_cli.pruning.regularisers import diversity_gradient, variance_gradient
from glt_cli.pruning.select import tie_key
from glt_cli.training.batches import Batch
from glt_cli.training.loop import Epoch, adam
from glt_cli.training.state import Stateful, part, prefixed


class SparseParameters:
    """Weights and edge scores during a one-shot search; pruned ones are exactly 0.

    The edge scores a are used as edge values m, so that the gradient of the task loss is also
    known for pruned elements, which don't change.

    Attributes:
        values: The tensors that are pruned, by name: the model's parameters, and a [E] under
            `EDGE`.
        masks: True where kept.
        first: The first masks.
        counts: Number of kept elements of each tensor.
        kept: Flat indices of the kept elements of each tensor, in random order.
        pruned: Flat indices of the others.
        gradients: Gradients of the task loss in the last epoch, pruned elements included, for
            tensors with a target above 0.
    """

    def __init__(
        self, context: PruningContext, edge_lr: float, diversity: float, variance: float
    ) -> None:
        self.context = context
        self.diversity = diversity
        self.variance = variance
        self.l1 = 0.0
        scores = nn.Parameter(context.graph.ones())
        self.values: dict[str, nn.Parameter] = {EDGE: scores, **context.model.prunable()}
        self.masks = full(dict(self.values))
        self.first: Masks = {}
        self.counts = {name: mask.numel() for name, mask in self.masks.items()}
        self.kept: dict[str, Tensor] = {}
        self.pruned: dict[str, Tensor] = {}
        trainer = context.trainer
        weights = {"params": context.model.parameters(), "lr": trainer.lr}
        groups: list[dict[str, object]] = [{**weights, "weight_decay": trainer.weight_decay}]
        self.scores_are_trained = context.targets.graph_sparsity > 0
        if self.scores_are_trained:
            groups.append({"params": [scores], "lr": edge_lr, "weight_decay": 0.0})
        else:
            scores.requires_grad_(False)
        self.optimiser = adam(groups)
        self.gradients: dict[str, Tensor] = {}

    def train(self, phase: str, count: int, **carried: Stateful) -> Iterator[Epoch]:
        """Train the kept elements and yield after each epoch.

        Args:
            phase: Name of the phase.
            count: Number of epochs.
            carried: Further state of the loop body, saved in checkpoints.
        """
        return self.context.epochs(
            phase,
            count,
            self.optimiser,
            self._outputs,
            self.sparsities,
            after_backward=self._after_backward,
            after_step=self._project,
            carried={"elements": self, **carried},
        )

    def prune(self, masks: Masks, generator: torch.Generator) -> None:
        """Apply masks: removed elements and their optimiser moments become 0.

        The generator draws the order that breaks ties in later exchanges.
        """
        self.masks, self.counts = clone(masks), kept_counts(masks)
        self.first = clone(masks)
        for name, mask in masks.items():
            key = tie_key(mask, generator)
            kept = mask.flatten()[key]
            self.kept[name], self.pruned[name] = key[kept], key[~kept]
            for tensor in self._with_moments(name):
                tensor.masked_fill_(~mask, 0)

    def exchange(self, name: str, leaving: Tensor, entering: Tensor) -> None:
        """Exchange elements, given by indices into `kept` and `pruned`; more may leave than enter.

        A weight enters as 0, an edge with the mean of the kept scores; both without moments.
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

    def moved(self) -> dict[str, int]:
        """Number of kept elements of each tensor that the first masks did not keep."""
        counts = [(mask & ~self.first[name]).sum() for name, mask in self.masks.items()]
        return dict(zip(self.masks, torch.stack(counts).tolist(), strict=True))

    def state_dict(self) -> dict[str, Tensor]:
        """See state.Stateful; values and moments are saved with the optimiser."""
        state = prefixed("mask.", self.masks) | prefixed("first.", self.first)
        state |= prefixed("kept.", self.kept) | prefixed("pruned.", self.pruned)
        return state if self.scores_are_trained else {**state, "scores": self.values[EDGE].data}

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """See state.Stateful."""
        self.masks, self.first = part(tensors, "mask."), part(tensors, "first.")
        self.kept, self.pruned = part(tensors, "kept."), part(tensors, "pruned.")
        self.counts = kept_counts(self.masks)
        if "scores" in tensors:
            self.values[EDGE].data.copy_(tensors["scores"])

    def sparsities(self) -> tuple[float, float]:
        """Current graph and weight sparsity, without synchronising with the device."""
        return sparsities(self.masks, self.counts)

    def _outputs(self, batch: Batch) -> Tensor:
        result: Tensor = self.context.model(*batch.inputs(self.values[EDGE]))
        return result

    def _after_backward(self) -> None:
        self.gradients = {}
        for name, value in self.values.items():
            if value.grad is not None and self.context.targets.of(name) > 0:
                self.gradients[name] = value.grad
                value.grad = value.grad * self.masks[name]
        if self.scores_are_trained:
            self._regularise()

    def _regularise(self) -> None:
        """Add the gradients of the edge-score regularisers; pruned edges have score 0."""
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
        """Clamp edge scores to [0, ∞)."""
        self.values[EDGE].data.clamp_(min=0)

    def _with_moments(self, name: str) -> list[Tensor]:
        """Values of a tensor and their Adam moments, if there are any yet."""
        value = self.values[name]
        state = self.optimiser.state.get(value, {})
        return [value.data, *(state[key] for key in ("exp_avg", "exp_avg_sq") if key in state)]
