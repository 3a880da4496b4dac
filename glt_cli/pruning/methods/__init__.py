"""Ways to find a ticket: each module's `find` reads as the algorithm."""

from __future__ import annotations

import importlib

from glt_cli.config.methods import MethodConfig
from glt_cli.pruning.context import PruningContext, SearchResult


def find(context: PruningContext, config: MethodConfig) -> SearchResult:
    """Find masks by the method that the configuration names."""
    module = importlib.import_module(f"glt_cli.pruning.methods.{config.name}")
    found: SearchResult = module.find(context, config)
    return found
