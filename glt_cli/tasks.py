"""What is learned: data on its device, loss and metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from glt_cli.features import transformed
from glt_cli.graph import Graph
from glt_cli.sparse import Matrix

if TYPE_CHECKING:
    from glt_cli.data.node_data import NodeData


@dataclass(frozen=True)
class NodeClassification:
    """Nodes of a graph, each of one class.

    Attributes:
        graph: The message graph.
        x: Input features [N, F].
        y: int64 [N].
        splits: Node indices of `train`, `val` and `test`, ascending.
        num_outputs: Classes.
        dropped_loops: Self-loops that the file had.
        dropped_duplicates: Duplicate edges that the file had.
    """

    graph: Graph
    x: Matrix
    y: Tensor
    splits: dict[str, Tensor]
    num_outputs: int
    dropped_loops: int = 0
    dropped_duplicates: int = 0

    metric = "accuracy"

    @classmethod
    def from_data(cls, data: NodeData, transform: str, device: torch.device) -> NodeClassification:
        """Clean the edges, transform the features, and move everything to the device."""
        graph, loops, duplicates = Graph.from_pairs(
            data.x.shape[0], torch.from_numpy(np.ascontiguousarray(data.edges)), data.directed
        )
        splits = {"train": data.train, "val": data.val, "test": data.test}
        return cls(
            graph=graph.to(device),
            x=transformed(data.x, transform, data.train).to(device),
            y=torch.from_numpy(data.y).to(device),
            splits={name: torch.from_numpy(nodes).to(device) for name, nodes in splits.items()},
            num_outputs=data.num_classes,
            dropped_loops=loops,
            dropped_duplicates=duplicates,
        )

    def loss(self, outputs: Tensor) -> Tensor:
        """Cross entropy of the training nodes' outputs [T, C]."""
        return F.cross_entropy(outputs, self.y[self.splits["train"]])

    def score(self, outputs: Tensor, split: str) -> Tensor:
        """Accuracy of a split's outputs [T, C], a float64 scalar that stays on the device."""
        correct = outputs.argmax(1) == self.y[self.splits[split]]
        return correct.sum().double() / correct.numel()
