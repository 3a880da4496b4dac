"""A converted ticket is torch-geometric's alone, and does what ours does on the kept graph."""

from __future__ import annotations

import copy
import io
import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils import prune

from glt_cli import data as data_sets
from glt_cli import models as backbones
from glt_cli.config.datasets import DatasetConfig
from glt_cli.deploy import plain_models
from glt_cli.deploy.plain_models import ConvStack, DeeperGCN, EmbeddedNodes
from glt_cli.deploy.torch_geometric import to_torch_geometric
from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.ticket import SavedTicket, read_ticket
from glt_cli.models.backbone import Backbone, Dropout
from glt_cli.models.embedded import Embedded
from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Matrix, SparseMatrix
from glt_cli.pruning.masks import EDGE, Masks
from glt_cli.training.loop import State, snapshot
from glt_cli.training.tasks import make_task
from tests.conftest import REPOSITORY, TINY
from tests.graphs import (
    BACKBONES,
    dense_of,
    features,
    graph_of,
    graphs_with_kept,
    randomised,
    seeded,
    sparse_of,
)

Glt = Callable[..., tuple[int, str, str]]
WIDTH, OUTPUTS = 4, 3

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch_geometric.data import Data
    from torch_geometric.nn import MessagePassing


def make_ticket(
    name: str, graph: Graph, kept: Tensor, seed: int = 0, layers: int = 3, embedded: int = 0
) -> SavedTicket:
    """A ticket with every parameter random, half of the weights pruned at random."""
    config = replace(BACKBONES[name], layers=layers)
    model = randomised(backbones.build(config, WIDTH, OUTPUTS, embedded), seed).float()
    generator = seeded(seed)
    masks: Masks = {EDGE: kept}
    for key, weight in model.prunable().items():
        masks[key] = torch.rand(weight.shape, generator=generator) < 0.5
        weight.data *= masks[key]
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d) and module.running_mean is not None:
            module.running_mean.normal_(generator=generator)
            assert module.running_var is not None
            module.running_var.uniform_(0.5, 2, generator=generator)
    return SavedTicket(
        backbone=config,
        dataset=DatasetConfig(name="cora"),
        data_checksum="",
        preparation=None,
        num_features=WIDTH,
        num_outputs=OUTPUTS,
        embedded_nodes=embedded,
        edge_index=graph.edge_index,
        masks=masks,
        init=snapshot(model),
        trained=snapshot(model),
        num_nodes=graph.num_nodes,
        directed=graph.directed,
        edge_weight=graph.edge_weight,
    )


def ours(ticket: SavedTicket, graph: Graph, x: Matrix) -> tuple[Tensor, Backbone]:
    """Outputs of our model on the graph of the kept edges, and the model."""
    model, kept = ticket.model(), graph.keep(ticket.masks[EDGE])
    outputs: Tensor = model(x, kept, kept.ones())
    return outputs, model


def apply(model: nn.Module, x: Tensor, data: Data) -> Tensor:
    """Outputs of a converted model, called as its docstring says."""
    weights = [] if data.edge_weight is None else [data.edge_weight]
    outputs: Tensor = model(x, data.edge_index, *weights)
    return outputs


def gradients(model: Backbone) -> State:
    """A state whose parameters are the gradients of a model's."""
    state = snapshot(model)
    for name, parameter in model.named_parameters():
        state[name] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    return state


def close(actual: Tensor, expected: Tensor, tolerance: float) -> None:
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance)


def assert_same(ticket: SavedTicket, graph: Graph, x: Tensor, seed: int) -> None:
    """Outputs and gradients of both models agree, the gradients of the features among them."""
    mine, theirs = x.clone(), x.clone()
    if x.is_floating_point():
        mine.requires_grad_()
        theirs.requires_grad_()
    expected, model = ours(ticket, graph, mine)
    converted, data = to_torch_geometric(ticket)
    assert not converted.training
    actual = apply(converted, theirs, data)
    close(actual, expected, 1e-5)
    direction = torch.randn(expected.shape, generator=seeded(seed))
    (expected * direction).sum().backward()  # type: ignore[no-untyped-call]
    (actual * direction).sum().backward()  # type: ignore[no-untyped-call]
    # Converting is linear: gradients are converted as the parameters are.
    derived = replace(ticket, trained=gradients(model))
    wanted = dict(to_torch_geometric(derived)[0].named_parameters())
    for name, parameter in converted.named_parameters():
        assert parameter.grad is not None
        close(parameter.grad, wanted[name].detach(), 1e-4)
    if mine.grad is not None:
        assert theirs.grad is not None
        close(theirs.grad, mine.grad, 1e-4)


def some_graph(directed: bool = False) -> tuple[Graph, Tensor]:
    """Seven nodes, two of which keep no edge."""
    pairs = [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)]
    return graph_of(7, pairs, directed), torch.tensor([True, True, False, True, True, False, False])


