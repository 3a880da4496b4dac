"""Plain models around torch-geometric's layers: what a ticket is converted to.

This file needs only torch and torch-geometric: copy it to load a converted model's `state_dict`
where this package isn't installed. torch-geometric's own `Sequential` is not used, because it names
the code that it generates with Python's random numbers: two models made after the same
`random.seed` share one forward pass.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from torch import Tensor, nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its import calls what torch has deprecated
    from torch_geometric.nn import DeepGCNLayer
    from torch_geometric.utils import add_remaining_self_loops


class ConvStack(nn.Module):
    """Convolutions, with activation and dropout between them.

    Args:
        convs: torch-geometric's convolutions, in order.
        activation: Applied between two convolutions.
        dropout: Probability of dropout after each activation.
        input_dropout: Probability of dropout on the features.
    """

    def __init__(
        self,
        convs: Sequence[nn.Module],
        activation: nn.Module,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.input_dropout = nn.Dropout(input_dropout)
        self.convs = nn.ModuleList(convs)
        self.activation = activation
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Map features [N, F] to outputs [N, C] along edges [2, M] with optional weights [M].

        Only GCNConv takes weights; the others raise TypeError.
        """
        weights = {} if edge_weight is None else {"edge_weight": edge_weight}
        h: Tensor = self.convs[0](self.input_dropout(x), edge_index, **weights)
        for conv in self.convs[1:]:
            h = conv(self.dropout(self.activation(h)), edge_index, **weights)
        return h


class DeeperGCN(nn.Module):
    """Linear encoder, a convolution, `res+` blocks, norm, ReLU, dropout and a linear head.

    Args:
        encoder: torch.nn.Linear from features to the hidden width.
        convs: GENConv layers of that width; each but the first becomes a block.
        norms: One of that width for each convolution: the first is applied before the head, each
            other one before its convolution.
        head: torch.nn.Linear from the hidden width to outputs.
        dropout: Probability of dropout after each norm and ReLU.
        checkpoint: Recompute activations in the backward pass, to save memory.
    """

    def __init__(
        self,
        encoder: nn.Module,
        convs: Sequence[nn.Module],
        norms: Sequence[nn.Module],
        head: nn.Module,
        dropout: float = 0.0,
        checkpoint: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.conv = convs[0]
        self.blocks = nn.ModuleList(
            DeepGCNLayer(conv, norm, nn.ReLU(), "res+", dropout, ckpt_grad=checkpoint)
            for conv, norm in zip(convs[1:], norms[1:], strict=True)
        )
        self.norm = norms[0]
        self.activation = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.head = head

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """Map features [N, F] to outputs [N, C] along edges [2, M] and from each node to itself."""
        looped, _ = add_remaining_self_loops(edge_index, num_nodes=x.shape[0])
        h: Tensor = self.conv(self.encoder(x), looped)
        for block in self.blocks:
            h = block(h, looped)
        outputs: Tensor = self.head(self.dropout(self.activation(self.norm(h))))
        return outputs


class EmbeddedNodes(nn.Module):
    """A model whose nodes have no features: each gets an embedding.

    Args:
        embedding: torch.nn.Embedding of N nodes.
        model: The model that takes the embeddings as features.
    """

    def __init__(self, embedding: nn.Module, model: nn.Module) -> None:
        super().__init__()
        self.embedding = embedding
        self.model = model

    def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Map node numbers, int64 [N], to outputs [N, C]; edges as in the inner model."""
        edges = (edge_index,) if edge_weight is None else (edge_index, edge_weight)
        outputs: Tensor = self.model(self.embedding(x), *edges)
        return outputs
