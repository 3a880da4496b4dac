"""Random masks at the target sparsities: the control for all other methods."""

from __future__ import annotations

from glt_cli.config.methods import RandomConfig
from glt_cli.pruning.context import PruningContext, SearchResult
from glt_cli.pruning.masks import random_masks


def find(context: PruningContext, config: RandomConfig) -> SearchResult:
    """Draw random masks."""
    generator = context.generator("random")
    return SearchResult(
        random_masks(context.tensors(), context.targets, config.allocation, generator)
    )
