"""Calibration of probabilities: the temperature, and how far off they are (arXiv 1706.04599)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

#: Temperatures that are tried, and how often the range is narrowed.
_LOWEST, _HIGHEST, _STEPS = 0.02, 50.0, 60
_BINS = 15


def temperature(scores: Tensor, y: Tensor) -> float:
    """Find the T that minimises the log loss of scores / T; it changes no prediction.

    Args:
        scores: Class scores [N, C], or the logits of labels or links, of y's shape.
        y: Classes, int64 [N]; or 0 and 1, float32.
    """
    low, high = torch.log(torch.tensor([_LOWEST, _HIGHEST], dtype=torch.float64)).tolist()
    golden = (5**0.5 - 1) / 2
    scores = scores.double()

    def loss(logarithm: float) -> float:
        scaled = scores / torch.tensor(logarithm, dtype=torch.float64).exp()
        if y.is_floating_point():
            return float(F.binary_cross_entropy_with_logits(scaled, y.double()))
        return float(F.cross_entropy(scaled, y))

    # The log loss has one minimum in 1 / T, so in log T too.
    for _ in range(_STEPS):
        one, two = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, two) if loss(one) <= loss(two) else (one, high)
    return float(torch.tensor((low + high) / 2, dtype=torch.float64).exp())


def calibration_error(probabilities: Tensor, y: Tensor) -> float:
    """The expected calibration error: |confidence - accuracy| over 15 bins of confidence.

    Args:
        probabilities: [N, C], of classes.
        y: int64 [N].
    """
    confidence, predicted = probabilities.max(1)
    right = predicted.eq(y).double()
    place = (confidence.double() * _BINS).long().clamp(max=_BINS - 1)
    zeros = torch.zeros(_BINS, dtype=torch.float64)
    gaps = zeros.index_add(0, place, confidence.double() - right)
    return float(gaps.abs().sum() / len(y))
