"""One-shot magnitude pruning (OMP): FastGLT with no exchanges."""

from __future__ import annotations

import torch

from glt_cli.config.methods import OneShotConfig
from glt_cli.pruning.context import Found, Search
from glt_cli.pruning.masks import EDGE, Masks, Targets, masks_of_largest
from glt_cli.pruning.sparse_parameters import Elements

#: c, half-width of the relative noise that lifts ties among edge scores.
NOISE = 1e-4


def find(search: Search, config: OneShotConfig) -> Found:
    """Pre-train, then cut once."""
    elements = pretrain(search, config)
    return Found(by_magnitude(search, elements, search.targets, config.allocation))


def pretrain(search: Search, config: OneShotConfig) -> Elements:
    """Step 1: E₀ dense epochs, edge scores a = 1 trained beside the weights."""
    search.generator("pretrain")
    search.rewind()
    elements = Elements(search, config.edge_lr, config.diversity, config.variance)
    for _ in elements.train("pretrain", config.pretrain_epochs):
        pass
    return elements


def by_magnitude(search: Search, elements: Elements, targets: Targets, allocation: str) -> Masks:
    """Step 2: add noise a·U(−c, c) to the scores; keep the largest |w| and the largest a."""
    generator = search.generator("one-shot")
    worth = {name: value.detach().abs() for name, value in elements.values.items()}
    noise = torch.rand(worth[EDGE].shape, generator=generator).to(worth[EDGE].device)
    worth[EDGE] *= 1 + NOISE * (2 * noise - 1)
    return masks_of_largest(worth, targets, allocation, generator)
