"""Guarantees of every ticket, checked after each search, whatever the method."""

from __future__ import annotations

import torch
from torch import Tensor

from glt_cli.errors import InvalidResultError, kind_of
from glt_cli.pruning.masks import EDGE, Masks, Targets
from glt_cli.pruning.select import removed_count


class BrokenGuaranteeError(InvalidResultError):
    """A method's masks violate a guarantee; the message says which, in one line."""


def check_masks(
    masks: Masks, tensors: dict[str, Tensor], targets: Targets, allocation: str | None
) -> None:
    """Check that masks are binary, have the right shapes, and meet the targets exactly.

    Args:
        masks: The masks that a method found.
        tensors: The tensors that are pruned, by name: `EDGE` [E] and the weights.
        targets: Of n elements ⌊s·n⌋ are removed.
        allocation: Whether n counts the weights of each tensor (`uniform`) or all weights
            (`global`); None, if a method doesn't say, allows either.

    Raises:
        BrokenGuaranteeError: One of these doesn't hold.
    """
    _check_names(masks, tensors)
    for name, tensor in tensors.items():
        mask = masks[name]
        if not isinstance(mask, Tensor):
            raise BrokenGuaranteeError(
                f"the mask of {name} must be a bool tensor {list(tensor.shape)}; "
                f"it is {kind_of(mask)}"
            )
        if mask.dtype != torch.bool or mask.shape != tensor.shape:
            raise BrokenGuaranteeError(
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


def _check_names(masks: object, tensors: dict[str, Tensor]) -> None:
    if not isinstance(masks, dict):
        raise BrokenGuaranteeError(
            f"the masks must be a dict of tensors by name; it is {kind_of(masks)}"
        )
    wrong = {"missing": set(tensors) - set(masks), "unknown": set(masks) - set(tensors)}
    if any(wrong.values()):
        listed = (f"{what}: {', '.join(sorted(map(str, n)))}" for what, n in wrong.items() if n)
        raise BrokenGuaranteeError(
            f"there must be one mask for each pruned tensor; {'; '.join(listed)}"
        )


def _check_count(what: str, removed: int, total: int, target: float, exact: set[int]) -> None:
    if removed not in exact:
        raise BrokenGuaranteeError(
            f"{removed:,} of {total:,} {what} are removed ({removed / max(total, 1):.2%}); "
            f"a target of {target:.2%} is {' or '.join(f'{count:,}' for count in sorted(exact))}"
        )


def check_repeatable(first: Masks, second: Masks) -> None:
    """Check that two searches with the same seed found the same masks.

    Raises:
        BrokenGuaranteeError: They differ.
    """
    for name, mask in first.items():
        if name not in second or not torch.equal(mask, second[name]):
            raise BrokenGuaranteeError(
                f"the same seed gave different masks of {name} the second time: the method drew "
                "random numbers not from context.generator(), or it changed the model "
                "(context.rewind() resets it)"
            )
