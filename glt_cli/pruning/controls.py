"""Controls of a found ticket: do the masks matter, or any of their size?"""

from __future__ import annotations

import torch

from glt_cli.pruning.masks import Masks


def shuffled(masks: Masks, generator: torch.Generator) -> Masks:
    """Keep as many elements of each tensor, in random places."""
    mixed = {}
    for name, mask in masks.items():
        order = torch.randperm(mask.numel(), generator=generator).to(mask.device)
        mixed[name] = mask.flatten()[order].view(mask.shape)
    return mixed
