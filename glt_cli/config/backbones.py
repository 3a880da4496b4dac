"""Schemas of `conf/backbone/*`: graph neural networks."""

from __future__ import annotations

from dataclasses import dataclass

from omegaconf import MISSING

from glt_cli.config.declare import bounded, excluded_from_hash, one_of
from glt_cli.config.registry import Registry


@dataclass
class BackboneConfig:
    """Settings of a graph neural network; `name` is its name in the registries."""

    name: str = MISSING
    #: Number of layers.
    layers: int = bounded(2, 2, 1000)
    #: Width of the hidden layers.
    hidden: int = bounded(512, 1, 65_536)
    #: Probability of dropout in training.
    dropout: float = bounded(0.5, 0, 1, below=True)


@dataclass
class GCNConfig(BackboneConfig):
    """Graph convolutional network."""


@dataclass
class GINConfig(BackboneConfig):
    """Graph isomorphism network."""

    #: Mean or sum of the neighbours' messages.
    aggregation: str = one_of("mean", "sum")
    #: Number of linear maps in each layer's MLP.
    mlp_layers: int = bounded(1, 1, 100)


@dataclass
class GATConfig(BackboneConfig):
    """Graph attention network; `hidden` is the width of one head."""

    #: Width of one head.
    hidden: int = bounded(64, 1, 65_536)
    #: Probability of dropout, also of attention.
    dropout: float = bounded(0.6, 0, 1, below=True)
    #: Attention heads of each hidden layer.
    heads: int = bounded(8, 1, 1024)


@dataclass
class ResGCNConfig(BackboneConfig):
    """Deep residual network of GENConv layers with softmax aggregation."""

    #: Number of residual layers.
    layers: int = bounded(28, 2, 1000)
    #: Width of the hidden layers.
    hidden: int = bounded(128, 1, 65_536)
    #: Initial temperature of each layer's softmax; it is learned.
    temperature: float = bounded(0.1, 0, above=True)
    #: Recompute activations in the backward pass: far less memory, a third more time.
    checkpoint: bool = excluded_from_hash(False)


BACKBONES: Registry[type[BackboneConfig]] = Registry(
    "backbone",
    {
        "gcn": GCNConfig,
        "gin": GINConfig,
        "gat": GATConfig,
        "resgcn": ResGCNConfig,
    },
)
