"""Graph attention network (Velickovic et al., arXiv 1710.10903) on a weighted graph."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glt_cli.config.backbones import GATConfig
from glt_cli.models.backbone import Backbone, Dropout, Layer, LayerSize, Linear
from glt_cli.models.graph import Adjacency
from glt_cli.models.receptive_field import GraphView
from glt_cli.models.sparse import Matrix

#: Only an absent edge's logit can exceed the maximum over kept entries. The excess is clamped, so
#: that the gradient that decides whether the edge returns stays finite.
_LARGEST_SHIFT = 30.0


def attention(logits: Tensor, weights: Tensor, adjacency: Adjacency) -> Tensor:
    """α_ij = m_e·exp(e_ij) / Σ_k m_ik·exp(e_ik), shifted by the maximum over kept entries.

    Args:
        logits: e, [nnz, heads].
        weights: m, [nnz], self-loops of weight 1 included.
        adjacency: The entries' rows and columns.

    Returns:
        α, [nnz, heads].
    """
    pattern = adjacency.pattern
    row = pattern.row
    kept = logits.detach().masked_fill((weights <= 0).unsqueeze(1), -torch.inf)
    largest = kept.new_full((pattern.shape[0], logits.shape[1]), -torch.inf)
    index = row.long().unsqueeze(1).expand_as(kept)
    largest = largest.scatter_reduce(0, index, kept, "amax")
    shifted = (logits - largest.index_select(0, row)).clamp(max=_LARGEST_SHIFT)
    exponentials = weights.unsqueeze(1) * shifted.exp()
    return exponentials / pattern.row_sum(exponentials).index_select(0, row)


class GATLayer(Layer):
    """K attention heads, concatenated."""

    def __init__(self, inputs: int, outputs: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.outputs = outputs
        self.linear = Linear(inputs, heads * outputs)
        self.source = nn.Parameter(torch.empty(heads, outputs))
        self.target = nn.Parameter(torch.empty(heads, outputs))
        self.bias = nn.Parameter(torch.zeros(heads * outputs))
        nn.init.xavier_uniform_(self.source)
        nn.init.xavier_uniform_(self.target)
        self.dropout = Dropout(dropout)

    def forward(self, x: Matrix, adjacency: Adjacency, weights: Tensor) -> Tensor:
        """Map [N, inputs] to [N, heads · outputs] with edge weights [nnz]."""
        pattern = adjacency.pattern
        h = self.linear(x).reshape(-1, self.heads, self.outputs)
        source = (h * self.source).sum(-1)
        target = adjacency.of_targets((h * self.target).sum(-1))
        logits = F.leaky_relu(
            source.index_select(0, pattern.col) + target.index_select(0, pattern.row),
            negative_slope=0.2,
        )
        alpha = self.dropout.dense(attention(logits, weights, adjacency))
        heads = adjacency.aggregate(alpha.t().contiguous(), h.transpose(0, 1))
        return heads.transpose(0, 1).reshape(-1, self.heads * self.outputs) + self.bias

    def size(self, name: str, sparse_input: bool) -> LayerSize:
        """See Layer."""
        width = self.heads * self.outputs
        return LayerSize(
            weights=(f"{name}.linear.weight",),
            self_loops=True,
            maps_first=True,
            per_message=width,
            per_node=2 * width,  # both halves of the logits
        )


class GAT(Backbone):
    """GAT layers with ELU between them; dropout on features and on attention."""

    def __init__(
        self,
        num_features: int,
        hidden: int,
        num_outputs: int,
        layers: int,
        heads: int,
        dropout: float,
    ) -> None:
        super().__init__()
        inputs = [num_features, *[heads * hidden] * (layers - 1)]
        outputs = [*[(hidden, heads)] * (layers - 1), (num_outputs, 1)]
        self.layers = nn.ModuleList(
            GATLayer(width, *output, dropout) for width, output in zip(inputs, outputs, strict=True)
        )
        self.dropout = Dropout(dropout)

    def forward(self, x: Matrix, graph: GraphView, edges: Tensor) -> Tensor:
        """See Backbone."""
        first, *rest = graph.blocks(len(self.layers), self_loops=True)
        h: Tensor = self.layers[0](self.dropout(x), first, first.weights(edges))
        for layer, block in zip(self.layers[1:], rest, strict=True):
            h = layer(self.dropout(F.elu(h)), block, block.weights(edges))
        return h


def build(config: GATConfig, num_features: int, num_outputs: int) -> GAT:
    """Build the backbone that a configuration describes."""
    return GAT(
        num_features, config.hidden, num_outputs, config.layers, config.heads, config.dropout
    )
