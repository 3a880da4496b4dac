"""Graph convolutional network (Kipf and Welling, arXiv 1609.02907) on a weighted graph."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glt_cli.config.backbones import GCNConfig
from glt_cli.models.backbone import Backbone, Dropout, Layer, LayerSize, Linear
from glt_cli.models.graph import Adjacency
from glt_cli.models.receptive_field import GraphView
from glt_cli.models.sparse import Matrix, SparseMatrix


def normalise(adjacency: Adjacency, edges: Tensor) -> Tensor:
    """Â = D̃^(-½)(I + A∘m)D̃^(-½), D̃ the degrees of that weighted graph: [nnz].

    In a directed graph degrees are in-degrees, as in torch-geometric.
    """
    pattern = adjacency.pattern
    weights = adjacency.weights(edges)
    scale = pattern.row_sum(weights).rsqrt()
    return weights * scale.index_select(0, pattern.row) * scale.index_select(0, pattern.col)


class GCNLayer(Layer):
    """Â X W + b, in the cheaper order."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = Linear(inputs, outputs)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Matrix, adjacency: Adjacency, values: Tensor) -> Tensor:
        """Map [N, inputs] to [N, outputs] with the normalised adjacency's values [nnz]."""
        if isinstance(x, SparseMatrix) or self.linear.goes_first(sparse_input=False):
            return adjacency.aggregate(values, self.linear(x)) + self.bias
        mapped: Tensor = self.linear(adjacency.aggregate(values, x))
        return mapped + self.bias

    def size(self, name: str, sparse_input: bool) -> LayerSize:
        """See Layer."""
        return LayerSize(
            weights=(f"{name}.linear.weight",),
            self_loops=True,
            maps_first=self.linear.goes_first(sparse_input),
            per_message=self.linear.width(sparse_input),
        )


class GCN(Backbone):
    """GCN layers with ReLU and dropout between them."""

    def __init__(self, widths: list[int], dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(GCNLayer(*pair) for pair in pairwise(widths))
        self.dropout = Dropout(dropout)

    def forward(self, x: Matrix, graph: GraphView, edges: Tensor) -> Tensor:
        """See Backbone."""
        values = normalise(graph.looped, edges)
        first, *rest = graph.blocks(len(self.layers), self_loops=True)
        h: Tensor = self.layers[0](x, first, first.take(values))
        for layer, block in zip(self.layers[1:], rest, strict=True):
            h = layer(self.dropout(F.relu(h)), block, block.take(values))
        return h


def build(config: GCNConfig, num_features: int, num_outputs: int) -> GCN:
    """Build the backbone that a configuration describes."""
    hidden = [config.hidden] * (config.layers - 1)
    return GCN([num_features, *hidden, num_outputs], config.dropout)
