"""Parts of `guided` in other methods, for ablations: its edges before, its soft rounds after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from glt_cli.config.methods import PartsConfig
from glt_cli.pruning.context import PruningContext, SearchResult
from glt_cli.pruning.guided_edges import STEPS, guided_edges
from glt_cli.pruning.masks import EDGE, Targets
from glt_cli.pruning.soft_rounds import soft_rounds


def with_parts(
    context: PruningContext,
    config: PartsConfig,
    own: Callable[[PruningContext, PartsConfig], SearchResult],
) -> SearchResult:
    """Find masks with a method's own search, but for the part that the settings give to another.

    Args:
        context: The setting of the whole search.
        config: Says what finds edges and weights; not both may be found by others.
        own: The method's own search.
    """
    if config.edges != "own":
        steps = STEPS if config.edges == "guided" else 0
        found = context.stage("edges", lambda: {EDGE: guided_edges(context, steps=steps)})
        return own(context.on(found[EDGE]), config).with_edges(found[EDGE])
    if config.weights != "own":
        only_edges = replace(context, targets=Targets(context.targets.graph_sparsity, 0.0))
        found = context.stage("own edges", lambda: {EDGE: own(only_edges, config).masks[EDGE]})
        return SearchResult({**found, **soft_rounds(context.on(found[EDGE]))})
    return own(context, config)
