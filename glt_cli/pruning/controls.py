"""Controls for a ticket: do the masks matter, or only their sparsity?"""

from __future__ import annotations

import torch

from glt_cli.pruning.masks import Masks


def shuffled(masks: Masks, generator: torch.Generator) -> Masks:
    """Permute each mask at random: as many elements are kept, in other places."""
    mixed = {}
    for name, mask in masks.items():
        order = torch.randperm(mask.numel(), generator=generator).to(mask.device)
        mixed[name] = mask.flatten()[order].view(mask.shape)
    return mixed
