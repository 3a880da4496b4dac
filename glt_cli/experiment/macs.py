"""Count multiply-adds (MACs), by the formulas of docs/method.md.

The counts are a lower bound: those of an ideal kernel for unstructured sparsity.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from glt_cli.models.backbone import Backbone
from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Matrix, SparseMatrix
from glt_cli.pruning.masks import EDGE, Masks


@dataclass(frozen=True)
class Macs:
    """Multiply-adds of one forward pass over the whole graph.

    Attributes:
        linear: Linear maps, N · nnz(W) each.
        graph: Aggregation, nnz(A) · width, and each layer's work per node besides its maps.
        linear_skipping: `linear` if zero input features are skipped too.
        decoder: The task's work on the outputs: one product for each pair of nodes and column.
    """

    linear: int
    graph: int
    linear_skipping: int
    decoder: int = 0

    @property
    def total(self) -> int:
        """Sum of all parts."""
        return self.linear + self.graph + self.decoder

    @property
    def total_skipping(self) -> int:
        """Sum of all parts if zero input features are skipped too."""
        return self.linear_skipping + self.graph + self.decoder


def count_macs(model: Backbone, x: Matrix, graph: Graph, masks: Masks, decoder: int = 0) -> Macs:
    """Count the multiply-adds of a backbone under masks; full masks give the dense model's.

    Args:
        model: The backbone.
        x: Input features [N, F], or node indices [N] if embeddings are learned.
        graph: The whole message graph.
        masks: True where kept.
        decoder: Multiply-adds of the task besides the model's (`Task.decoder_macs`).
    """
    nodes = graph.num_nodes
    messages = int(masks[EDGE].sum()) * (1 if graph.directed else 2)
    linear = linear_skipping = graph_part = 0
    for i, layer in enumerate(model.sizes(isinstance(x, SparseMatrix))):
        for j, name in enumerate(layer.weights):
            every_node = nodes * int(masks[name].sum())
            linear += every_node
            sees_features = i == j == 0 and layer.maps_first and len(x.shape) == 2
            linear_skipping += _skipping(x, masks[name]) if sees_features else every_node
        received = messages + (nodes if layer.self_loops else 0)
        graph_part += received * layer.per_message + nodes * layer.per_node
    return Macs(linear, graph_part, linear_skipping, decoder)


def _skipping(x: Matrix, mask: Tensor) -> int:
    """Products of non-zero features with kept weights: Σ_f nnz(X[:, f]) · nnz(W[f, :])."""
    if isinstance(x, SparseMatrix):
        used = torch.bincount(x.pattern.col[x.values != 0], minlength=x.shape[1])
    else:
        used = (x != 0).sum(0)
    return int((used * mask.sum(1)).sum())
