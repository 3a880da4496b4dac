from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from glt_cli.config.registry import restored
from glt_cli.errors import InvalidResultError
from glt_cli.models.graph import Graph
from glt_cli.pruning.scores import (
    EDGE_SCORES,
    EdgeEvidence,
    agreement,
    degree,
    edge_growth,
    edge_saliency,
    gradient,
    mix,
    register_edge_score,
    register_weight_score,
    weight_growth,
)
from tests.graphs import graph_of, graphs_with_kept, seeded

ALL = list(EDGE_SCORES)

#: A triangle 0-1-2, its tail 2-3-4, and node 5 that hangs on 4.
GRAPH = graph_of(6, [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (4, 5)])


def evidence(graph: Graph, kept: Tensor, seed: int = 0) -> EdgeEvidence:
    generator = seeded(seed)
    magnitude, agreed = (torch.rand(graph.num_edges, generator=generator) for _ in range(2))
    gradient = torch.randn(graph.num_edges, generator=generator)
    return EdgeEvidence(magnitude * kept, gradient, graph, kept, lambda: agreed)


def test_degrees_are_those_of_the_kept_graph_with_self_loops() -> None:
    kept = torch.tensor([True, True, False, True, False, False])
    # Degrees 2 1 2 1 0 0, and one more each by the self-loop: 3 2 3 2 1 1.
    products = torch.tensor([6.0, 9.0, 6.0, 6.0, 2.0, 1.0])
    torch.testing.assert_close(degree(evidence(GRAPH, kept)), products**-1.5)


def test_the_gradient_scores_by_its_size() -> None:
    known = evidence(GRAPH, torch.ones(6, dtype=torch.bool))
    assert torch.equal(gradient(known), known.gradient.abs())


@given(graphs_with_kept(min_edges=1), st.sampled_from(["sum", "rank"]), st.integers(0, 99))
def test_edges_at_nodes_without_neighbours_rank_above_all_others(
    case: tuple[Graph, Tensor], mixing: str, seed: int
) -> None:
    graph, kept = case
    growth = edge_growth(evidence(graph, kept, seed), ALL, mixing)
    ends = graph.edge_index[:, kept].flatten().tolist()
    for edge, (source, target) in enumerate(graph.edge_index.t().tolist()):
        isolated = source not in ends or target not in ends
        assert (float(growth[edge]) == torch.inf) == isolated


def test_contradicted_edges_come_last_and_the_needy_first() -> None:
    kept = torch.tensor([True, True, False, True, False, False])
    # Degrees 2 1 2 1 0 0: the smaller one of 1-2 is 1, that of 4-5 is 0.
    agreed = torch.tensor([0.9, 0.9, 0.6, 0.1, 0.49, 0.5])
    scores = agreement(replace(evidence(GRAPH, kept), agreement=lambda: agreed))
    assert scores[[5, 2, 4, 3]].tolist() == sorted(scores[[5, 2, 4, 3]].tolist(), reverse=True)
    torch.testing.assert_close(scores[[5, 2, 4]], torch.tensor([2.0, 1.5, 0.49]))


@given(graphs_with_kept(min_edges=1), st.sampled_from(["sum", "rank"]), st.integers(0, 99))
def test_the_noise_of_magnitude_is_the_smallest_kept_scores(
    case: tuple[Graph, Tensor], mixing: str, seed: int
) -> None:
    graph, kept = case
    known = evidence(graph, kept, seed)
    assert torch.equal(edge_saliency(known, ["magnitude"], mixing)[kept], known.magnitude[kept])
    assert bool(edge_saliency(known, ALL, mixing)[kept].isfinite().all())


def test_scores_add_up() -> None:
    kept = torch.tensor([True, True, False, True, True, True])
    known = evidence(GRAPH, kept)
    expected = known.gradient.abs() + degree(known)
    torch.testing.assert_close(edge_growth(known, ["gradient", "degree"], "sum"), expected)
    torch.testing.assert_close(edge_growth(known, ["degree"], "sum"), degree(known))
    torch.testing.assert_close(edge_growth(known, ["gradient"], "rank"), known.gradient.abs())


