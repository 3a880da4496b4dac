"""FastGLT: one-shot pruning, then gradual denoising (arXiv 2412.07605)."""

from __future__ import annotations

import torch
from torch import Tensor

from glt_cli.config.methods import FastGLTConfig
from glt_cli.pruning.context import PruningContext, SearchResult
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
from glt_cli.pruning.schedules import exchange_count, share_at, warmup_factor
from glt_cli.pruning.scores import EdgeEvidence, edge_growth, edge_saliency, weight_growth
from glt_cli.pruning.sparse_parameters import SparseParameters
from glt_cli.training.loop import Best
from glt_cli.training.state import part, prefixed


def find(context: PruningContext, config: FastGLTConfig) -> SearchResult:
    """Pre-train, prune in one shot, denoise, and select by validation."""
    return SearchResult(context.stage("denoise", lambda: _denoised(context, config)))


def _denoised(context: PruningContext, config: FastGLTConfig) -> Masks:
    parameters = pretrain(context, config)
    parameters.prune(_first_masks(context, config, parameters), context.generator("denoise"))
    context.seed_stage("denoise")
    parameters.l1 = config.l1
    if not config.epochs:
        return parameters.masks

    gradients, best = MeanGradients(parameters), Best()
    for epoch in parameters.train("denoise", config.epochs, gradients=gradients, best=best):
        exchanges, before = divmod(epoch.number - 1, config.interval)
        if exchanges >= config.warmup_exchanges:  # at the targets
            best.offer(epoch, lambda: clone(parameters.masks))

        since = before + 1  # epochs since the last exchange
        if since > config.interval - config.grad_epochs:
            gradients.add()
        if since == config.interval and epoch.number < config.epochs:
            removals = _warmup_removals(context, config, parameters, exchanges + 1)
            fraction = share_at(config.schedule, config.alpha, epoch.number, config.epochs)
            _exchange(context, config, parameters, gradients.take(), removals, fraction)
    return best.tensors


class MeanGradients:
    """Mean gradient of each tensor, pruned elements included, since the last exchange."""

    def __init__(self, parameters: SparseParameters) -> None:
        self.parameters = parameters
        self.sums: dict[str, Tensor] = {}
        self.count = 0

    def add(self) -> None:
        """Add the last epoch's gradients."""
        for name, gradient in self.parameters.gradients.items():
            self.sums[name] = self.sums[name] + gradient if name in self.sums else gradient
        self.count += 1

    def take(self) -> dict[str, Tensor]:
        """Return the means and reset."""
        means = {name: total / self.count for name, total in self.sums.items()}
        self.sums, self.count = {}, 0
        return means

    def state_dict(self) -> dict[str, Tensor]:
        """See state.Stateful."""
        return {"count": torch.tensor(self.count), **prefixed("sum.", self.sums)}

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """See state.Stateful."""
        self.sums, self.count = part(tensors, "sum."), int(tensors["count"])


def _first_masks(
    context: PruningContext, config: FastGLTConfig, parameters: SparseParameters
) -> Masks:
    """Step 2, at β times the target if a warm-up follows."""
    targets = context.targets.scaled(warmup_factor(config.warmup_start, 0, config.warmup_exchanges))
    if config.initial_mask == "random":
        generator = context.generator("one-shot")
        return random_masks(context.tensors(), targets, config.allocation, generator)
    return by_magnitude(context, parameters, targets, config.allocation)


def _warmup_removals(
    context: PruningContext, config: FastGLTConfig, parameters: SparseParameters, exchange: int
) -> dict[str, int]:
    """How many more elements of each tensor this warm-up exchange removes."""
    if exchange > config.warmup_exchanges:
        return {}
    factor = warmup_factor(config.warmup_start, exchange, config.warmup_exchanges)
    saliency = {
        name: value.detach().abs().masked_fill(~parameters.masks[name], -1)
        for name, value in parameters.values.items()
    }
    generator = context.generator(f"warm-up {exchange}")
    smaller = masks_of_largest(
        saliency, context.targets.scaled(factor), config.allocation, generator
    )
    return {name: parameters.counts[name] - kept for name, kept in kept_counts(smaller).items()}


def _exchange(
    context: PruningContext,
    config: FastGLTConfig,
    parameters: SparseParameters,
    gradients: dict[str, Tensor],
    removals: dict[str, int],
    fraction: float,
) -> None:
    """Step 3: in each tensor, kept elements of low saliency leave and pruned ones enter."""
    entered: dict[str, int] = {}
    for name, gradient in gradients.items():
        mask = parameters.masks[name]
        kept, pruned = parameters.kept[name], parameters.pruned[name]
        removed = removals.get(name, 0)
        enter = exchange_count(fraction, kept.numel() - removed, pruned.numel())
        magnitude = parameters.values[name].detach().abs()
        if name == EDGE:
            evidence = EdgeEvidence(
                magnitude, gradient, context.graph, mask, lambda: context.agreement
            )
            saliency = edge_saliency(evidence, config.edge_noise, config.mixing)
            growth = edge_growth(evidence, config.edge_scores, config.mixing)
        else:
            saliency = magnitude
            growth = weight_growth(gradient, ~mask, config.weight_scores, config.mixing)
        parameters.exchange(name, *choose(kept, pruned, saliency, growth, enter + removed, enter))
        entered[name] = enter
    context.observer.exchange(
        kept_shares(entered, parameters.counts), kept_shares(parameters.moved(), parameters.counts)
    )