@pytest.mark.parametrize("name", BACKBONES)
@settings(max_examples=20)
@given(drawn=graphs_with_kept(), seed=st.integers(0, 99), layers=st.integers(2, 4))
def test_outputs_and_gradients_agree(
    name: str, drawn: tuple[Graph, Tensor], seed: int, layers: int
) -> None:
    graph, kept = drawn
    x = features(graph.num_nodes, seed).float()
    assert_same(make_ticket(name, graph, kept, seed, layers), graph, x, seed)


@pytest.mark.parametrize("name", BACKBONES)
@settings(max_examples=5)
@given(drawn=graphs_with_kept(), seed=st.integers(0, 99))
def test_learned_embeddings_come_along(name: str, drawn: tuple[Graph, Tensor], seed: int) -> None:
    graph, kept = drawn
    ticket = make_ticket(name, graph, kept, seed, embedded=graph.num_nodes)
    assert isinstance(ticket.model(), Embedded)
    numbers = to_torch_geometric(ticket)[1].x
    assert torch.equal(numbers, torch.arange(graph.num_nodes))
    assert_same(ticket, graph, numbers, seed)


@settings(max_examples=30)
@given(drawn=graphs_with_kept(), seed=st.integers(0, 99))
def test_gcn_takes_edge_weights(drawn: tuple[Graph, Tensor], seed: int) -> None:
    plain, kept = drawn
    weights = 0.1 + 3 * torch.rand(plain.num_edges, generator=seeded(seed))
    graph = Graph(plain.num_nodes, plain.edge_index, plain.directed, weights)
    x = features(graph.num_nodes, seed).float()
    assert_same(make_ticket("gcn", graph, kept, seed), graph, x, seed)


@pytest.mark.parametrize("name", [name for name in BACKBONES if name != "gcn"])
def test_other_layers_refuse_edge_weights(name: str) -> None:
    plain, kept = some_graph()
    graph = Graph(plain.num_nodes, plain.edge_index, False, torch.ones(plain.num_edges) / 2)
    with pytest.raises(
        UserError, match=r"edge weights, which torch-geometric's G.*Conv"
    ) as refused:
        to_torch_geometric(make_ticket(name, graph, kept))
    assert "\n" not in str(refused.value)


def test_a_backbone_without_counterpart_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strange(Backbone):
        def forward(self, x: Matrix, graph: object, edges: Tensor) -> Tensor:
            raise NotImplementedError

    graph, kept = some_graph()
    monkeypatch.setattr(SavedTicket, "model", lambda ticket: Strange())
    with pytest.raises(UserError, match="Strange has no counterpart"):
        to_torch_geometric(make_ticket("gcn", graph, kept))


@pytest.mark.parametrize("directed", [False, True])
def test_the_data_hold_the_kept_edges_alone(directed: bool) -> None:
    graph, kept = some_graph(directed)
    _, data = to_torch_geometric(make_ticket("gin-mean", graph, kept))
    there = graph.edge_index[:, kept]
    both = there if directed else torch.cat([there, there.flip(0)], dim=1)
    assert torch.equal(data.edge_index, both)
    assert data.num_nodes == 7
    assert (data.x, data.edge_weight) == (None, None)
    assert data.is_directed() == directed
    assert data.validate()


@pytest.mark.parametrize("name", BACKBONES)
def test_sparse_features_give_the_same(name: str) -> None:
    graph, kept = some_graph()
    ticket = make_ticket(name, graph, kept)
    x = features(7, 1).float()
    model, data = to_torch_geometric(ticket)
    close(apply(model, x, data), ours(ticket, graph, sparse_of(x))[0], 1e-5)


def matrices(model: nn.Module) -> list[tuple[nn.Module, Tensor]]:
    """Layers with a weight matrix, and that matrix."""
    found = [(module, getattr(module, "weight", None)) for module in model.modules()]
    return [(module, w) for module, w in found if isinstance(w, Tensor) and w.dim() == 2]


@pytest.mark.parametrize("name", BACKBONES)
def test_pruned_weights_are_zero_and_can_be_held_there(name: str) -> None:
    graph, kept = some_graph()
    ticket = make_ticket(name, graph, kept)
    model, data = to_torch_geometric(ticket)
    masks = [mask for key, mask in ticket.masks.items() if key != EDGE]
    weights = [weight for _, weight in matrices(model)]
    for weight, mask in zip(weights, masks, strict=True):
        assert torch.equal(weight != 0, mask.t())
    was = [weight.detach().clone() for weight in weights]
    for layer, weight in matrices(model):
        prune.custom_from_mask(layer, "weight", weight != 0)  # type: ignore[no-untyped-call]
    optimiser = torch.optim.Adam(model.train().parameters(), lr=0.1)
    for _ in range(3):
        optimiser.zero_grad()
        apply(model, features(7, 1).float(), data).square().sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    apply(model.eval(), features(7, 1).float(), data)
    now = [getattr(layer, "weight") for layer, _ in matrices(model)]  # noqa: B009
    assert all(bool((new[old == 0] == 0).all()) for new, old in zip(now, was, strict=True))
    assert not any(torch.equal(new, old) for new, old in zip(now, was, strict=True))


