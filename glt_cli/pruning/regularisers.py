"""Gradients of the edge-score regularisers (arXiv 2412.07605).

They are added by hand, to keep them out of the task's gradient, which decides what returns.
"""

from __future__ import annotations

import torch
from torch import Tensor


def mean_distance(a: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of |a_i − a_j| over all E² pairs, and its gradient [E].

    One sort, O(E log E), without an E×E tensor. The gradient between equal scores is 0.
    """
    count = a.numel()
    ordered = a.sort().values
    place = torch.arange(count, device=a.device, dtype=a.dtype)
    value = 2 * ((2 * place - (count - 1)) * ordered).sum() / count**2
    smaller = torch.searchsorted(ordered, a)
    larger = count - torch.searchsorted(ordered, a, right=True)
    return value, 2 * (smaller - larger).to(a.dtype) / count**2


def diversity_gradient(a: Tensor) -> Tensor:
    """Gradient of exp(−½·mean|a_i − a_j|), which pushes scores apart."""
    value, gradient = mean_distance(a)
    return -0.5 * torch.exp(-0.5 * value) * gradient


def variance_gradient(a: Tensor) -> Tensor:
    """Gradient of −log(var a + 1e-8), the unbiased variance; 0 for fewer than two edges."""
    if a.numel() < 2:
        return torch.zeros_like(a)
    centred = a - a.mean()
    return -2 * centred / (a.numel() - 1) / (a.var() + 1e-8)
