"""Soft masks: factors of weights and edges, trained beside the weights (UGS, arXiv 2102.06790)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call

from glt_cli.pruning.context import PruningContext
from glt_cli.pruning.masks import EDGE, Masks, sparsities_of
from glt_cli.training.batches import Batch
from glt_cli.training.loop import Best, Distillation, adam

#: Half-width of the noise around 1 with which soft masks begin.
NOISE = 1e-5


def train_soft_masks(
    context: PruningContext,
    masks: Masks,
    phase: str,
    epochs: int,
    lr: float,
    weight_decay: float,
    edge_lr: float,
    l1: Mapping[str, float],
    distillation: Distillation | None = None,
    validate_every: int = 1,
) -> dict[str, Tensor]:
    """Train weights from Θ₀ and soft masks together; return the soft masks of the best epoch.

    Args:
        context: Where.
        masks: Elements that are kept so far; a soft mask for each of these tensors.
        phase: Name of the phase, which seeds it.
        epochs: Of the phase.
        lr: Learning rate of weights and of their soft masks.
        weight_decay: Of weights.
        edge_lr: Learning rate of the edges' soft mask.
        l1: Coefficient of the L1 subgradient on each tensor's soft mask.
        distillation: A teacher's outputs to stay close to, if any.
        validate_every: See `loop.epochs`.

    Returns:
        A factor ≥ 0 for each element, 0 where it is not kept.
    """
    context.seed_stage(phase)
    context.rewind()
    generator = context.generator(phase)
    soft: dict[str, nn.Parameter] = {}
    for name, mask in masks.items():
        noise = torch.rand(mask.shape, generator=generator).to(mask.device)
        soft[name] = nn.Parameter((1 + NOISE * (2 * noise - 1)) * mask)
    groups: list[dict[str, object]] = [
        {"params": context.model.parameters(), "lr": lr, "weight_decay": weight_decay},
        {"params": [soft[name] for name in soft if name != EDGE], "lr": lr},
    ]
    if EDGE in soft:
        groups.insert(1, {"params": [soft[EDGE]], "lr": edge_lr})
    optimiser = adam(groups)
    edges = soft.get(EDGE, context.graph.ones())

    def outputs(batch: Batch) -> Tensor:
        prunable = context.model.prunable().items()
        weights = {name: p * soft[name] for name, p in prunable if name in soft}
        result: Tensor = functional_call(context.model, weights, batch.inputs(edges))
        return result

    def add_l1() -> None:
        for name, mask in soft.items():
            assert mask.grad is not None
            mask.grad += l1[name] * mask.sign()

    def project() -> None:
        # Below 0 the degrees of the weighted graph turn negative and the phase ends in NaN.
        for name, mask in soft.items():
            mask.data.clamp_(min=0).mul_(masks[name])

    removed = sparsities_of(masks)
    best = Best()
    for epoch in context.epochs(
        phase,
        epochs,
        optimiser,
        outputs,
        lambda: removed,
        after_backward=add_l1,
        after_step=project,
        carried={"best": best},
        distillation=distillation,
        validate_every=validate_every,
    ):
        best.offer(epoch, lambda: {name: mask.detach().clone() for name, mask in soft.items()})
    return best.tensors
