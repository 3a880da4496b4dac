from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from glt_cli.models.graph import Adjacency, Graph
from tests.graphs import graph_of, graphs, graphs_with_kept

pair_lists = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=30)


def dense_messages(adjacency: Adjacency, edge_values: Tensor) -> Tensor:
    """[i, j] is the weight of the message from j to i."""
    pattern = adjacency.pattern
    dense = torch.zeros(pattern.shape, dtype=edge_values.dtype)
    dense[pattern.row.long(), pattern.col.long()] = adjacency.weights(edge_values)
    return dense


@given(pair_lists, st.booleans())
def test_from_pairs_drops_and_counts(pairs: list[tuple[int, int]], directed: bool) -> None:
    ends = torch.tensor(pairs, dtype=torch.int64).view(-1, 2).t()
    graph, loops, duplicates = Graph.from_pairs(6, ends, directed)
    proper = [(u, v) for u, v in pairs if u != v]
    expected = {(u, v) if directed else (min(u, v), max(u, v)) for u, v in proper}
    assert loops == len(pairs) - len(proper)
    assert duplicates == len(proper) - len(set(proper))
    assert graph.num_edges == len(expected)
    assert {(int(u), int(v)) for u, v in graph.edge_index.t()} == expected


def test_both_directions_of_an_undirected_edge_are_one_edge_and_no_duplicate() -> None:
    graph, loops, duplicates = Graph.from_pairs(3, torch.tensor([[0, 1, 2, 2], [1, 0, 1, 2]]))
    assert (graph.num_edges, loops, duplicates) == (2, 1, 0)
    directed, _, _ = Graph.from_pairs(3, torch.tensor([[0, 1, 2, 2], [1, 0, 1, 2]]), directed=True)
    assert directed.num_edges == 3


@given(graphs())
def test_every_edge_sends_its_messages(graph: Graph) -> None:
    values = torch.arange(2.0, 2 + graph.num_edges)
    expected = torch.zeros(graph.num_nodes, graph.num_nodes)
    for value, (source, target) in zip(values, graph.edge_index.t(), strict=True):
        expected[target, source] = value
        if not graph.directed:
            expected[source, target] = value
    assert torch.equal(dense_messages(graph.neighbours, values), expected)
    looped = dense_messages(graph.looped, values)
    assert torch.equal(looped, expected + torch.eye(graph.num_nodes))
    messages = graph.num_edges if graph.directed else 2 * graph.num_edges
    assert graph.neighbours.pattern.nnz == messages
    assert graph.looped.pattern.nnz == messages + graph.num_nodes


@given(graphs())
def test_both_csr_orders(graph: Graph) -> None:
    for adjacency in (graph.neighbours, graph.looped):
        pattern = adjacency.pattern
        keys = pattern.row.long() * graph.num_nodes + pattern.col.long()
        assert bool((keys.diff() > 0).all())
        ones = torch.ones(pattern.nnz)
        here = torch.sparse_csr_tensor(pattern.crow, pattern.col, ones, pattern.shape).to_dense()
        there = torch.sparse_csr_tensor(pattern.t_crow, pattern.t_col, ones, pattern.shape)
        assert torch.equal(there.to_dense(), here.t())
        if not graph.directed:
            assert torch.equal(here, here.t())


@given(graphs_with_kept())
def test_keep_removes_edges_and_no_node(case: tuple[Graph, Tensor]) -> None:
    graph, kept = case
    smaller = graph.keep(kept)
    assert smaller.num_nodes == graph.num_nodes
    assert smaller.directed == graph.directed
    assert torch.equal(smaller.edge_index, graph.edge_index[:, kept])
    masked = dense_messages(graph.looped, kept.float())
    assert torch.equal(dense_messages(smaller.looped, smaller.ones()), masked)


@given(graphs_with_kept())
def test_degrees_count_kept_edges_in_both_directions(case: tuple[Graph, Tensor]) -> None:
    graph, kept = case
    ends = graph.edge_index[:, kept].flatten().tolist()
    expected = [float(ends.count(node)) for node in range(graph.num_nodes)]
    assert graph.degrees(kept).tolist() == expected


def test_a_graph_without_edges() -> None:
    graph, loops, duplicates = Graph.from_pairs(3, torch.tensor([[1, 1], [1, 1]]))
    assert (graph.num_edges, loops, duplicates) == (0, 2, 0)
    assert graph.neighbours.pattern.nnz == 0
    assert graph.degrees(torch.zeros(0, dtype=torch.bool)).tolist() == [0, 0, 0]
    h = torch.randn(3, 2)
    ones = graph.looped.weights(graph.ones())
    assert torch.equal(graph.looped.aggregate(ones, h), h)
    none = graph.neighbours.weights(graph.ones())
    assert torch.equal(graph.neighbours.aggregate(none, h), torch.zeros(3, 2))


def test_a_single_directed_edge_is_heard_at_its_target_alone() -> None:
    graph = graph_of(3, [(2, 0)], directed=True)
    h = torch.tensor([[1.0], [2.0], [4.0]])
    received = graph.neighbours.aggregate(graph.neighbours.weights(graph.ones()), h)
    assert received.flatten().tolist() == [4, 0, 0]


@given(graphs())
def test_gradients_of_edge_values_gather_both_directions(graph: Graph) -> None:
    values = graph.ones().requires_grad_()
    h = torch.arange(1.0, graph.num_nodes + 1).unsqueeze(1)
    neighbours = graph.neighbours
    received = neighbours.aggregate(neighbours.weights(values), h)
    (gradient,) = torch.autograd.grad((received * h**2).sum(), values)
    source, target = h.flatten()[graph.edge_index]
    expected = target**2 * source + (0 if graph.directed else source**2 * target)
    torch.testing.assert_close(gradient, expected)
