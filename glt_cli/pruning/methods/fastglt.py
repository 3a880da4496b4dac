"""FastGLT: one-shot pruning, then gradual denoising (arXiv 2412.07605)."""

from __future__ import annotations

import torch
from torch import Tensor

from glt_cli.config.methods import FastGLTConfig
from glt_cli.pruning.context import Found, Search
from glt_cli.pruning.exchange import choose
from glt_cli.pruning.masks import (
    EDGE,
    Masks,
    clone,
    kept_counts,
    kept_shares,
    masks_of_largest,
    random_masks,
)
from glt_cli.pruning.methods.oneshot import by_magnitude, pretrain
from glt_cli.pruning.schedules import SCHEDULES, exchange_count, warmup_factor
from glt_cli.pruning.scores import EdgeEvidence, edge_potential, edge_worth, weight_potential
from glt_cli.pruning.sparse_parameters import Elements
from glt_cli.training.loop import Best
from glt_cli.training.state import part, prefixed


def find(search: Search, config: FastGLTConfig) -> Found:
    """Pre-train, prune in one shot, denoise, and select by validation."""
    return Found(search.stage("denoise", lambda: _denoised(search, config)))


def _denoised(search: Search, config: FastGLTConfig) -> Masks:
    elements = pretrain(search, config)
    elements.prune(_first_masks(search, config, elements), search.generator("denoise"))
    elements.l1 = config.l1
    if not config.epochs:
        return elements.masks

    gradients, best = MeanGradients(elements), Best()
    for epoch in elements.train("denoise", config.epochs, gradients=gradients, best=best):
        exchanges, before = divmod(epoch.number - 1, config.interval)
        if exchanges >= config.warmup_exchanges:  # at the targets
            best.offer(epoch, lambda: clone(elements.masks))

        since = before + 1  # epochs since the last exchange
        if since > config.interval - config.grad_epochs:
            gradients.add()
        if since == config.interval and epoch.number < config.epochs:
            removals = _warmup_removals(search, config, elements, exchanges + 1)
            fraction = SCHEDULES[config.schedule](config.alpha, epoch.number, config.epochs)
            _exchange(search, config, elements, gradients.take(), removals, fraction)
    return best.tensors


class MeanGradients:
    """Mean dense gradient of each tensor over the gradient epochs since the last exchange."""

    def __init__(self, elements: Elements) -> None:
        self.elements = elements
        self.sums: dict[str, Tensor] = {}
        self.count = 0

    def add(self) -> None:
        """Take in the last epoch's gradients."""
        for name, gradient in self.elements.gradients.items():
            self.sums[name] = self.sums[name] + gradient if name in self.sums else gradient
        self.count += 1

    def take(self) -> dict[str, Tensor]:
        """Return the means and begin anew."""
        means = {name: total / self.count for name, total in self.sums.items()}
        self.sums, self.count = {}, 0
        return means

    def carry(self) -> dict[str, Tensor]:
        """See bookmarks.Carried."""
        return {"count": torch.tensor(self.count), **prefixed("sum.", self.sums)}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """See bookmarks.Carried."""
        self.sums, self.count = part(tensors, "sum."), int(tensors["count"])


def _first_masks(search: Search, config: FastGLTConfig, elements: Elements) -> Masks:
    """Step 2, at β times the target where a warm-up follows."""
    targets = search.targets.scaled(warmup_factor(config.warmup_start, 0, config.warmup_exchanges))
    if config.initial_mask == "random":
        generator = search.generator("one-shot")
        return random_masks(search.tensors(), targets, config.allocation, generator)
    return by_magnitude(search, elements, targets, config.allocation)


def _warmup_removals(
    search: Search, config: FastGLTConfig, elements: Elements, exchange: int
) -> dict[str, int]:
    """Step 4: how many more of each tensor this exchange removes, on the way to the target."""
    if exchange > config.warmup_exchanges:
        return {}
    factor = warmup_factor(config.warmup_start, exchange, config.warmup_exchanges)
    worth = {
        name: value.detach().abs().masked_fill(~elements.masks[name], -1)
        for name, value in elements.values.items()
    }
    generator = search.generator(f"warm-up {exchange}")
    smaller = masks_of_largest(worth, search.targets.scaled(factor), config.allocation, generator)
    return {name: elements.counts[name] - kept for name, kept in kept_counts(smaller).items()}


def _exchange(
    search: Search,
    config: FastGLTConfig,
    elements: Elements,
    gradients: dict[str, Tensor],
    removals: dict[str, int],
    fraction: float,
) -> None:
    """Step 3: in each tensor noisy elements leave and what was pruned before may enter."""
    entered: dict[str, int] = {}
    for name, gradient in gradients.items():
        mask = elements.masks[name]
        kept, pruned = elements.kept[name], elements.pruned[name]
        removed = removals.get(name, 0)
        enter = exchange_count(fraction, kept.numel() - removed, pruned.numel())
        magnitude = elements.values[name].detach().abs()
        if name == EDGE:
            evidence = EdgeEvidence(
                magnitude, gradient, search.task.graph, mask, lambda: search.agreement
            )
            worth = edge_worth(evidence, config.edge_noise, config.mixing)
            potential = edge_potential(evidence, config.edge_scores, config.mixing)
        else:
            worth = magnitude
            potential = weight_potential(gradient, ~mask, config.weight_scores, config.mixing)
        elements.swap(name, *choose(kept, pruned, worth, potential, enter + removed, enter))
        entered[name] = enter
    search.observer.exchange(
        kept_shares(entered, elements.counts), kept_shares(elements.moved(), elements.counts)
    )
