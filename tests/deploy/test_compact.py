"""The compact model of a ticket computes what the ticket's model computes."""

from __future__ import annotations

from typing import cast

import pytest
import torch

from glt_cli.config.backbones import BackboneConfig, GCNConfig
from glt_cli.deploy.compact import Compact, compacted
from glt_cli.deploy.runtime.messages import Messages
from glt_cli.deploy.runtime.networks import network
from glt_cli.models import build
from glt_cli.models.backbone import Backbone
from glt_cli.models.gcn import GCN, GCNLayer
from glt_cli.models.graph import Graph
from tests.graphs import BACKBONES

NODES, FEATURES, CLASSES = 40, 12, 3


def pruned(config: BackboneConfig, kept: float, seed: int = 0) -> Backbone:
    """A model with random biases and norms, and a share of its weights."""
    torch.manual_seed(seed)
    model = build(config, FEATURES, CLASSES)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim < 2:
                parameter.copy_(torch.rand_like(parameter) - 0.4)
        for weight in model.prunable().values():
            weight.mul_(torch.rand_like(weight) < kept)
        graph = some_graph(False, False)
        model.train()
        model(torch.rand(NODES, FEATURES), graph, graph.ones())  # gives the norms statistics
    return model.eval()


def some_graph(directed: bool, weighted: bool) -> Graph:
    generator = torch.Generator().manual_seed(1)
    pairs = torch.randint(0, NODES - 2, (2, 90), generator=generator)  # two nodes are alone
    weights = torch.rand(90, generator=generator) + 0.1 if weighted else None
    return Graph.from_pairs(NODES, pairs, directed, weights).graph


def outputs(compact: Compact, x: torch.Tensor, graph: Graph, is_csr: bool) -> torch.Tensor:
    about = compact.about | {"csr": [is_csr] * len(compact.maps)}
    built = network(about, compact.tensors)
    messages = Messages.of_edges(
        NODES, graph.edge_index, graph.directed, graph.edge_weight, built.self_loops
    )
    with torch.no_grad():
        result: torch.Tensor = built(x[:, compact.features], messages)
        scattered = Messages(
            NODES, messages.source, messages.target, messages.weight, in_order=False
        )
        read = x[:, compact.features]
        torch.testing.assert_close(built(read, scattered), result)
        torch.testing.assert_close(built(read.to_sparse_csr(), messages), result)
    return result


@pytest.mark.parametrize("kept", [1.0, 0.3, 0.05, 0.0])
@pytest.mark.parametrize("name", BACKBONES)
def test_same_outputs(name: str, kept: float) -> None:
    config = BACKBONES[name]
    for directed, weighted in ((False, False), (True, False), (False, True), (True, True)):
        model, graph = pruned(config, kept), some_graph(directed, weighted)
        x = torch.rand(NODES, FEATURES)
        with torch.no_grad():
            expected = model(x, graph, graph.ones())
        compact = compacted(model)
        for is_csr in (False, True):
            found = outputs(compact, x, graph, is_csr)
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", BACKBONES)
def test_what_nothing_needs_is_gone(name: str) -> None:
    compact = compacted(pruned(BACKBONES[name], 0.05))
    first = compact.maps[0]
    assert len(compact.features) == first.shape[0] < FEATURES
    if "resgcn" in name:
        return
    last = len(compact.maps) - 1
    for place, matrix in enumerate(compact.maps):
        units = len(compact.tensors[f"bias.{place}"])
        if matrix.shape[0] > 1:
            assert matrix.ne(0).any(1).all()  # each input is read
        if place < last and units > 1:
            fed = matrix[:, :units].ne(0).any(0)
            shifted = compact.tensors.get(f"shift.{place}", torch.zeros(matrix.shape[1]))
            assert (fed | shifted[:units].ne(0)).all()


def test_units_without_inputs_become_a_constant() -> None:
    model = pruned(GCNConfig(name="gcn", hidden=4), 1.0)
    assert isinstance(model, GCN)
    layers = [cast(GCNLayer, layer) for layer in model.layers]
    with torch.no_grad():
        first, second = (layer.linear.weight for layer in layers)
        first[:, 0] = first[:, 1] = 0  # no inputs
        second[2] = 0  # no reader
        layers[0].bias[:2] = torch.tensor([0.5, -0.5])
    compact = compacted(model)
    assert [tuple(matrix.shape) for matrix in compact.maps] == [(FEATURES, 1), (1, CLASSES)]
    # What is negative before the ReLU adds nothing.
    torch.testing.assert_close(compact.tensors["shift.1"], 0.5 * second[0])
    with torch.no_grad():
        layers[0].bias[0] = -0.1
    assert "shift.1" not in compacted(model).tensors


def test_a_dense_model_stays_whole() -> None:
    model = pruned(GCNConfig(name="gcn", hidden=7), 1.0)
    compact = compacted(model)
    assert [tuple(matrix.shape) for matrix in compact.maps] == [(FEATURES, 7), (7, CLASSES)]
    assert compact.features.tolist() == list(range(FEATURES))
