"""IMP: iterative magnitude pruning of soft masks, as UGS (arXiv 2102.06790)."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from glt_cli.config.methods import IMPConfig
from glt_cli.pruning.context import PruningContext, PruningRound, SearchResult
from glt_cli.pruning.masks import EDGE, Masks, clone, full, split
from glt_cli.pruning.select import mask_of_largest, removed_count, tie_key
from glt_cli.pruning.soft_masks import train_soft_masks


def find(context: PruningContext, config: IMPConfig) -> SearchResult:
    """Train soft masks, prune, rewind, and repeat until both targets are met."""
    tensors = context.tensors()
    masks = full(tensors)
    rounds: list[PruningRound] = []
    while not _at_target(context, masks, config):
        number = len(rounds) + 1
        masks = context.stage(f"round {number}", partial(_round, context, config, masks, number))
        rounds.append(PruningRound(number, clone(masks)))
    return SearchResult(masks, rounds[:-1], config.retrain_each_round)


def _round(context: PruningContext, config: IMPConfig, masks: Masks, number: int) -> Masks:
    trainer = context.trainer
    soft = train_soft_masks(
        context,
        masks,
        f"round {number}",
        config.epochs,
        trainer.lr,
        trainer.weight_decay,
        config.edge_lr,
        {name: config.edge_l1 if name == EDGE else config.weight_l1 for name in masks},
    )
    return _cut(context, config, masks, soft, number)


def _cut(
    context: PruningContext, config: IMPConfig, masks: Masks, soft: dict[str, Tensor], number: int
) -> Masks:
    """Remove a share of the kept elements, those with the smallest soft masks, up to the target."""
    generator = context.generator(f"cut {number}")
    new: Masks = {}
    for group in _groups(masks, config):
        fraction = config.edge_fraction if group == [EDGE] else config.weight_fraction
        flat = torch.cat([soft[name].masked_fill(~masks[name], -1).flatten() for name in group])
        kept = _kept(masks, group)
        count = max(kept - max(int(fraction * kept), 1), _goal(context, masks, group))
        mask = mask_of_largest(flat, count, tie_key(flat, generator))
        new.update(split(mask, {name: masks[name] for name in group}))
    return {name: new[name] for name in masks}


def _at_target(context: PruningContext, masks: Masks, config: IMPConfig) -> bool:
    return all(
        _kept(masks, group) <= _goal(context, masks, group) for group in _groups(masks, config)
    )


def _groups(masks: Masks, config: IMPConfig) -> list[list[str]]:
    """Groups of tensors that share a threshold."""
    weights = [name for name in masks if name != EDGE]
    return [[EDGE], *([weights] if config.allocation == "global" else [[n] for n in weights])]


def _kept(masks: Masks, group: list[str]) -> int:
    return sum(int(masks[name].sum()) for name in group)


def _goal(context: PruningContext, masks: Masks, group: list[str]) -> int:
    """Number of kept elements at the target."""
    total = sum(masks[name].numel() for name in group)
    return total - removed_count(context.targets.of(group[0]), total)
