"""No edges: the same model on the graph without edges; a control."""

from __future__ import annotations

import torch

from glt_cli.config.methods import NoEdgesConfig
from glt_cli.pruning.context import PruningContext, SearchResult
from glt_cli.pruning.masks import EDGE, full


def find(context: PruningContext, config: NoEdgesConfig) -> SearchResult:
    """Remove every edge and keep every weight."""
    masks = full(context.tensors())
    return SearchResult({**masks, EDGE: torch.zeros_like(masks[EDGE])})
