"""Dense: nothing is pruned; the baseline of every ticket."""

from __future__ import annotations

from glt_cli.config.methods import DenseConfig
from glt_cli.pruning.context import PruningContext, SearchResult
from glt_cli.pruning.masks import full


def find(context: PruningContext, config: DenseConfig) -> SearchResult:
    """Keep everything."""
    return SearchResult(full(context.tensors()))
