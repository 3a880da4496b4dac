"""One exchange of a tensor's elements: noisy ones leave, potential ones enter."""

from __future__ import annotations

import torch
from torch import Tensor

from glt_cli.pruning.select import largest, smallest


def choose(
    kept: Tensor, pruned: Tensor, worth: Tensor, potential: Tensor, count: int, key: Tensor
) -> tuple[Tensor, Tensor]:
    """Choose which elements leave and which enter.

    Args:
        kept: Elements that may leave, bool.
        pruned: Elements that may enter, bool, none of them kept.
        worth: |w| or a; the smallest kept ones are noise and leave.
        potential: Promise of the pruned elements; the largest enter. May be infinite.
        count: How many are exchanged, at most as many as may leave and as may enter.
        key: Order of ties (`select.tie_key`).

    Returns:
        Flat indices of those that leave and of those that enter; disjoint.

    """
    noise = worth.flatten().masked_fill(~kept.flatten(), torch.inf)
    promise = potential.flatten().masked_fill(~pruned.flatten(), -torch.inf)
    return smallest(noise, count, key), largest(promise, count, key)