@pytest.mark.parametrize("name", BACKBONES)
def test_no_layer_of_ours_is_inside(name: str) -> None:
    graph, kept = some_graph()
    model, _ = to_torch_geometric(make_ticket(name, graph, kept, embedded=7))
    ours_inside = {type(m) for m in model.modules() if type(m).__module__.startswith("glt_cli")}
    assert ours_inside <= {ConvStack, DeeperGCN, EmbeddedNodes}
    assert sum(isinstance(module, MessagePassing) for module in model.modules()) == 3
    assert all(type(tensor) is Tensor for tensor in model.state_dict().values())


def test_the_containers_import_nothing_of_ours() -> None:
    source = Path(plain_models.__file__).read_text()
    assert "glt_cli" not in source


@pytest.mark.parametrize("name", BACKBONES)
def test_a_state_dict_is_loaded_without_pickle(name: str) -> None:
    graph, kept = some_graph()
    x = features(7, 1).float()
    model, data = to_torch_geometric(make_ticket(name, graph, kept))
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other, _ = to_torch_geometric(make_ticket(name, graph, kept, seed=1))
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(apply(other, x, data), apply(model, x, data))
    assert torch.equal(apply(copy.deepcopy(model), x, data), apply(model, x, data))


@pytest.mark.parametrize("name", [name for name in BACKBONES if name != "gcn"])
def test_weights_are_never_ignored(name: str) -> None:
    graph, kept = some_graph()
    model, data = to_torch_geometric(make_ticket(name, graph, kept))
    with pytest.raises(TypeError):
        model(features(7, 1).float(), data.edge_index, torch.ones(data.edge_index.shape[1]))


@pytest.mark.parametrize("name", BACKBONES)
def test_training_goes_on_as_ours_would(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropout stands in the same places with the same p, and batch norms see the same."""

    def shrink(x: Tensor, p: float, training: bool = True, inplace: bool = False) -> Tensor:
        return x * (1 - p) if training else x

    monkeypatch.setattr(torch.nn.functional, "dropout", shrink)
    monkeypatch.setattr(Dropout, "dense", lambda self, x: shrink(x, self.p, training=self.training))
    graph, kept = some_graph()
    ticket, smaller = make_ticket(name, graph, kept), graph.keep(kept)
    mine, (theirs, data) = ticket.model().train(), to_torch_geometric(ticket)
    x = features(7, 1).float()
    outputs = apply(theirs.train(), x, data)
    close(outputs, mine(x, smaller, smaller.ones()), 1e-5)
    assert not torch.allclose(outputs, apply(theirs.eval(), x, data), rtol=1e-3, atol=1e-3)
    wanted = to_torch_geometric(replace(ticket, trained=snapshot(mine)))[0].state_dict()
    for key, tensor in theirs.state_dict().items():
        if "running" in key:
            close(tensor, wanted[key], 1e-5)


def score_of_saved(settings_: list[str], glt: Glt) -> tuple[float, dict[str, Any]]:
    """Run, convert the ticket that the run left, score it; the test score, and the record."""
    code, _, err = glt("run", *TINY, *settings_, "method=random")
    assert (code, err) == (0, "")
    (folder,) = Path("outputs").glob("random-*")
    ticket = read_ticket(RunFolder(folder))
    task = make_task(data_sets.load(ticket.dataset, None), ticket.dataset, torch.device("cpu"))
    model, data = to_torch_geometric(ticket)
    x = dense_of(task.x) if isinstance(task.x, SparseMatrix) else task.x
    with torch.no_grad():
        outputs = apply(model, x, data)
    score = float(task.score(outputs[task.nodes("test")], "test"))
    return score, json.loads((folder / "record.json").read_text())


@pytest.mark.parametrize("backbone", ["gcn", "gin", "gat", "resgcn"])
def test_a_saved_ticket_scores_what_its_record_says(glt: Glt, backbone: str) -> None:
    layers = ["backbone.layers=3"] if backbone == "resgcn" else []
    score, record = score_of_saved([f"backbone={backbone}", *layers], glt)
    assert score == pytest.approx(record["ticket_test"], abs=1e-9)


def test_a_weighted_directed_graph_of_ones_own_too(glt: Glt) -> None:
    folder = REPOSITORY / "examples" / "suppliers"
    words = ["dataset=files", f"dataset.edges={folder}/edges.csv"]
    words += [f"dataset.nodes={folder}/nodes.csv", "dataset.label=late", "dataset.directed=true"]
    score, record = score_of_saved([*words, "dataset.weight=deliveries"], glt)
    assert score == pytest.approx(record["ticket_test"], abs=1e-9)
