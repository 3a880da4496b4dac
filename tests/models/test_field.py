"""Nodes beyond the receptive field take no part, and nobody notices."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glt_cli.models.graph import Graph
from glt_cli.models.receptive_field import FullGraph, ReceptiveField
from glt_cli.models.sparse import Matrix
from tests.graphs import BACKBONES, backbone, features, graph_of, graphs, seeded, sparse_of


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("storage", ["dense", "sparse"])
@pytest.mark.parametrize("layers", [2, 3])
@settings(max_examples=20)
@given(graph=graphs(), seed=st.integers(0, 99), data=st.data())
def test_predictions_and_gradients_are_those_of_the_whole_graph(
    name: str, storage: str, layers: int, graph: Graph, seed: int, data: st.DataObject
) -> None:
    nodes = st.integers(0, graph.num_nodes - 1)
    targets = torch.tensor(sorted(data.draw(st.sets(nodes, min_size=1))))
    model = backbone(name, seed, layers)
    dense = features(graph.num_nodes, seed)
    x: Matrix = sparse_of(dense) if storage == "sparse" else dense
    # Pruned edges among them: their gradients decide who comes back.
    values = torch.rand(graph.num_edges, generator=seeded(seed)).double()
    values = (values * (values > 0.4)).requires_grad_()
    field = ReceptiveField(graph, targets, layers) if model.reach else FullGraph(graph, targets)
    here, everywhere = model(field.rows(x), field, values), model(x, graph, values)[targets]
    torch.testing.assert_close(here, everywhere)
    direction = torch.randn(here.shape, generator=seeded(7), dtype=torch.float64)
    inputs = [values, *model.parameters()]
    torch.testing.assert_close(
        torch.autograd.grad((here * direction).sum(), inputs),
        torch.autograd.grad((everywhere * direction).sum(), inputs),
    )


def test_only_nodes_within_reach_are_read() -> None:
    path = graph_of(6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)])
    x = torch.arange(6.0).unsqueeze(1)
    rows = ReceptiveField(path, torch.tensor([0]), 2).rows(x)
    assert isinstance(rows, torch.Tensor)
    assert rows.flatten().tolist() == [0, 1, 2]
    directed = graph_of(6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)], directed=True)
    received = ReceptiveField(directed, torch.tensor([4]), 2).rows(x)
    assert isinstance(received, torch.Tensor)
    assert received.flatten().tolist() == [2, 3, 4]
