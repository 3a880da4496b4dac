"""Which edges to keep, guided by the dense model: an order of removal, then denoising."""

from __future__ import annotations

import torch
from torch import Tensor

from glt_cli.pruning.context import PruningContext
from glt_cli.pruning.removal_order import removal_order
from glt_cli.pruning.select import mask_of_largest, removed_count, tie_key

#: λ, steps, step size and momentum of the denoising; noise that lifts ties of the scores.
PRIOR, STEPS, STEP_SIZE, MOMENTUM, NOISE = 10.0, 60, 0.1, 0.9, 1e-4

#: Random nodes, new ones at each step, that stand for all in graphs of at least four times as many.
SAMPLE = 1024


def ordered_edges(context: PruningContext) -> Tensor:
    """Place of each edge in the order of removal, [E] in [0, 1]; 0 leaves first."""
    return removal_order(context.task.graph, context.agreement, context.generator("order"))


def guided_edges(context: PruningContext, prior: float = PRIOR, steps: int = STEPS) -> Tensor:
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
    graph = context.task.graph
    if not context.targets.graph_sparsity:
        return torch.ones(graph.num_edges, dtype=torch.bool, device=graph.device)
    order = ordered_edges(context)
    kept = graph.num_edges - removed_count(context.targets.graph_sparsity, graph.num_edges)
    generator = context.generator("guided")
    scores = prior * order + NOISE * torch.rand(order.shape, generator=generator).to(order.device)
    key = tie_key(scores, generator)
    if not steps:
        return mask_of_largest(order, kept, key)
    velocity = torch.zeros_like(scores)
    for _ in range(steps):
        gradient = _gradient(context, mask_of_largest(scores, kept, key), generator)
        velocity = MOMENTUM * velocity + (1 - MOMENTUM) * gradient
        scores = scores - STEP_SIZE * velocity
    return mask_of_largest(scores, kept, key)


def _gradient(context: PruningContext, mask: Tensor, generator: torch.Generator) -> Tensor:
    """Derivative of the loss of confidence by each edge's value, [E], divided by its mean size."""
    task, batches = context.task, context.batches
    if task.by_node and task.graph.num_nodes >= 4 * SAMPLE:
        batch = batches.view(batches.sample(SAMPLE, generator))
    else:
        batch = batches["all"]
    values = mask.float().requires_grad_()
    outputs = context.dense_model()(*batch.inputs(values))
    loss = task.confidence_loss(outputs, context.teacher().index_select(0, batch.nodes))
    (gradient,) = torch.autograd.grad(loss, values)
    return gradient / gradient.abs().mean().clamp_min(1e-12)
