"""Deep residual network of GENConv layers (Li et al., DeeperGCN, arXiv 2006.07739)."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from glt_cli.config.backbones import ResGCNConfig
from glt_cli.models.backbone import Backbone, Dropout, Layer, LayerSize, Linear
from glt_cli.models.graph import Adjacency
from glt_cli.models.receptive_field import GraphView
from glt_cli.models.sparse import Matrix

#: GENConv adds this to its messages, so that they are positive.
EPSILON = 1e-7
#: Logits are clamped to ±this, so that derivatives stay finite; after batch norm they are a few
#: units. No maximum is subtracted, since absent messages must not affect the result.
LARGEST_LOGIT = 30.0


def softmax_aggregate(
    adjacency: Adjacency, weights: Tensor, messages: Tensor, temperature: Tensor
) -> Tensor:
    """Σ_j α_ij·msg_j with α_ij = m_e·exp(t·msg_j) / Σ_k m_ik·exp(t·msg_k), feature by feature.

    The exponentials depend on the source alone, so this is a ratio of two sparse products.

    Args:
        adjacency: Which messages are sent.
        weights: m, [nnz], self-loops of weight 1 included.
        messages: [N, F].
        temperature: t, a scalar.
    """
    logits = (temperature * messages).clamp(-LARGEST_LOGIT, LARGEST_LOGIT)
    exponentials = logits.exp()
    total = adjacency.aggregate(weights, exponentials * messages)
    return total / adjacency.aggregate(weights, exponentials)


class BatchNorm(nn.BatchNorm1d):
    """Batch norm whose running statistics are updated outside its forward pass.

    Activation checkpointing runs the forward pass twice, which must not update them twice.
    """

    @torch.no_grad()
    def observe(self, h: Tensor) -> None:
        """Update the running statistics with a training batch [N, F]."""
        if self._uses_batch(h):
            assert self.running_mean is not None
            assert self.running_var is not None
            variance, mean = torch.var_mean(h, dim=0)
            self.running_mean.lerp_(mean, self.momentum or 0.0)
            self.running_var.lerp_(variance, self.momentum or 0.0)

    def forward(self, h: Tensor) -> Tensor:
        """Normalise [N, F]."""
        if self._uses_batch(h):
            return F.batch_norm(h, None, None, self.weight, self.bias, True, eps=self.eps)
        return F.batch_norm(
            h, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
        )

    def _uses_batch(self, h: Tensor) -> bool:
        # A single node (a small partition) has no variance.
        return self.training and h.shape[0] > 1


class GENLayer(Layer):
    """W(h + softmax aggregation of ReLU(h) + ε) + b, one linear map, learned temperature."""

    def __init__(self, width: int, temperature: float) -> None:
        super().__init__()
        self.linear = Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(width))
        self.temperature = nn.Parameter(torch.tensor(temperature))

    def forward(self, h: Tensor, adjacency: Adjacency, weights: Tensor) -> Tensor:
        """Map [N, F] to [N, F] with edge weights [nnz]."""
        messages = F.relu(h) + EPSILON
        received = softmax_aggregate(adjacency, weights, messages, self.temperature)
        mapped: Tensor = self.linear(h + received)
        return mapped + self.bias

    def size(self, name: str, sparse_input: bool) -> LayerSize:
        """See Layer: an exponential's product, the message's product and the division."""
        width = self.linear.weight.shape[0]
        return LayerSize(
            weights=(f"{name}.linear.weight",),
            self_loops=True,
            maps_first=False,
            per_message=3 * width,
        )


class ResGCN(Backbone):
    """Encoder, `res+` blocks (norm, ReLU, dropout, layer, and a skip connection), head."""

    def __init__(self, inputs: int, hidden: int, outputs: int, config: ResGCNConfig) -> None:
        super().__init__()
        self.encoder = Linear(inputs, hidden)
        self.encoder_bias = nn.Parameter(torch.zeros(hidden))
        self.layers = nn.ModuleList(
            GENLayer(hidden, config.temperature) for _ in range(config.layers)
        )
        #: norms[l] comes before layer l; norms[0] before the head, as layer 0 has none.
        self.norms = nn.ModuleList(BatchNorm(hidden) for _ in range(config.layers))
        self.head = Linear(hidden, outputs)
        self.head_bias = nn.Parameter(torch.zeros(outputs))
        self.dropout = Dropout(config.dropout)
        self.checkpoint = config.checkpoint

    @property
    def reach(self) -> None:
        """None: through batch norm every prediction depends on every node."""
        return

    def forward(self, x: Matrix, graph: GraphView, edges: Tensor) -> Tensor:
        """See Backbone."""
        looped = graph.looped
        weights = looped.weights(edges)
        h: Tensor = self.encoder(x) + self.encoder_bias
        h = self.layers[0](h, looped, weights)
        for norm, layer in zip(self.norms[1:], self.layers[1:], strict=True):
            cast(BatchNorm, norm).observe(h)
            block = (norm, layer, looped, weights)
            if self.checkpoint and torch.is_grad_enabled():
                h = h + checkpoint(self._block, h, *block, use_reentrant=False)
            else:
                h = h + self._block(h, *block)
        cast(BatchNorm, self.norms[0]).observe(h)
        h = self.dropout(F.relu(self.norms[0](h)))
        mapped: Tensor = self.head(graph.of_targets(h))
        return mapped + self.head_bias

    def _block(
        self, h: Tensor, norm: nn.Module, layer: nn.Module, looped: Adjacency, weights: Tensor
    ) -> Tensor:
        result: Tensor = layer(self.dropout(F.relu(norm(h))), looped, weights)
        return result

    def sizes(self, sparse_input: bool) -> list[LayerSize]:
        """See Backbone: encoder and head map without aggregating."""
        ends = [
            LayerSize((f"{name}.weight",), self_loops=False, maps_first=True, per_message=0)
            for name in ("encoder", "head")
        ]
        return [ends[0], *super().sizes(False), ends[1]]


def build(config: ResGCNConfig, num_features: int, num_outputs: int) -> ResGCN:
    """Build the backbone that a configuration describes."""
    return ResGCN(num_features, config.hidden, num_outputs, config)
