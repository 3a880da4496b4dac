"""One exchange of a tensor's elements: noisy ones leave, potential ones enter."""

from __future__ import annotations

from torch import Tensor


def choose(
    kept: Tensor, pruned: Tensor, saliency: Tensor, growth: Tensor, leave: int, enter: int
) -> tuple[Tensor, Tensor]:
    """Choose which elements leave and which enter.

    Ties are decided by the order of the lists, which is random (`SparseParameters`).

    Args:
        kept: Flat indices of the elements that may leave, int64.
        pruned: Flat indices of those that may enter.
        saliency: |w| or a; the smallest kept ones are noise and leave.
        growth: Growth score of the pruned elements; the largest enter. May be infinite.
        leave: How many leave.
        enter: How many enter.

    Returns:
        Places in `kept` of those that leave, places in `pruned` of those that enter.
    """
    noise = saliency.flatten().index_select(0, kept)
    growth = growth.flatten().index_select(0, pruned)
    return (
        noise.topk(leave, largest=False, sorted=False).indices,
        growth.topk(enter, sorted=False).indices,
    )
