"""What every ticket promises, checked after each search, whatever method did it."""

from __future__ import annotations

import torch
from torch import Tensor

from glt_cli.pruning.masks import EDGE, Masks, Targets
from glt_cli.pruning.select import removed_count


class BrokenPromiseError(Exception):
    """A method's masks are not those of a ticket at the targets; says why, in one line."""


def check_masks(
    masks: Masks, tensors: dict[str, Tensor], targets: Targets, allocation: str | None
) -> None:
    """Check that masks are binary, of the right shapes, and meet the targets to the element.

    Args:
        masks: What a method found.
        tensors: What is pruned, by name: `EDGE` [E] and the weights.
        targets: Of n elements ⌊s·n⌋ are removed.
        allocation: Of the weights, whether n counts those of each tensor (`uniform`) or all
            (`global`); None where a method doesn't say, and either will do.

    Raises:
        BrokenPromiseError: One of that does not hold.
    """
    if set(masks) != set(tensors):
        wrong = ", ".join(sorted(set(masks) ^ set(tensors)))
        raise BrokenPromiseError(f"there must be one mask for each pruned tensor; see {wrong}")
    for name, tensor in tensors.items():
        mask = masks[name]
        if mask.dtype != torch.bool or mask.shape != tensor.shape:
            raise BrokenPromiseError(
                f"the mask of {name} must be bool {list(tensor.shape)}; "
                f"it is {str(mask.dtype).removeprefix('torch.')} {list(mask.shape)}"
            )
    removed = {name: int((~mask).sum()) for name, mask in masks.items()}
    sizes = {name: tensor.numel() for name, tensor in tensors.items()}
    edges = sizes.pop(EDGE)
    weights = sum(sizes.values())
    _check_count(
        "edges",
        removed.pop(EDGE),
        edges,
        targets.graph_sparsity,
        {removed_count(targets.graph_sparsity, edges)},
    )
    each = {name: removed_count(targets.weight_sparsity, size) for name, size in sizes.items()}
    if allocation == "uniform":
        for name, size in sizes.items():
            _check_count(
                f"weights of {name}", removed[name], size, targets.weight_sparsity, {each[name]}
            )
        return
    exact = {removed_count(targets.weight_sparsity, weights)}
    exact |= {sum(each.values())} if allocation is None else set()
    _check_count("weights", sum(removed.values()), weights, targets.weight_sparsity, exact)


def _check_count(what: str, removed: int, total: int, target: float, exact: set[int]) -> None:
    if removed not in exact:
        raise BrokenPromiseError(
            f"{removed:,} of {total:,} {what} are removed ({removed / max(total, 1):.2%}); "
            f"a target of {target:.2%} is {' or '.join(f'{count:,}' for count in sorted(exact))}"
        )


def check_repeatable(first: Masks, second: Masks) -> None:
    """Check that two searches with the same seed found the same masks.

    Raises:
        BrokenPromiseError: They did not.
    """
    for name, mask in first.items():
        if not torch.equal(mask, second[name]):
            raise BrokenPromiseError(
                f"the same seed gave other masks of {name} the second time; draw random numbers "
                "from context.generator() only"
            )
