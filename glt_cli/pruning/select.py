"""Exact selection of the elements to keep; ties are broken by a seeded random key."""

from __future__ import annotations

from decimal import Decimal

import torch
from torch import Tensor


def removed_count(sparsity: float, total: int) -> int:
    """Number of elements to remove, ⌊s·n⌋ with s as a decimal: 0.29 of 100 is 29, not 28."""
    return int(Decimal(repr(sparsity)) * total)


def tie_key(scores: Tensor, generator: torch.Generator) -> Tensor:
    """Draw the random order, a permutation int64 [n], that breaks ties among n scores.

    Breaking ties by index would favour some nodes, and projection makes thousands of scores equal.
    The generator is on the CPU, so that a seed gives the same order on every device.
    """
    return torch.randperm(scores.numel(), generator=generator).to(scores.device)


def largest(scores: Tensor, count: int, key: Tensor) -> Tensor:
    """Find the `count` largest scores of a flat tensor, ties in the key's order: int64 [count]."""
    return key[scores[key].topk(count, sorted=False).indices]


def smallest(scores: Tensor, count: int, key: Tensor) -> Tensor:
    """Find the `count` smallest scores of a flat tensor, ties in the key's order: int64 [count]."""
    return largest(-scores, count, key)


def mask_of_largest(scores: Tensor, count: int, key: Tensor) -> Tensor:
    """Keep the `count` largest scores: a mask of the scores' shape."""
    mask = torch.zeros(scores.numel(), dtype=torch.bool, device=scores.device)
    mask[largest(scores.flatten(), count, key)] = True
    return mask.view(scores.shape)
