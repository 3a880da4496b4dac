"""Dense: no masks, the baseline that every ticket is compared with."""

from __future__ import annotations

from glt_cli.config.methods import DenseConfig
from glt_cli.pruning.context import Found, Search
from glt_cli.pruning.masks import full


def find(search: Search, config: DenseConfig) -> Found:
    """Keep everything."""
    return Found(full(search.tensors()))
