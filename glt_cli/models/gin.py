"""Graph isomorphism network (Xu et al., arXiv 1810.00826) on a weighted graph."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glt_cli.config.backbones import GINConfig
from glt_cli.models.backbone import Backbone, Dropout, Layer, LayerSize, Linear
from glt_cli.models.graph import Adjacency
from glt_cli.models.receptive_field import GraphView
from glt_cli.models.sparse import Matrix, SparseMatrix


def mean_weights(adjacency: Adjacency, edges: Tensor) -> Tensor:
    """Divide m by the target's Σ m, [nnz]; 0, with derivative 0, where Σ m = 0."""
    pattern = adjacency.pattern
    weights = adjacency.weights(edges)
    total = pattern.row_sum(weights)
    received = total > 0
    share = torch.where(received, 1 / torch.where(received, total, 1), 0)
    return weights * share.index_select(0, pattern.row)


class GINLayer(Layer):
    """MLP((1 + ε)·h + the neighbours' mean or sum), its first map in the cheaper order."""

    def __init__(self, widths: list[int]) -> None:
        super().__init__()
        self.epsilon = nn.Parameter(torch.zeros(()))
        self.linears = nn.ModuleList(Linear(*pair) for pair in pairwise(widths))
        self.biases = nn.ParameterList(torch.zeros(width) for width in widths[1:])

    def forward(self, x: Matrix, adjacency: Adjacency, values: Tensor) -> Tensor:
        """Map [N, inputs] to [N, outputs] with the aggregation's values [nnz]."""
        linear = cast(Linear, self.linears[0])
        h: Tensor
        # The first map commutes with the sum, so either order gives the same layer.
        if isinstance(x, SparseMatrix) or linear.goes_first(sparse_input=False):
            h = self._combine(linear(x), adjacency, values)
        else:
            h = linear(self._combine(x, adjacency, values))
        h = h + self.biases[0]
        for further, bias in zip(self.linears[1:], self.biases[1:], strict=True):
            h = further(F.relu(h)) + bias
        return h

    def _combine(self, h: Tensor, adjacency: Adjacency, values: Tensor) -> Tensor:
        return (1 + self.epsilon) * adjacency.of_targets(h) + adjacency.aggregate(values, h)

    def size(self, name: str, sparse_input: bool) -> LayerSize:
        """See Layer."""
        first = cast(Linear, self.linears[0])
        width = first.width(sparse_input)
        return LayerSize(
            weights=tuple(f"{name}.linears.{j}.weight" for j in range(len(self.linears))),
            self_loops=False,
            maps_first=first.goes_first(sparse_input),
            per_message=width,
            per_node=width,  # the ε term
        )


class GIN(Backbone):
    """GIN layers with ReLU and dropout between them."""

    def __init__(self, mlps: list[list[int]], dropout: float, aggregation: str) -> None:
        super().__init__()
        self.layers = nn.ModuleList(GINLayer(widths) for widths in mlps)
        self.dropout = Dropout(dropout)
        self.aggregation = aggregation

    def forward(self, x: Matrix, graph: GraphView, edges: Tensor) -> Tensor:
        """See Backbone."""
        adjacency = graph.neighbours
        if self.aggregation == "mean":
            values = mean_weights(adjacency, edges)
        else:
            values = adjacency.weights(edges)
        first, *rest = graph.blocks(len(self.layers), self_loops=False)
        h: Tensor = self.layers[0](x, first, first.take(values))
        for layer, block in zip(self.layers[1:], rest, strict=True):
            h = layer(self.dropout(F.relu(h)), block, block.take(values))
        return h


def build(config: GINConfig, num_features: int, num_outputs: int) -> GIN:
    """Build the backbone that a configuration describes."""
    widths = [num_features, *[config.hidden] * (config.layers - 1), num_outputs]
    mlps = [
        [inputs, *[config.hidden] * (config.mlp_layers - 1), outputs]
        for inputs, outputs in pairwise(widths)
    ]
    return GIN(mlps, config.dropout, config.aggregation)
