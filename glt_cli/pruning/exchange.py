"""One exchange in a tensor: kept elements of low saliency leave, pruned ones enter."""

from __future__ import annotations

from torch import Tensor


def choose(
    kept: Tensor, pruned: Tensor, saliency: Tensor, growth: Tensor, leave: int, enter: int
) -> tuple[Tensor, Tensor]:
    """Choose which elements leave and which enter.

    Ties are broken by the order of the indices, which is random (`SparseParameters`).

    Args:
        kept: Flat indices of the elements that may leave, int64.
        pruned: Flat indices of those that may enter.
        saliency: Saliency, such as |w|; the kept elements with the smallest leave.
        growth: Growth score; the pruned elements with the largest enter. May be infinite.
        leave: Number of elements to remove.
        enter: Number of elements to add.

    Returns:
        Indices into `kept` of those that leave, and into `pruned` of those that enter.
    """
    noise = saliency.flatten().index_select(0, kept)
    growth = growth.flatten().index_select(0, pruned)
    return (
        noise.topk(leave, largest=False, sorted=False).indices,
        growth.topk(enter, sorted=False).indices,
    )
