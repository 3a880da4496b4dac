"""TEDDY: edges pruned by degree, weights by projection (arXiv 2402.01261)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from glt_cli.config.methods import TeddyConfig
from glt_cli.models.graph import Graph
from glt_cli.pruning.context import PruningContext, SearchResult
from glt_cli.pruning.masks import EDGE, Masks, Targets, masks_of_largest, split
from glt_cli.pruning.select import mask_of_largest, removed_count, tie_key


def find(context: PruningContext, config: TeddyConfig) -> SearchResult:
    """Prune edges by degree; retraining projects the weights and distils the dense model."""
    context.teacher()
    generator = context.generator("trim")
    scores = {EDGE: degree_score(context.task.graph)}
    masks = masks_of_largest(scores, context.targets, "uniform", generator)
    context.rewind()
    weights = {name: p.detach().abs() for name, p in context.model.prunable().items()}
    masks |= masks_of_largest(weights, context.targets, "global", generator)
    return SearchResult(
        masks, constraint=Projection(masks, context.targets), distill=config.distill
    )


def degree_score(graph: Graph) -> Tensor:
    """S_u·S_v with S_u = d_u⁻²·Σ_{j∈N(u)} d_j^(-½): low between hubs whose neighbours are hubs."""
    degrees = graph.degrees(torch.ones(graph.num_edges, device=graph.device))
    source, target = graph.edge_index
    around = torch.zeros_like(degrees)
    for one, other in ((source, target), (target, source)):
        around.index_add_(0, one, degrees[other].rsqrt())
    share = around / degrees.square().clamp(min=1)
    return share[source] * share[target]


class Projection:
    """Projects weights onto the ℓ0 ball after every step, with one threshold for all tensors.

    A weight that is set to 0 keeps its gradient and may return.
    """

    def __init__(self, masks: Masks, targets: Targets) -> None:
        self.masks = masks
        self._target = targets.weight_sparsity
        self._prunable: dict[str, nn.Parameter] = {}
        self._key = torch.empty(0)

    def begin(self, prunable: dict[str, nn.Parameter]) -> None:
        """See retrain.Constraint."""
        self._prunable = prunable
        flat = torch.cat([weight.detach().flatten() for weight in prunable.values()])
        self._key = tie_key(flat, torch.Generator().manual_seed(0))
        self.after_step()

    def after_backward(self) -> None:
        """See retrain.Constraint: every weight keeps its gradient."""

    def after_step(self) -> None:
        """Keep the largest weights and set the others to 0."""
        if not self._target:
            return
        saliency = torch.cat(
            [weight.detach().abs().flatten() for weight in self._prunable.values()]
        )
        count = saliency.numel() - removed_count(self._target, saliency.numel())
        kept = split(mask_of_largest(saliency, count, self._key), dict(self._prunable))
        self.masks = {**self.masks, **kept}
        for name, weight in self._prunable.items():
            weight.data.masked_fill_(~kept[name], 0)
