"""What every backbone shares: its signature, linear maps, dropout, and the size of a layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glt_cli.models.receptive_field import GraphView
from glt_cli.models.sparse import Matrix, SparseMatrix, matmul


@dataclass(frozen=True)
class LayerSize:
    """What one layer multiplies (docs/method.md).

    Attributes:
        weights: Names of its prunable matrices; each costs N · nnz.
        self_loops: Whether the layer adds a self-loop to each node.
        maps_first: Whether its first linear map comes before the aggregation.
        per_message: Multiply-adds for each message: the width at which it aggregates.
        per_node: Multiply-adds for each node beside its linear maps.
    """

    weights: tuple[str, ...]
    self_loops: bool
    maps_first: bool
    per_message: int
    per_node: int = 0

    def inside(self, name: str) -> LayerSize:
        """The same layer where its backbone is a part of another module."""
        return replace(self, weights=tuple(f"{name}.{weight}" for weight in self.weights))


class Layer(nn.Module, ABC):
    """One layer of a backbone."""

    @abstractmethod
    def size(self, name: str, sparse_input: bool) -> LayerSize:
        """Tell what the layer multiplies; `name` is where it stands in its backbone."""


class Backbone(nn.Module, ABC):
    """A GNN as a function of a weighted graph: an edge of value 0 is absent.

    Attributes:
        layers: Its `Layer`s, in order.
    """

    layers: nn.ModuleList

    @property
    def reach(self) -> int | None:
        """Hops that a prediction sees; None where every node takes part in each prediction."""
        return len(self.layers)

    @abstractmethod
    def forward(self, x: Matrix, graph: GraphView, edges: Tensor) -> Tensor:
        """Predict from features [N, F] and edge values in [0, ∞), [E]: [N, outputs].

        Of a field, the features are those of its rows, and the predictions of its targets.

        With all values 1 this is the plain backbone. Derivatives with respect to edge values
        exist at 0 too: reviving an edge is decided by them.
        """

    @property
    def width(self) -> int:
        """Columns of the output."""
        return list(self.prunable().values())[-1].shape[1]

    def sizes(self, sparse_input: bool) -> list[LayerSize]:
        """Tell what each layer multiplies, in the order used for such an input."""
        return [
            cast(Layer, layer).size(f"layers.{i}", sparse_input and i == 0)
            for i, layer in enumerate(self.layers)
        ]

    def prunable(self) -> dict[str, nn.Parameter]:
        """The matrices of linear maps, by name; nothing else is ever pruned."""
        return {
            f"{name}.weight": module.weight
            for name, module in self.named_modules()
            if isinstance(module, Linear)
        }


class Linear(nn.Module):
    """A linear map with weight [inputs, outputs] (torch.nn.Linear's transposed), no bias.

    Stored this way a sparse input multiplies it without a copy. Glorot-uniform, as
    torch-geometric initialises its convolutions.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x: Matrix) -> Tensor:
        """Map [N, inputs] to [N, outputs]."""
        return matmul(x, self.weight)

    def goes_first(self, sparse_input: bool) -> bool:
        """Whether mapping before aggregating is cheaper: it narrows, or its input is sparse."""
        inputs, outputs = self.weight.shape
        return sparse_input or outputs <= inputs

    def width(self, sparse_input: bool) -> int:
        """Width at which a layer around this map aggregates."""
        return self.weight.shape[1 if self.goes_first(sparse_input) else 0]


class Dropout(nn.Module):
    """Dropout whose random bits cost a fifth of torch's on CPU, where it dominated the epoch.

    Each element is decided by 16 of the bits of a 64-bit draw; the probability is p to within
    2⁻¹⁶, and the scale is that of the probability used.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Matrix) -> Matrix:
        """Drop elements while training; of a sparse matrix, its stored ones."""
        if not self.training or self.p == 0:
            return x
        if isinstance(x, SparseMatrix):
            return SparseMatrix(x.pattern, self.dense(x.values))
        return self.dense(x)

    def dense(self, x: Tensor) -> Tensor:
        """Drop elements of a tensor while training."""
        if not self.training or self.p == 0:
            return x
        if x.is_cuda:
            return F.dropout(x, self.p)
        threshold = min(round(self.p * 65536), 65535)  # something is always kept
        draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
        kept = draws.view(torch.int16)[: x.numel()].view(x.shape) >= threshold - 32768
        return (x * (65536 / (65536 - threshold))).mul_(kept)
