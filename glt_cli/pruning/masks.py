"""Masks over edges and weights at exact targets."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from glt_cli.errors import InvalidResultError
from glt_cli.pruning.select import mask_of_largest, removed_count, tie_key

#: Name of the edges among the pruned tensors; all others are weights.
EDGE = "edge"

#: Names of what is pruned, in messages and tables.
KINDS = ("edges", "weights")

#: How the target of the weights is distributed over tensors.
ALLOCATIONS = ("uniform", "global")

#: One bool mask for each pruned tensor, True where kept: `EDGE` [E], and each weight's shape.
Masks = dict[str, Tensor]


@dataclass(frozen=True)
class Targets:
    """Target sparsities: the shares of edges and of prunable weights to remove."""

    graph_sparsity: float
    weight_sparsity: float

    def of(self, name: str) -> float:
        """Target of the named tensor."""
        return self.graph_sparsity if name == EDGE else self.weight_sparsity

    def scaled(self, factor: float) -> Targets:
        """Both targets times a factor."""
        return Targets(self.graph_sparsity * factor, self.weight_sparsity * factor)


def full(tensors: dict[str, Tensor]) -> Masks:
    """Masks that keep everything."""
    return {name: torch.ones_like(t, dtype=torch.bool) for name, t in tensors.items()}


def clone(masks: Masks) -> Masks:
    """Copy masks, so that later changes don't affect them."""
    return {name: mask.clone() for name, mask in masks.items()}


def masks_of_largest(
    scores: dict[str, Tensor], targets: Targets, allocation: str, generator: torch.Generator
) -> Masks:
    """Keep the elements with the largest scores, down to the target sparsities.

    Args:
        scores: One score per element; those of edges under `EDGE`.
        targets: Met exactly: of n elements ⌊s·n⌋ are removed.
        allocation: `uniform` applies the weights' target to each tensor, `global` to all of them
            together.
        generator: Breaks ties.

    Raises:
        ValueError: The allocation is another word.
        InvalidResultError: A score is NaN.
    """
    if allocation not in ALLOCATIONS:
        raise ValueError(f"allocation={allocation!r}: must be one of {', '.join(ALLOCATIONS)}")
    for name, values in scores.items():
        if count := int(values.isnan().sum()):
            raise InvalidResultError(
                f"{count:,} of {values.numel():,} scores of {name} are NaN, so they can't be ranked"
            )
    groups = [[EDGE]] if EDGE in scores else []
    weights = [name for name in scores if name != EDGE]
    groups += [weights] if allocation == "global" else [[name] for name in weights]
    masks: Masks = {}
    for group in groups:
        flat = torch.cat([scores[name].flatten() for name in group])
        count = flat.numel() - removed_count(targets.of(group[0]), flat.numel())
        mask = mask_of_largest(flat, count, tie_key(flat, generator))
        masks.update(split(mask, {name: scores[name] for name in group}))
    return masks


def random_masks(
    tensors: dict[str, Tensor], targets: Targets, allocation: str, generator: torch.Generator
) -> Masks:
    """Draw random masks at the targets: all scores are equal, and ties are broken at random."""
    equal = {name: torch.zeros_like(tensor) for name, tensor in tensors.items()}
    return masks_of_largest(equal, targets, allocation, generator)


def split(flat: Tensor, like: dict[str, Tensor]) -> dict[str, Tensor]:
    """Split a flat tensor into the shapes of others, in their order."""
    parts = torch.split(flat, [t.numel() for t in like.values()])
    return {name: part.view(like[name].shape) for name, part in zip(like, parts, strict=True)}


def kept_counts(masks: Masks) -> dict[str, int]:
    """Number of kept elements of each tensor."""
    return {name: int(mask.sum()) for name, mask in masks.items()}


def sparsities(masks: Masks, kept: dict[str, int]) -> tuple[float, float]:
    """Graph sparsity, and weight sparsity over all prunable weights."""
    weights = [name for name in masks if name != EDGE]
    total = sum(masks[name].numel() for name in weights)
    return (
        1 - kept[EDGE] / masks[EDGE].numel() if masks[EDGE].numel() else 0.0,
        1 - sum(kept[name] for name in weights) / total,
    )


def sparsities_of(masks: Masks) -> tuple[float, float]:
    """Graph and weight sparsity of masks that may lack edges or weights, which then are whole."""
    shares = []
    for is_edges in (True, False):
        some = [mask for name, mask in masks.items() if (name == EDGE) == is_edges]
        total = sum(mask.numel() for mask in some)
        shares.append(1 - sum(int(mask.sum()) for mask in some) / total if total else 0.0)
    return shares[0], shares[1]


def kept_shares(counts: dict[str, int], kept: dict[str, int]) -> dict[str, float]:
    """Turn counts per tensor into shares of all kept edges and of all kept weights."""
    shares = {}
    for kind, is_edges in zip(KINDS, (True, False), strict=True):
        names = [name for name in counts if (name == EDGE) == is_edges]
        if names:
            total = sum(kept[name] for name in names)
            shares[kind] = sum(counts[name] for name in names) / max(total, 1)
    return shares
