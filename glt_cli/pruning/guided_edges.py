"""Which edges to keep, guided by the dense model: an order of removal, then denoising."""

from __future__ import annotations

import torch
from torch import Tensor

from glt_cli.pruning.context import PruningContext
from glt_cli.pruning.removal_order import removal_order
from glt_cli.pruning.select import mask_of_largest, removed_count, tie_key

#: Steps, step size and momentum of the denoising; noise that lifts ties of the scores.
STEPS, STEP_SIZE, MOMENTUM, NOISE = 60, 0.1, 0.9, 1e-4


def ordered_edges(context: PruningContext) -> Tensor:
    """Place of each edge in the order of removal, [E] in [0, 1]; 0 leaves first."""
    return removal_order(context.task.graph, context.agreement, context.generator("order"))


def guided_edges(context: PruningContext, prior: float, steps: int = STEPS) -> Tensor:
    """Keep the edges on which the dense model's own predictions rest: a mask [E] at the target.

    Scores begin at λ times the place in the order of removal. At each step the edges with the
    largest scores are there and the others absent; the dense model, fixed, predicts; and every
    edge's score, that of absent ones too, moves against the gradient of the loss of confidence
    (`Task.confidence_loss`) by its value. So promising edges displace noisy ones at every step,
    with evidence from all nodes.

    Args:
        context: Whose dense model guides; its training counts towards find time.
        prior: λ; with infinitely large λ the order alone decides.
        steps: Number of steps; 0 keeps the order's.
    """
    order = ordered_edges(context)
    graph = context.task.graph
    kept = graph.num_edges - removed_count(context.targets.graph_sparsity, graph.num_edges)
    generator = context.generator("guided")
    scores = prior * order + NOISE * torch.rand(order.shape, generator=generator).to(order.device)
    key = tie_key(scores, generator)
    if not steps:
        return mask_of_largest(order, kept, key)
    velocity = torch.zeros_like(scores)
    for _ in range(steps):
        gradient = _gradient(context, mask_of_largest(scores, kept, key))
        velocity = MOMENTUM * velocity + (1 - MOMENTUM) * gradient
        scores = scores - STEP_SIZE * velocity
    return mask_of_largest(scores, kept, key)


def _gradient(context: PruningContext, mask: Tensor) -> Tensor:
    """Derivative of the loss of confidence by each edge's value, [E], divided by its mean size."""
    values = mask.float().requires_grad_()
    model = context.dense_model()
    outputs = model(*context.batches["all"].inputs(values))
    loss = context.task.confidence_loss(outputs, context.teacher())
    (gradient,) = torch.autograd.grad(loss, values)
    return gradient / gradient.abs().mean().clamp_min(1e-12)
