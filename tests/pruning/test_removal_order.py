from __future__ import annotations

import heapq

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from glt_cli.models.graph import Graph
from glt_cli.pruning.removal_order import removal_order
from glt_cli.pruning.scores import AGREED
from glt_cli.pruning.select import tie_key
from tests.graphs import graph_of, graphs, seeded


def one_by_one(graph: Graph, agreement: Tensor, seed: int) -> list[int]:
    """The same order by a heap, one edge after the other."""
    count = graph.num_edges
    tie = [0] * count
    for place, edge in enumerate(tie_key(agreement, seeded(seed)).tolist()):
        tie[edge] = place
    ends: list[list[int]] = graph.edge_index.t().tolist()
    contradicted = [e for e in range(count) if agreement[e] < AGREED]
    order = sorted(contradicted, key=lambda e: (float(agreement[e]), tie[e]))
    left = [e for e in range(count) if agreement[e] >= AGREED]
    degree = [0] * graph.num_nodes
    for e in left:
        for node in ends[e]:
            degree[node] += 1

    def smaller(e: int) -> int:
        return min(degree[node] for node in ends[e])

    heap = [(-smaller(e), tie[e], e) for e in left]
    heapq.heapify(heap)
    while heap:
        known, at, e = heapq.heappop(heap)
        if -known != smaller(e):
            heapq.heappush(heap, (-smaller(e), at, e))
            continue
        order.append(e)
        for node in ends[e]:
            degree[node] -= 1
    return order


@settings(max_examples=200)
@given(graphs(), st.integers(0, 50), st.sampled_from([0.0, 0.5, 1.0]))
def test_levels_at_once_give_the_order_of_one_edge_after_the_other(
    graph: Graph, seed: int, share: float
) -> None:
    agreed = torch.rand(graph.num_edges, generator=seeded(seed)) < share
    steps = torch.randint(4, (graph.num_edges,), generator=seeded(seed + 1)) / 10  # with ties
    agreement = torch.where(agreed, 0.6 + steps, steps)
    place = removal_order(graph, agreement, seeded(seed))
    assert place.argsort().tolist() == one_by_one(graph, agreement, seed)
    assert sorted((place * max(graph.num_edges - 1, 1)).round().tolist()) == list(
        range(graph.num_edges)
    )


def test_a_large_random_graph_too() -> None:
    pairs = torch.randint(300, (2, 3000), generator=seeded(0))
    graph = graph_of(300, pairs.t().tolist())
    agreement = torch.rand(graph.num_edges, generator=seeded(1))
    place = removal_order(graph, agreement, seeded(2))
    assert place.argsort().tolist() == one_by_one(graph, agreement, 2)


def test_a_star_beside_a_clique_keeps_every_leaf_to_the_end() -> None:
    star = [(0, leaf) for leaf in range(1, 6)]
    clique = [(u, v) for u in range(6, 11) for v in range(6, 11) if u < v]
    graph = graph_of(11, star + clique)
    place = removal_order(graph, torch.ones(graph.num_edges), seeded(0))
    is_star = graph.edge_index[0] == 0
    # The clique thins out until each of its edges is the last of a node, as the star's are.
    first = place.argsort()[:6]
    assert not is_star[first].any()


def test_contradicted_edges_leave_first_the_greatest_contradiction_before_all() -> None:
    graph = graph_of(4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    agreement = torch.tensor([0.9, 0.3, 0.1, 0.2])
    place = removal_order(graph, agreement, seeded(0))
    assert place.argsort().tolist()[:3] == [2, 3, 1]
