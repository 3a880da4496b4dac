"""Small dense: a narrower backbone, dense, with as many weights as a ticket; a control."""

from __future__ import annotations

from glt_cli.config.methods import SmallDenseConfig
from glt_cli.pruning.context import PruningContext, SearchResult
from glt_cli.pruning.masks import full


def find(context: PruningContext, config: SmallDenseConfig) -> SearchResult:
    """Keep everything: the model of the context is small already."""
    return SearchResult(full(context.tensors()))
