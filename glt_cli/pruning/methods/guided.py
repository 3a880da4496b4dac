"""One shot, then denoising guided by the dense model; weights by few soft rounds."""

from __future__ import annotations

from glt_cli.config.methods import GuidedConfig
from glt_cli.pruning.context import PruningContext, SearchResult
from glt_cli.pruning.guided_edges import guided_edges
from glt_cli.pruning.masks import EDGE
from glt_cli.pruning.soft_rounds import soft_rounds


def find(context: PruningContext, config: GuidedConfig) -> SearchResult:
    """Keep the edges that the dense model needs, then the weights that the sparse graph needs."""
    edges = context.stage(
        "edges", lambda: {EDGE: guided_edges(context, config.prior, config.steps)}
    )
    weights = soft_rounds(
        context.on(edges[EDGE], config.edge_weight),
        config.rounds,
        config.epochs,
        config.lr,
        config.weight_decay,
        config.l1,
        config.distill,
    )
    return SearchResult(
        {**edges, **weights}, search_distill=config.distill, edge_weight=config.edge_weight
    )
