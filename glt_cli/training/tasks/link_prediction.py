"""Link prediction: which pairs of nodes are linked, by the product of their embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Pattern, pair_products
from glt_cli.training import metrics
from glt_cli.training.tasks.task import Task, binary_confidence_loss


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Pairs of nodes, sorted so that their products are computed together.

    Attributes:
        pattern: The distinct pairs, as entries of an N × N matrix.
        place: The entry of each of the P pairs in the given order, int64 [P].
    """

    pattern: Pattern
    place: Tensor

    @classmethod
    def of(cls, pairs: Tensor, num_nodes: int) -> Pairs:
        """Sort pairs, int64 [2, P]."""
        keys, place = torch.unique(pairs[0] * num_nodes + pairs[1], return_inverse=True)
        pattern = Pattern.from_coordinates(
            keys // num_nodes, keys % num_nodes, (num_nodes, num_nodes)
        )
        return cls(pattern=pattern, place=place)

    def scores(self, h: Tensor) -> Tensor:
        """h_u · h_v for each pair in the given order, [P]."""
        return pair_products(self.pattern, h).index_select(0, self.place)


@dataclass(frozen=True, kw_only=True)
class LinkPrediction(Task):
    """Link prediction with message edges as positive and random pairs as negative examples.

    Pruned edges send no messages, but stay examples.

    Attributes:
        positive: Linked pairs of `val` and `test`.
        negative: Unlinked pairs of `val` and `test`.
        extra_at_test: Message edges for the test only, int64 [2, V], not in the graph.
    """

    kind = "link prediction"
    by_node = False
    second_metric = "roc_auc"

    positive: dict[str, Pairs]
    negative: dict[str, Pairs]
    extra_at_test: Tensor | None = None

    #: K of Hits@K.
    K = 50

    @property
    def num_outputs(self) -> None:
        """See Task: outputs are embeddings of the backbone's hidden width."""
        return

    def nodes(self, split: str) -> Tensor:
        """See Task: all nodes, since any may be in a pair."""
        return torch.arange(self.graph.num_nodes, device=self.graph.device)

    def loss(self, outputs: Tensor, nodes: Tensor) -> Tensor:
        """Binary cross entropy of the edges among the nodes, and of as many random pairs."""
        ends = self._edges_among(nodes)
        count, size = ends.shape[1], nodes.numel()
        if not count:  # a small partition may have none
            return outputs.sum() * 0
        random = torch.randint(size, (2, count), device=outputs.device)
        scores = [Pairs.of(pairs, size).scores(outputs) for pairs in (ends, random)]
        return F.softplus(-scores[0]).mean() + F.softplus(scores[1]).mean()

    def score(self, outputs: Tensor, split: str) -> Tensor:
        """Hits@50: the share of links that score above all but 49 of the other pairs."""
        return metrics.hits_at(*self._scores(outputs, split), self.K)

    def second_score(self, outputs: Tensor, split: str) -> Tensor:
        """Area under the ROC curve."""
        return metrics.roc_auc(*self.decisions(outputs, split))

    def decisions(self, outputs: Tensor, split: str) -> tuple[Tensor, Tensor]:
        """See Task."""
        positive, negative = self._scores(outputs, split)
        labels = torch.cat([torch.ones_like(positive), torch.zeros_like(negative)])
        return torch.cat([positive, negative]), labels

    def divergence(self, outputs: Tensor, teacher: Tensor, nodes: Tensor) -> Tensor:
        """Binary cross entropy against the teacher's probabilities, on edges among the nodes."""
        ends = self._edges_among(nodes)
        if not ends.shape[1]:
            return outputs.sum() * 0
        pairs = Pairs.of(ends, nodes.numel())
        wanted = pairs.scores(teacher).sigmoid()
        return F.binary_cross_entropy_with_logits(pairs.scores(outputs), wanted)

    def confidence_loss(self, outputs: Tensor, teacher: Tensor) -> Tensor:
        """That of the message edges as pairs, linked or not, as the teacher decides."""
        pairs = Pairs.of(self.graph.edge_index, self.graph.num_nodes)
        return binary_confidence_loss(pairs.scores(outputs), pairs.scores(teacher))

    def agreement(self, teacher: Tensor) -> Tensor:
        """Predicted probability of the edge itself."""
        pairs = Pairs.of(self.graph.edge_index, self.graph.num_nodes)
        return pairs.scores(teacher).sigmoid()

    def decoder_macs(self, width: int) -> int:
        """One product for each test pair."""
        pairs = self.positive["test"].place.numel() + self.negative["test"].place.numel()
        return pairs * width

    def graph_at(self, split: str, graph: Graph) -> Graph:
        """See Task."""
        if split != "test" or self.extra_at_test is None:
            return graph
        return graph.with_edges(self.extra_at_test)

    def _scores(self, outputs: Tensor, split: str) -> tuple[Tensor, Tensor]:
        return self.positive[split].scores(outputs), self.negative[split].scores(outputs)

    def _edges_among(self, nodes: Tensor) -> Tensor:
        """Edges with both ends among the nodes, as indices into `nodes`."""
        if nodes.numel() == self.graph.num_nodes:
            return self.graph.edge_index
        return self.graph.part(nodes)[0].edge_index
