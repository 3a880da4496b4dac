"""The interface of tasks to the training loop: data on its device, a loss and a score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Matrix

#: τ, the softness of the margins in `Task.confidence_loss`.
MARGIN = 0.5


def binary_confidence_loss(logits: Tensor, teacher: Tensor) -> Tensor:
    """Mean of κ · softplus(−margin / τ) over yes-no decisions, logits and teacher of one shape."""
    probability = teacher.sigmoid()
    kappa = torch.maximum(probability, 1 - probability)
    return (kappa * F.softplus(-teacher.sign() * logits / MARGIN)).mean()


@dataclass(frozen=True, kw_only=True)
class Task(ABC):
    """A message graph, input features, and a learning objective.

    Attributes:
        graph: The message graph, whose edges are pruned.
        x: Input features [N, F]; if `embedding` is set, node indices int64 [N].
        embedding: Width of learned node embeddings; 0 if nodes have features.
        derived: Whether the features were computed from the full message graph.
        statistics: Mean and deviation [F] of the training nodes, if features are standardised.
        metric: Name of what `score` measures.
        cleaned: Messages about dropped edges.
    """

    kind: ClassVar[str]
    #: Whether `divergence` and `confidence_loss` are means over nodes, which some of them estimate.
    by_node: ClassVar[bool] = True

    graph: Graph
    x: Matrix
    embedding: int = 0
    derived: bool = False
    statistics: dict[str, Tensor] = field(default_factory=dict)
    metric: str
    cleaned: tuple[str, ...] = ()

    @property
    def num_features(self) -> int:
        """Width of the model's input."""
        return self.embedding or self.x.shape[1]

    @property
    def embedded_nodes(self) -> int:
        """Number of nodes with an embedding: all or none."""
        return self.graph.num_nodes if self.embedding else 0

    @property
    @abstractmethod
    def num_outputs(self) -> int | None:
        """Width of the model's output; None for the backbone's hidden width."""

    @abstractmethod
    def nodes(self, split: str) -> Tensor:
        """Nodes whose outputs a split needs, int64 ascending."""

    @abstractmethod
    def loss(self, outputs: Tensor, nodes: Tensor) -> Tensor:
        """Mean training loss of the outputs [T, outputs] of training nodes int64 [T]."""

    @abstractmethod
    def score(self, outputs: Tensor, split: str) -> Tensor:
        """Score a split from the outputs of its `nodes`: float64 scalar on the device."""

    @abstractmethod
    def decisions(self, outputs: Tensor, split: str) -> tuple[Tensor, Tensor]:
        """Return the logits of a split's decisions, and what is true.

        Args:
            outputs: Those of the split's `nodes`.
            split: `train` (not of links), `val` or `test`.

        Returns:
            Class scores [T, C] and classes int64 [T]; or logits and float32 0 or 1 of one shape.
        """

    @abstractmethod
    def divergence(self, outputs: Tensor, teacher: Tensor, nodes: Tensor) -> Tensor:
        """Mean distance to a teacher's outputs for the same nodes, for distillation."""

    @abstractmethod
    def confidence_loss(self, outputs: Tensor, teacher: Tensor) -> Tensor:
        """How far outputs [T, outputs] fall short of a teacher's decisions for the same nodes.

        A soft margin of what the teacher decides, weighted by how sure it is; no label is read.
        The nodes are all of them, or any if the task is `by_node`.
        """

    @abstractmethod
    def agreement(self, teacher: Tensor) -> Tensor:
        """How well a teacher's outputs [N, outputs] for an edge's two ends agree: [E] in [0, 1].

        From one half on, they don't contradict each other.
        """

    def decoder_macs(self, width: int) -> int:
        """Multiply-adds besides the model's own, for outputs of so many columns."""
        return 0

    def second_score(self, outputs: Tensor, split: str) -> Tensor | None:
        """Score a split by `second_metric`, or None if there is none."""
        return None

    second_metric: ClassVar[str | None] = None

    def graph_at(self, split: str, graph: Graph) -> Graph:
        """Message graph of a split: what masks keep of the task's, perhaps with extra edges.

        Edges that a split adds come after the others and are never pruned.
        """
        return graph
