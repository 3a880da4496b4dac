"""Few rounds of soft masks for the weights, on a graph that is already sparse."""

from __future__ import annotations

from functools import partial

import torch

from glt_cli.pruning.context import PruningContext
from glt_cli.pruning.masks import EDGE, Masks, full, split
from glt_cli.pruning.select import mask_of_largest, removed_count, tie_key
from glt_cli.pruning.soft_masks import train_soft_masks
from glt_cli.training.loop import Distillation

#: A soft mask is chosen among every third epoch: validating more often costs time alone.
VALIDATE_EVERY = 3

#: Random nodes that stand for all in the divergence, new ones in each epoch.
SAMPLE = 512


def soft_rounds(
    context: PruningContext,
    rounds: int = 4,
    epochs: int = 40,
    lr: float = 0.008,
    weight_decay: float = 8e-5,
    l1: float = 0.01,
    distill: float = 0.0,
) -> Masks:
    """Remove weights in rounds, each the same share of what is left, by one threshold over all.

    Each round trains soft masks from Θ₀ and removes the smallest. Four rounds do as well as IMP's
    many; a single one does not.

    Args:
        context: Whose edges stay as they are.
        rounds: R; round r keeps (1 − s)^(r/R) of the weights.
        epochs: Of each round.
        lr: Learning rate of weights and soft masks.
        weight_decay: Of weights.
        l1: Coefficient of the L1 subgradient on the soft masks.
        distill: λ of the divergence from the dense model's outputs; 0 does not ask for them.

    Returns:
        Masks of the weights, at the target.
    """
    weights = {name: t for name, t in context.tensors().items() if name != EDGE}
    total = sum(weight.numel() for weight in weights.values())
    sparsity = context.targets.weight_sparsity
    masks = full(weights)
    if not sparsity:
        return masks
    teaching = Distillation(context.teacher(), distill, SAMPLE) if distill else None

    def find(number: int, masks: Masks) -> Masks:
        phase = f"soft round {number}"
        soft = train_soft_masks(
            context,
            masks,
            phase,
            epochs,
            lr,
            weight_decay,
            edge_lr=0.0,
            l1=dict.fromkeys(masks, l1),
            distillation=teaching,
            validate_every=VALIDATE_EVERY,
        )
        kept = total - removed_count(sparsity, total)
        if number < rounds:
            kept = max(kept, round(total * (1 - sparsity) ** (number / rounds)))
        every = [soft[name].masked_fill(~mask, -1).flatten() for name, mask in masks.items()]
        flat = torch.cat(every)
        key = tie_key(flat, context.generator(f"soft cut {number}"))
        return split(mask_of_largest(flat, kept, key), masks)

    for number in range(1, rounds + 1):
        masks = context.stage(f"soft round {number}", partial(find, number, masks))
    return masks
