"""Random masks at the target: the control that says whether anything was found."""

from __future__ import annotations

from glt_cli.config.methods import RandomConfig
from glt_cli.pruning.context import Found, Search
from glt_cli.pruning.masks import random_masks


def find(search: Search, config: RandomConfig) -> Found:
    """Draw the masks."""
    generator = search.generator("random")
    return Found(random_masks(search.tensors(), search.targets, config.allocation, generator))