@given(
    st.lists(st.integers(0, 5), min_size=12, max_size=12),
    st.lists(st.integers(0, 5), min_size=12, max_size=12),
    st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_ranks_do_not_see_the_scale(first: list[int], second: list[int], gone: list[bool]) -> None:
    a, b, pruned = torch.tensor(first).float(), torch.tensor(second).float(), torch.tensor(gone)
    mixed = mix([a, b], pruned, "rank")[pruned]
    assert torch.equal(mixed, mix([1e-5 * a, b], pruned, "rank")[pruned])
    assert torch.equal(mixed, mix([a, b.exp() - 7], pruned, "rank")[pruned])
    # What is not pruned has no say either.
    elsewhere = torch.where(pruned, a, 100 - a)
    assert torch.equal(mixed, mix([elsewhere, b], pruned, "rank")[pruned])


def test_ranks_give_each_score_an_equal_say() -> None:
    pruned = torch.tensor([True, True, True, False])
    large, small = torch.tensor([1000.0, 2000, 3000, 0]), torch.tensor([0.3, 0.1, 0.2, 9])
    by_sum = mix([large, small], pruned, "sum")
    assert torch.equal(by_sum, large + small)
    by_rank = mix([large, small], pruned, "rank")[:3]
    # Ranks 0 1 2 and 2 0 1, whatever they start from: the middle one loses.
    assert torch.equal(by_rank - by_rank.min(), torch.tensor([1.0, 0, 2]))


def test_equal_scores_have_equal_ranks() -> None:
    pruned = torch.ones(5, dtype=torch.bool)
    mixed = mix([torch.tensor([2.0, 2, 1, 2, 3]), torch.zeros(5)], pruned, "rank")
    assert mixed[0] == mixed[1] == mixed[3]
    assert mixed[2] < mixed[0] < mixed[4]


@pytest.mark.parametrize("mixing", ["sum", "rank"])
@pytest.mark.parametrize("names", [["gradient"], ["gradient", "gradient"]])
def test_weights_are_scored_by_the_size_of_their_gradient(mixing: str, names: list[str]) -> None:
    # A gradient arrives as autograd left it, perhaps transposed.
    mean = torch.randn(4, 6, generator=seeded(0)).t()
    pruned = torch.rand(6, 4, generator=seeded(1)) < 0.5
    growth = weight_growth(mean, pruned, names, mixing)
    assert growth.shape == mean.shape
    order = mean.abs()[pruned].argsort()
    assert torch.equal(growth[pruned].argsort(), order)


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        (torch.tensor([0, torch.nan, 0, torch.nan, 0, 0]), ": 1 of 3 values are NaN"),
        (torch.zeros(5), " must return a tensor [6]; its shape is [5]"),
        (torch.zeros(6).numpy(), " must return a tensor [6]; it returned a ndarray"),
        (None, " must return a tensor [6]; it returned None"),
    ],
)
def test_scores_that_can_not_be_ranked_are_refused(result: Any, problem: str) -> None:
    kept = torch.tensor([True, True, True, False, False, False])
    with restored(always=True):
        register_edge_score("mine")(lambda _: result)
        register_weight_score("mine")(lambda _: result)
        for compare in (edge_growth, edge_saliency):
            with pytest.raises(InvalidResultError) as caught:
                compare(evidence(GRAPH, kept), ["degree", "mine"], "rank")
            assert str(caught.value).startswith(f"edge score mine{problem}")
        with pytest.raises(InvalidResultError) as caught:
            weight_growth(torch.zeros(6), ~kept, ["mine"], "sum")
        assert str(caught.value).startswith(f"weight score mine{problem}")


def test_scores_may_be_undefined_where_they_are_not_compared() -> None:
    kept = torch.tensor([True, True, True, False, False, False])
    known = evidence(GRAPH, kept)
    counts = torch.arange(6)
    with restored(always=True):
        register_edge_score("half")(lambda e: counts.masked_fill(e.kept, 0) / ~e.kept)
        register_edge_score("whole")(lambda _: counts)
        growth = edge_growth(known, ["half"], "sum")
        assert torch.equal(growth.isnan(), kept & ~growth.isinf())
        assert edge_growth(known, ["half", "whole"], "rank").isfinite().any()
