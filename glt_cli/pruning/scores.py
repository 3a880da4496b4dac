"""Saliency and growth scores: what leaves and what enters (arXiv 2412.07605, step 3).

An edge score maps `EdgeEvidence` to one number per edge. To add one, write a function and enter it
in `EDGE_SCORES`, or use `register_edge_score` in a plug-in. As a growth score, only its order among
the pruned edges matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from glt_cli.config import methods
from glt_cli.config.registry import Registry
from glt_cli.errors import InvalidResultError, kind_of
from glt_cli.models.graph import Graph


@dataclass(frozen=True)
class EdgeEvidence:
    """The input of an edge score at an exchange.

    Attributes:
        magnitude: Edge scores a, [E].
        gradient: Gradient of the task loss with respect to edge values, [E], mean over the
            gradient epochs.
        graph: The full graph.
        kept: Edges kept before this exchange, bool [E].
        agreement: Returns how well the dense model's predictions for an edge's two ends agree,
            [E] in [0, 1]. Calling it counts the dense training towards find time.
    """

    magnitude: Tensor
    gradient: Tensor
    graph: Graph
    kept: Tensor
    agreement: Callable[[], Tensor]


def magnitude(evidence: EdgeEvidence) -> Tensor:
    """The trained edge score a."""
    return evidence.magnitude


def gradient(evidence: EdgeEvidence) -> Tensor:
    """|mean gradient|: the loss's sensitivity to the edge."""
    return evidence.gradient.abs()


def degree(evidence: EdgeEvidence) -> Tensor:
    """(d_u·d_v)^(-3/2), with degrees d in the kept graph, self-loops included."""
    source, target = evidence.graph.edge_index
    degrees = evidence.graph.degrees(evidence.kept) + 1
    return (degrees[source] * degrees[target]) ** -1.5


def agreement(evidence: EdgeEvidence) -> Tensor:
    """The inverse degree if the dense model agrees with the edge, else its agreement.

    Edges whose ends the dense model puts into different classes rank below all others, by their
    agreement. The others rank by the smaller degree of their ends in the kept graph, lowest degree
    first, so that the kept graph stays balanced (docs/choices.md).
    """
    agreed = evidence.agreement()
    source, target = evidence.graph.edge_index
    degrees = evidence.graph.degrees(evidence.kept)
    inverse_degree = 1 / (1 + torch.minimum(degrees[source], degrees[target]))
    return torch.where(agreed >= AGREED, 1 + inverse_degree, agreed)


#: Agreement from which on the dense model doesn't contradict an edge (see `Task.agreement`).
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
    """Register a function of `EdgeEvidence` as an edge score: `method.edge_scores=[NAME]`."""

    def register(function: E) -> E:
        EDGE_SCORES.add(name, function)
        methods.EDGE_SCORES.add(name, function)
        return function

    return register


def register_weight_score(name: str) -> Callable[[W], W]:
    """Register a function of a mean gradient as a weight score: `method.weight_scores=[NAME]`."""

    def register(function: W) -> W:
        WEIGHT_SCORES.add(name, function)
        methods.WEIGHT_SCORES.add(name, function)
        return function

    return register


def edge_growth(evidence: EdgeEvidence, names: list[str], mixing: str) -> Tensor:
    """Combine the named scores, [E]; edges of isolated nodes rank above all others."""
    mixed = mix(_of_edges(evidence, names, ~evidence.kept), ~evidence.kept, mixing)
    isolated = evidence.graph.degrees(evidence.kept) == 0
    source, target = evidence.graph.edge_index
    return mixed.masked_fill(isolated[source] | isolated[target], torch.inf)


def edge_saliency(evidence: EdgeEvidence, names: list[str], mixing: str) -> Tensor:
    """Combine the named scores of kept edges, [E]; those with the lowest leave."""
    return mix(_of_edges(evidence, names, evidence.kept), evidence.kept, mixing)


def weight_growth(mean_gradient: Tensor, pruned: Tensor, names: list[str], mixing: str) -> Tensor:
    """Combine the named scores of a weight tensor, in its shape."""
    scores = [
        _checked(f"weight score {name}", WEIGHT_SCORES[name](mean_gradient), pruned)
        for name in names
    ]
    return mix(scores, pruned, mixing)


def _of_edges(evidence: EdgeEvidence, names: list[str], among: Tensor) -> list[Tensor]:
    return [_checked(f"edge score {name}", EDGE_SCORES[name](evidence), among) for name in names]


def _checked(what: str, score: object, among: Tensor) -> Tensor:
    """Check what a score returned; only elements of the mask `among` are ever compared.

    Raises:
        InvalidResultError: It isn't one number for each element, or one of `among` is NaN.
    """
    if not isinstance(score, Tensor):
        raise InvalidResultError(
            f"{what} must return a tensor {list(among.shape)}; it returned {kind_of(score)}"
        )
    if score.shape != among.shape:
        raise InvalidResultError(
            f"{what} must return a tensor {list(among.shape)}; its shape is {list(score.shape)}"
        )
    if count := int((score.isnan() & among).sum()):
        raise InvalidResultError(
            f"{what}: {count:,} of {int(among.sum()):,} values are NaN, so they can't be ranked"
        )
    return score if score.is_floating_point() else score.float()


def mix(scores: list[Tensor], among: Tensor, mixing: str) -> Tensor:
    """Add up scores (`sum`), or their ranks among the elements of the mask `among` (`rank`).

    A sum is dominated by the score with the larger scale: on Cora's pruned edges the degree
    score's median is a thousand times the gradient's. Ranks give scores equal influence.
    """
    if mixing == "rank" and len(scores) > 1:
        scores = [_ranks(score.masked_fill(~among, -torch.inf)) for score in scores]
    return torch.stack(scores).sum(0)


def _ranks(scores: Tensor) -> Tensor:
    """Number of strictly smaller scores: equal scores have equal ranks."""
    ordered = scores.flatten().sort().values
    return torch.searchsorted(ordered, scores).to(scores.dtype)
