"""With all edges present each backbone is torch-geometric's."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from glt_cli import models as backbones
from glt_cli.models.graph import Graph
from glt_cli.models.resgcn import GENLayer, ResGCN
from tests.graphs import BACKBONES, backbone, features, graphs, sparse_of
from tests.models.reference import reference


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("layers", [2, 3])
@settings(max_examples=25)
@given(graph=graphs(), seed=st.integers(0, 99))
def test_equals_torch_geometric(name: str, layers: int, graph: Graph, seed: int) -> None:
    model = backbone(name, seed, layers).eval()
    if isinstance(model, ResGCN):  # whose logits are cut off where no trained model has any
        for layer in model.layers:
            assert isinstance(layer, GENLayer)
            layer.temperature.data.mul_(0.1)
    x = features(graph.num_nodes, seed)
    expected = reference(model, x, graph)
    ones = graph.ones().double()
    torch.testing.assert_close(model(x, graph, ones), expected)
    torch.testing.assert_close(model(sparse_of(x), graph, ones), expected)


@settings(max_examples=50)
@given(graph=graphs(), seed=st.integers(0, 99))
def test_gcn_with_edge_weights_equals_torch_geometric(graph: Graph, seed: int) -> None:
    model = backbone("gcn", seed, layers=3)
    x = features(graph.num_nodes, seed)
    values = 3 * torch.rand(graph.num_edges, dtype=torch.float64)
    values[::3] = 0
    torch.testing.assert_close(model(x, graph, values), reference(model, x, graph, values))


@pytest.mark.parametrize("name", BACKBONES)
def test_direction_matters_where_the_graph_is_directed(name: str) -> None:
    ends = torch.tensor([[0, 1], [1, 2]])
    x = features(3, 0, zeros=0)
    model = backbone(name)
    ahead = model(x, Graph(3, ends, directed=True), torch.ones(2).double())
    back = model(x, Graph(3, ends.flip(0), directed=True), torch.ones(2).double())
    both = model(x, Graph(3, ends), torch.ones(2).double())
    assert not torch.allclose(ahead, back)
    assert not torch.allclose(ahead, both)


@pytest.mark.parametrize("name", BACKBONES)
def test_only_matrices_of_linear_maps_are_prunable(name: str) -> None:
    model = backbones.build(BACKBONES[name], 4, 3)
    prunable = model.prunable()
    parameters = dict(model.named_parameters())
    assert all(parameter is parameters[key] for key, parameter in prunable.items())
    # One map from 4 features to hidden, one to 3 outputs, and what an MLP adds to each layer.
    shapes = {
        "gcn": [(4, 5), (5, 3)],
        "gin-mean": [(4, 5), (5, 3)],
        "gin-sum": [(4, 5), (5, 3)],
        "gin-mlp": [(4, 5), (5, 5), (5, 5), (5, 3)],
        "gat": [(4, 6), (6, 3)],
        "resgcn": [(4, 5), *[(5, 5)] * 3, (5, 3)],
        "resgcn-checkpoint": [(4, 5), *[(5, 5)] * 3, (5, 3)],
    }
    assert [tuple(parameter.shape) for parameter in prunable.values()] == shapes[name]
    vectors = ("bias", "biases", "epsilon", "source", "target", "temperature", "norms")
    ends = ("encoder_bias", "head_bias")
    others = [key for key in parameters if key not in prunable]
    assert all(key in ends or set(key.split(".")) & set(vectors) for key in others)


@pytest.mark.parametrize("name", BACKBONES)
def test_dropout_acts_while_training_only(name: str) -> None:
    graph = Graph(4, torch.tensor([[0, 0, 1], [1, 2, 3]]))
    model = backbone(name, dropout=0.5)
    x, ones = features(4, 1, zeros=0), graph.ones().double()
    torch.manual_seed(1)
    first, second = model(x, graph, ones), model(x, graph, ones)
    assert not torch.equal(first, second)
    model.eval()
    assert torch.equal(model(x, graph, ones), model(x, graph, ones))
    torch.testing.assert_close(model(x, graph, ones), reference(model, x, graph))


@pytest.mark.parametrize("name", BACKBONES)
def test_the_seed_decides_the_initial_weights(name: str) -> None:
    def initial(seed: int) -> list[torch.Tensor]:
        torch.manual_seed(seed)
        return list(backbones.build(BACKBONES[name], 4, 3).prunable().values())

    assert all(torch.equal(a, b) for a, b in zip(initial(1), initial(1), strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(initial(1), initial(2), strict=True))
