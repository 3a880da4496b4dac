"""One-shot magnitude pruning (OMP): FastGLT with no exchanges."""

from __future__ import annotations

import torch

from glt_cli.config.methods import OneShotConfig
from glt_cli.pruning.context import PruningContext, SearchResult
from glt_cli.pruning.masks import EDGE, Masks, Targets, masks_of_largest
from glt_cli.pruning.sparse_parameters import SparseParameters

#: c, half-width of the relative noise that breaks ties among edge scores.
NOISE = 1e-4


def find(context: PruningContext, config: OneShotConfig) -> SearchResult:
    """Pre-train, then prune once."""
    parameters = pretrain(context, config)
    return SearchResult(by_magnitude(context, parameters, context.targets, config.allocation))


def pretrain(context: PruningContext, config: OneShotConfig) -> SparseParameters:
    """Step 1: E₀ dense epochs, training edge scores, initially a = 1, with the weights."""
    context.seed_stage("pretrain")
    context.rewind()
    parameters = SparseParameters(context, config.edge_lr, config.diversity, config.variance)
    for _ in parameters.train("pretrain", config.pretrain_epochs):
        pass
    return parameters


def by_magnitude(
    context: PruningContext, parameters: SparseParameters, targets: Targets, allocation: str
) -> Masks:
    """Step 2: add noise a·U(−c, c) to the scores; keep the largest |w| and the largest a."""
    generator = context.generator("one-shot")
    saliency = {name: value.detach().abs() for name, value in parameters.values.items()}
    noise = torch.rand(saliency[EDGE].shape, generator=generator).to(saliency[EDGE].device)
    saliency[EDGE] *= 1 + NOISE * (2 * noise - 1)
    return masks_of_largest(saliency, targets, allocation, generator)
