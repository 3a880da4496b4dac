"""Graph neural networks as functions of a weighted graph (docs/method.md)."""

from __future__ import annotations

import importlib
from typing import Any

from glt_cli.models.backbone import Backbone
from glt_cli.models.embedded import Embedded


def build(
    config: Any, num_features: int, num_outputs: int | None, embedded_nodes: int = 0
) -> Backbone:
    """Make the backbone that a configuration names: module and class share its name.

    Args:
        config: A backbone's schema (`glt_cli.config.backbones`); `config.name` is the module's.
        num_features: Width of the input.
        num_outputs: Width of the output; None for the backbone's own width.
        embedded_nodes: Number of nodes that get a learned embedding as their input; 0 where the
            input is features.
    """
    module = importlib.import_module(f"glt_cli.models.{config.name}")
    backbone: Backbone = module.build(config, num_features, num_outputs or config.hidden)
    return Embedded(backbone, embedded_nodes, num_features) if embedded_nodes else backbone
