"""What every ticket promises, checked after each search, whatever method did it."""

from __future__ import annotations

import torch
from torch import Tensor

from glt_cli.pruning.masks import EDGE, Masks, Targets
from glt_cli.pruning.select import removed_count


class BrokenPromiseError(Exception):
    """A method's masks are not those of a ticket at the targets; says why, in one line."""


def check_masks(masks: Masks, tensors: dict[str, Tensor], targets: Targets) -> None:
    """Check that masks are binary, of the right shapes, and meet the targets to the element.

    Args:
        masks: What a method found.
        tensors: What is pruned, by name: `EDGE` [E] and the weights.
        targets: Of n elements ⌊s·n⌋ are removed; of the weights all together, or of each tensor.

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
    weights = [name for name in tensors if name != EDGE]
    for kind, names, target in (
        ("edges", [EDGE], targets.graph),
        ("weights", weights, targets.weight),
    ):
        sizes = [tensors[name].numel() for name in names]
        removed = sum(int((~masks[name]).sum()) for name in names)
        wanted = {
            removed_count(target, sum(sizes)),
            sum(removed_count(target, size) for size in sizes),
        }
        if removed not in wanted:
            raise BrokenPromiseError(
                f"{removed:,} of {sum(sizes):,} {kind} are removed "
                f"({removed / max(sum(sizes), 1):.2%}); a target of {target:.2%} is "
                f"{' or '.join(f'{count:,}' for count in sorted(wanted))}"
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
