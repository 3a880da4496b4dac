"""Graph neural networks as functions of a weighted graph (METHODS section 2)."""

from __future__ import annotations

import importlib
from typing import Any

from glt_cli.backbones.base import Backbone


def build(config: Any, num_features: int, num_outputs: int) -> Backbone:
    """Make the backbone that a configuration names: module and class share its name.

    Args:
        config: A backbone's schema (`glt_cli.config`); `config.name` is the module's name.
        num_features: Width of the input.
        num_outputs: Width of the output.
    """
    module = importlib.import_module(f"glt_cli.backbones.{config.name}")
    backbone: Backbone = module.build(config, num_features, num_outputs)
    return backbone
