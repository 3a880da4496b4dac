"""What every task offers to the training loop: data on its device, a loss and a score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Matrix

#: Names of the splits that are scored; training's is `train`, and `all` takes in every node.
SCORED = ("val", "test")


#: τ, the softness of the margins in `Task.confidence_loss`.
MARGIN = 0.5


def binary_confidence_loss(logits: Tensor, teacher: Tensor) -> Tensor:
    """Mean of κ · softplus(−margin / τ) over yes-no decisions, logits and teacher of one shape."""
    probability = teacher.sigmoid()
    kappa = torch.maximum(probability, 1 - probability)
    return (kappa * F.softplus(-teacher.sign() * logits / MARGIN)).mean()


@dataclass(frozen=True, kw_only=True)
class Task(ABC):
    """A message graph, input features, and what is to be learned.

    Attributes:
        graph: The message graph, whose edges are pruned.
        x: Input features [N, F]; where `embedding` is set, node numbers int64 [N].
        embedding: Width of node embeddings to be learned; 0 where nodes have features.
        derived: Whether the features were computed from the full message graph.
        statistics: Mean and deviation [F] of the training nodes, where features are standardised.
        metric: What `score` measures, as tables call it.
        cleaned: Lines that say what was dropped from the edges, if anything was.
    """

    kind: ClassVar[str]

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
        """Nodes that get an embedding: all or none."""
        return self.graph.num_nodes if self.embedding else 0

    @property
    @abstractmethod
    def num_outputs(self) -> int | None:
        """Width of the model's output; None where the backbone's own width will do."""

    @abstractmethod
    def nodes(self, split: str) -> Tensor:
        """Nodes whose outputs a split needs, int64 ascending."""

    @abstractmethod
    def loss(self, outputs: Tensor, nodes: Tensor) -> Tensor:
        """Mean training loss, from the outputs [T, outputs] of training nodes int64 [T]."""

    @abstractmethod
    def score(self, outputs: Tensor, split: str) -> Tensor:
        """Score a split by the outputs of its `nodes`: float64 scalar, still on the device."""

    @abstractmethod
    def divergence(self, outputs: Tensor, teacher: Tensor, nodes: Tensor) -> Tensor:
        """Mean distance to a teacher's outputs for the same nodes, for distillation."""

    @abstractmethod
    def confidence_loss(self, outputs: Tensor, teacher: Tensor) -> Tensor:
        """How far outputs [N, outputs] of all nodes fall short of a teacher's decisions.

        A soft margin of what the teacher decides, weighted by how sure it is; no label is read.
        """

    @abstractmethod
    def agreement(self, teacher: Tensor) -> Tensor:
        """How far a teacher's outputs [N, outputs] for the ends of edges agree, [E] in [0, 1].

        From one half on they don't contradict each other.
        """

    def decoder_macs(self, width: int) -> int:
        """Multiply-adds beside the model's own, for outputs of so many columns."""
        return 0

    def second_score(self, outputs: Tensor, split: str) -> Tensor | None:
        """Score a split by `second_metric`, or None where there is none."""
        return None

    second_metric: ClassVar[str | None] = None

    def graph_at(self, split: str, graph: Graph) -> Graph:
        """Message graph of a split: what masks left of the task's, perhaps with edges of its own.

        Edges that a split adds come after the others and are never pruned.
        """
        return graph
