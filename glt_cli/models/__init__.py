"""Graph neural networks as functions of a weighted graph (docs/method.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

from glt_cli.config.backbones import BACKBONES, BackboneConfig
from glt_cli.config.registry import Registry, checked_schema
from glt_cli.models import gat, gcn, gin, resgcn
from glt_cli.models.backbone import Backbone
from glt_cli.models.embedded import Embedded

Builder = Callable[[Any, int, int], Backbone]
B = TypeVar("B", bound=Builder)

BUILDERS: Registry[Builder] = Registry(
    "backbone",
    {"gcn": gcn.build, "gin": gin.build, "gat": gat.build, "resgcn": resgcn.build},
)


def build(
    config: Any, num_features: int, num_outputs: int | None, embedded_nodes: int = 0
) -> Backbone:
    """Build the backbone that a configuration names.

    Args:
        config: A backbone's schema (`glt_cli.config.backbones`).
        num_features: Width of the input.
        num_outputs: Width of the output; None for the hidden width.
        embedded_nodes: Number of nodes whose input is a learned embedding; 0 where the input is
            features.
    """
    backbone = BUILDERS[config.name](config, num_features, num_outputs or config.hidden)
    return Embedded(backbone, embedded_nodes, num_features) if embedded_nodes else backbone


def count_weights(config: Any, num_features: int, num_outputs: int | None) -> int:
    """Count the prunable weights of a backbone, without making them."""
    with torch.device("meta"):
        model = build(config, num_features, num_outputs)
    return sum(weight.numel() for weight in model.prunable().values())


def rebuild(
    config: BackboneConfig, num_features: int, num_outputs: int | None, embedded_nodes: int
) -> Backbone:
    """Build as `build`, without moving torch's random numbers.

    For a model whose initial parameters don't matter.
    """
    with torch.random.fork_rng(devices=[]):
        return build(config, num_features, num_outputs, embedded_nodes)


def register_backbone(name: str, schema: type[BackboneConfig]) -> Callable[[B], B]:
    """Register a function as `backbone=NAME`, with the settings of a schema.

    The function takes the settings and the widths of input and output, and returns a `Backbone`.

    Raises:
        UserError: The name is taken or invalid, or the schema can't be composed.
    """

    def register(function: B) -> B:
        checked_schema("backbone", name, schema, BackboneConfig)
        BACKBONES.add(name, schema)
        BUILDERS.add(name, function)
        return function

    return register
