"""Exact selection: which elements are kept, to the last one, ties by a seeded random key."""

from __future__ import annotations

from decimal import Decimal

import torch
from torch import Tensor


def removed_count(sparsity: float, total: int) -> int:
    """Elements to remove, ⌊s·n⌋ with s read as a decimal: 0.29 of 100 is 29, not 28."""
    return int(Decimal(repr(sparsity)) * total)


def tie_key(scores: Tensor, generator: torch.Generator) -> Tensor:
    """Draw the random order (int64 [n], a permutation) in which equal ones of n scores are taken.

    Index order would favour some nodes, and projected scores tie by the thousand. The generator
    is the CPU's, so that a seed gives the same order on every device.
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
