"""Base classes of all backbones: their signature, linear maps, dropout, and layer sizes."""

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
        per_message: Multiply-adds per message: the width at which the layer aggregates.
        per_node: Multiply-adds per node besides its linear maps.
    """

    weights: tuple[str, ...]
    self_loops: bool
    maps_first: bool
    per_message: int
    per_node: int = 0

    def inside(self, name: str) -> LayerSize:
        """The same layer with the name of the module that contains its backbone as a prefix."""
        return replace(self, weights=tuple(f"{name}.{weight}" for weight in self.weights))


class Layer(nn.Module, ABC):
    """One layer of a backbone."""

    @abstractmethod
    def size(self, name: str, sparse_input: bool) -> LayerSize:
        """Return what the layer multiplies; `name` is its path in the backbone."""


class Backbone(nn.Module, ABC):
    """A GNN as a function of a weighted graph: an edge of value 0 is absent.

    Attributes:
        layers: Its `Layer`s, in order.
    """

    layers: nn.ModuleList

    @property
    def reach(self) -> int | None:
        """Hops that a prediction depends on; None if it depends on every node."""
        return len(self.layers)

    @abstractmethod
    def forward(self, x: Matrix, graph: GraphView, edges: Tensor) -> Tensor:
        """Predict from features [N, F] and edge values in [0, ∞), [E]: [N, outputs].

        For a `ReceptiveField`, x holds the features of its rows, and the result the predictions
        for its targets.

        With all edge values 1 this is the plain backbone. Derivatives with respect to edge values
        must exist at 0 too, since they decide which pruned edges return.
        """

    @property
    def width(self) -> int:
        """Columns of the output."""
        return list(self.prunable().values())[-1].shape[1]

    def sizes(self, sparse_input: bool) -> list[LayerSize]:
        """Return what each layer multiplies, in the order of operations for this kind of input."""
        return [
            cast(Layer, layer).size(f"layers.{i}", sparse_input and i == 0)
            for i, layer in enumerate(self.layers)
        ]

    def prunable(self) -> dict[str, nn.Parameter]:
        """The weights of the linear maps, by name; nothing else is pruned."""
        return {
            f"{name}.weight": module.weight
            for name, module in self.named_modules()
            if isinstance(module, Linear)
        }


class Linear(nn.Module):
    """A linear map without bias, its weight [inputs, outputs] (torch.nn.Linear's transposed).

    In this layout a sparse input needs no copy of the weight. Initialised Glorot-uniform, like
    torch-geometric's convolutions.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x: Matrix) -> Tensor:
        """Map [N, inputs] to [N, outputs]."""
        return matmul(x, self.weight)

    def goes_first(self, sparse_input: bool) -> bool:
        """Whether mapping before aggregating is cheaper: it narrows, or the input is sparse."""
        inputs, outputs = self.weight.shape
        return sparse_input or outputs <= inputs

    def width(self, sparse_input: bool) -> int:
        """Width at which a layer around this map aggregates."""
        return self.weight.shape[1 if self.goes_first(sparse_input) else 0]


class Dropout(nn.Module):
    """Dropout with cheaper random bits on CPU, where torch's dropout dominated the epoch.

    One 64-bit draw decides four elements, 16 bits each. The probability is p to within 2⁻¹⁶, and
    the scale matches the probability used.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Matrix) -> Matrix:
        """Drop elements while training; in a sparse matrix, stored ones."""
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
