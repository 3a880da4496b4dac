"""Metrics: pure functions that stay on the device, without synchronising.

Each returns a float64 scalar tensor, equal to the results of scikit-learn and OGB's evaluators.
"""

import torch
from torch import Tensor


def accuracy(outputs: Tensor, y: Tensor) -> Tensor:
    """Share of rows of ``outputs`` [T, C] whose largest entry is at the class ``y`` [T]."""
    return (outputs.argmax(-1) == y).to(torch.float64).mean()


def roc_auc(scores: Tensor, labels: Tensor) -> Tensor:
    """Area under the ROC curve: the chance that a positive scores above a negative.

    Equal scores count half. Computed from the rank sum in O(T log T).

    Args:
        scores: [T], or [T, L] for L labels.
        labels: 0 or 1, of the same shape and any type.

    Returns:
        The mean over the columns that have both classes; nan if there is none, and nan if a
        score in such a column is nan.
    """
    columns = scores.detach().reshape(len(scores), -1).T.contiguous()
    positive = labels.reshape(len(labels), -1).T.to(torch.float64)
    in_order = columns.sort(dim=1).values
    below = torch.searchsorted(in_order, columns, right=False)
    up_to = torch.searchsorted(in_order, columns, right=True)
    ranks = (below + up_to + 1).to(torch.float64) / 2
    positives = positive.sum(1)
    negatives = positive.shape[1] - positives
    pairs = positives * negatives
    area = ((ranks * positive).sum(1) - positives * (positives + 1) / 2) / pairs
    area = area.masked_fill(columns.isnan().any(1), torch.nan)
    counts = pairs > 0
    return area.masked_fill(~counts, 0).sum() / counts.sum()


def f1_macro(outputs: Tensor, y: Tensor) -> Tensor:
    """Mean over classes of F1, the harmonic mean of precision and recall.

    Args:
        outputs: [T, C]; the largest entry of a row is the predicted class.
        y: Classes, int64 [T].

    Returns:
        The mean over the classes that occur in ``y`` or in the predictions.
    """
    classes = outputs.shape[-1]
    predicted = outputs.argmax(-1)
    one = torch.ones_like(y, dtype=torch.float64)

    def counts(of: Tensor, weights: Tensor) -> Tensor:
        return weights.new_zeros(classes).scatter_add(0, of, weights)

    both = counts(y, one) + counts(predicted, one)
    hits = counts(y, (predicted == y).to(torch.float64))
    occurs = both > 0
    return (2 * hits / both).masked_fill(~occurs, 0).sum() / occurs.sum()


def average_precision(scores: Tensor, labels: Tensor) -> Tensor:
    """Mean precision at the score of each positive: the area under the precision-recall steps.

    Args:
        scores: [T].
        labels: 0 or 1, [T].

    Returns:
        nan if there is no positive or a score is nan.
    """
    scores = scores.detach()
    positive = labels.to(torch.bool)
    total = len(scores)
    at_least = total - torch.searchsorted(scores.sort().values, scores, right=False)
    own = scores.masked_fill(~positive, -torch.inf).sort().values
    positives_at_least = total - torch.searchsorted(own, scores, right=False)
    precision = positives_at_least.to(torch.float64) / at_least
    mean = precision.masked_fill(~positive, 0).sum() / positive.sum()
    return mean.masked_fill(scores.isnan().any(), torch.nan)


def hits_at(positive: Tensor, negative: Tensor, k: int) -> Tensor:
    """Hits@k by OGB's rule.

    Args:
        positive: Scores of linked pairs, [P].
        negative: Scores of other pairs, [Q].
        k: Rank of the negative score that a link has to exceed.

    Returns:
        The share of ``positive`` strictly above the k-th largest of ``negative``; 1 if there are
        fewer than k.
    """
    if len(negative) < k:
        return torch.ones((), dtype=torch.float64, device=positive.device)
    bar = negative.detach().topk(k).values[-1]
    return (positive > bar).to(torch.float64).mean()
