"""Node classification, with one class or several labels per node."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from glt_cli.training import metrics
from glt_cli.training.tasks.task import MARGIN, Task, binary_confidence_loss

#: Metrics of the predicted classes; of two classes also those of the second one's score.
_OF_CLASSES = {"accuracy": metrics.accuracy, "f1_macro": metrics.f1_macro}
_OF_SCORES = {"roc_auc": metrics.roc_auc, "average_precision": metrics.average_precision}


@dataclass(frozen=True, kw_only=True)
class NodeTask(Task):
    """A task with labelled nodes.

    Attributes:
        y: int64 [N] classes, or float32 [N, L] labels.
        splits: Node indices of `train`, `val` and `test`, ascending.
        outputs: Number of classes or labels.
    """

    y: Tensor
    splits: dict[str, Tensor]
    outputs: int

    @property
    def num_outputs(self) -> int:
        """See Task."""
        return self.outputs

    def nodes(self, split: str) -> Tensor:
        """See Task."""
        if split == "all":
            return torch.arange(self.graph.num_nodes, device=self.y.device)
        return self.splits[split]

    def decisions(self, outputs: Tensor, split: str) -> tuple[Tensor, Tensor]:
        """See Task."""
        return outputs, self.y[self.splits[split]]


@dataclass(frozen=True, kw_only=True)
class NodeClassification(NodeTask):
    """Each node has one class."""

    kind = "node classification"

    def loss(self, outputs: Tensor, nodes: Tensor) -> Tensor:
        """Cross entropy."""
        return F.cross_entropy(outputs, self.y[nodes])

    def score(self, outputs: Tensor, split: str) -> Tensor:
        """Accuracy or macro F1; with two classes also ROC-AUC or average precision."""
        y = self.y[self.splits[split]]
        if self.metric in _OF_SCORES:
            return _OF_SCORES[self.metric](outputs[:, 1] - outputs[:, 0], y)
        return _OF_CLASSES[self.metric](outputs, y)

    def divergence(self, outputs: Tensor, teacher: Tensor, nodes: Tensor) -> Tensor:
        """Kullback-Leibler divergence of the predicted classes from the teacher's."""
        given = F.log_softmax(teacher, dim=1)
        return F.kl_div(
            F.log_softmax(outputs, dim=1), given, reduction="batchmean", log_target=True
        )

    def confidence_loss(self, outputs: Tensor, teacher: Tensor) -> Tensor:
        """Mean of κ · softplus(−margin / τ): margin of the teacher's class over the best other."""
        kappa, decided = teacher.softmax(1).max(1)
        scores = outputs.log_softmax(1)
        own = scores.gather(1, decided.unsqueeze(1)).squeeze(1)
        others = scores.scatter(1, decided.unsqueeze(1), -torch.inf).max(1).values
        return (kappa * F.softplus(-(own - others) / MARGIN)).mean()

    def agreement(self, teacher: Tensor) -> Tensor:
        """Mean of two terms: the same predicted class (0 or 1), and p_u · p_v.

        The inner product of the distributions alone says little if training stopped early and
        predictions are soft (docs/choices.md).
        """
        source, target = (teacher.softmax(1)[end] for end in self.graph.edge_index)
        same = source.argmax(1) == target.argmax(1)
        return (same + (source * target).sum(1)) / 2


@dataclass(frozen=True, kw_only=True)
class MultiLabel(NodeTask):
    """Each node has any number of L labels; the score is the mean ROC-AUC over labels."""

    kind = "multi-label node classification"

    def loss(self, outputs: Tensor, nodes: Tensor) -> Tensor:
        """Binary cross entropy, mean over nodes and labels."""
        return F.binary_cross_entropy_with_logits(outputs, self.y[nodes])

    def score(self, outputs: Tensor, split: str) -> Tensor:
        """Macro ROC-AUC; labels that all or none of a split's nodes have are skipped."""
        return metrics.roc_auc(outputs, self.y[self.splits[split]])

    def divergence(self, outputs: Tensor, teacher: Tensor, nodes: Tensor) -> Tensor:
        """Binary cross entropy against the teacher's probabilities."""
        return F.binary_cross_entropy_with_logits(outputs, teacher.sigmoid())

    def confidence_loss(self, outputs: Tensor, teacher: Tensor) -> Tensor:
        """Mean over labels of κ · softplus(−margin / τ): the logit on the teacher's side of 0."""
        return binary_confidence_loss(outputs, teacher)

    def agreement(self, teacher: Tensor) -> Tensor:
        """Probability that both ends have a label or both lack it, mean over labels."""
        source, target = (teacher.sigmoid()[end] for end in self.graph.edge_index)
        return (source * target + (1 - source) * (1 - target)).mean(1)
