"""Potential scores: which pruned elements promise most (arXiv 2412.07605, step 3).

A score of edges maps `EdgeEvidence` to one number for each edge; a new one is one function and
its entry in `EDGE_SCORES`, or `register_edge_score` in a plug-in. Scores need only be right among
the elements pruned now.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from glt_cli.config import methods
from glt_cli.config.registry import Registry
from glt_cli.models.graph import Graph


@dataclass(frozen=True)
class EdgeEvidence:
    """What is known about the edges at an exchange.

    Attributes:
        magnitude: Edge scores a, [E].
        gradient: Mean of the task loss's gradient by edge values over the gradient epochs, [E].
        graph: The full graph.
        kept: Edges kept before this exchange, bool [E].
        agreement: Gives how far the dense model's predictions for both ends agree, [E] in [0, 1];
            whoever asks has the dense training on his bill.
    """

    magnitude: Tensor
    gradient: Tensor
    graph: Graph
    kept: Tensor
    agreement: Callable[[], Tensor]


def magnitude(evidence: EdgeEvidence) -> Tensor:
    """a: what training made of the edge."""
    return evidence.magnitude


def gradient(evidence: EdgeEvidence) -> Tensor:
    """|mean gradient|: what the loss would gain or lose first."""
    return evidence.gradient.abs()


def degree(evidence: EdgeEvidence) -> Tensor:
    """(d_u·d_v)^(-3/2), d the degrees in the kept graph, self-loop counted."""
    source, target = evidence.graph.edge_index
    degrees = evidence.graph.degrees(evidence.kept) + 1
    return (degrees[source] * degrees[target]) ** -1.5


def agreement(evidence: EdgeEvidence) -> Tensor:
    """First the edges that the dense model doesn't contradict, in the order of their need.

    An edge whose ends the dense model puts into different classes comes behind all others, the
    greater the contradiction the later. Among the others the one comes first that has the end
    with the fewest edges left: what is kept stays balanced (docs/method.md).
    """
    agreed = evidence.agreement()
    source, target = evidence.graph.edge_index
    degrees = evidence.graph.degrees(evidence.kept)
    inverse_degree = 1 / (1 + torch.minimum(degrees[source], degrees[target]))
    return torch.where(agreed >= AGREED, 1 + inverse_degree, agreed)


#: From here on the dense model doesn't contradict an edge (see `Task.agreement`).
AGREED = 0.5

EdgeScore = Callable[[EdgeEvidence], Tensor]
WeightScore = Callable[[Tensor], Tensor]
E = TypeVar("E", bound=EdgeScore)
W = TypeVar("W", bound=WeightScore)

EDGE_SCORES: Registry[EdgeScore] = Registry(
    "edge score",
    {
        "magnitude": magnitude,
        "gradient": gradient,
        "degree": degree,
        "agreement": agreement,
    },
)
WEIGHT_SCORES: Registry[WeightScore] = Registry("weight score", {"gradient": torch.abs})


def register_edge_score(name: str) -> Callable[[E], E]:
    """Make a function of `EdgeEvidence` a score of edges: `method.edge_scores=[NAME]`."""

    def register(function: E) -> E:
        EDGE_SCORES.add(name, function)
        methods.EDGE_SCORES.add(name, function)
        return function

    return register


def register_weight_score(name: str) -> Callable[[W], W]:
    """Make a function of a mean gradient a score of weights: `method.weight_scores=[NAME]`."""

    def register(function: W) -> W:
        WEIGHT_SCORES.add(name, function)
        methods.WEIGHT_SCORES.add(name, function)
        return function

    return register


def edge_growth(evidence: EdgeEvidence, names: list[str], mixing: str) -> Tensor:
    """Mix the named scores, [E]; an edge at a node without neighbours ranks above all others."""
    mixed = mix([EDGE_SCORES[name](evidence) for name in names], ~evidence.kept, mixing)
    isolated = evidence.graph.degrees(evidence.kept) == 0
    source, target = evidence.graph.edge_index
    return mixed.masked_fill(isolated[source] | isolated[target], torch.inf)


def edge_saliency(evidence: EdgeEvidence, names: list[str], mixing: str) -> Tensor:
    """Mix the named scores of kept edges, [E]: the least leave."""
    return mix([EDGE_SCORES[name](evidence) for name in names], evidence.kept, mixing)


def weight_growth(mean_gradient: Tensor, pruned: Tensor, names: list[str], mixing: str) -> Tensor:
    """Mix the named scores of one weight tensor, of its shape."""
    return mix([WEIGHT_SCORES[name](mean_gradient) for name in names], pruned, mixing)


def mix(scores: list[Tensor], among: Tensor, mixing: str) -> Tensor:
    """Add scores up as they are (`sum`), or as ranks among the elements in question (`rank`).

    Sums let the score of the larger scale decide alone: on Cora's pruned edges the degree
    score's median is a thousand times the gradient's. Ranks give each an equal say.
    """
    if mixing == "rank" and len(scores) > 1:
        scores = [_ranks(score.masked_fill(~among, -torch.inf)) for score in scores]
    return torch.stack(scores).sum(0)


def _ranks(scores: Tensor) -> Tensor:
    """Number of strictly smaller scores: equal scores have equal ranks."""
    ordered = scores.flatten().sort().values
    return torch.searchsorted(ordered, scores).to(scores.dtype)
