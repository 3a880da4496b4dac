"""An edge of value 0 is absent, in every backbone: docs/method.md."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from glt_cli.models.backbone import Backbone, Dropout
from glt_cli.models.gat import GATLayer, attention
from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Matrix
from tests.graphs import (
    BACKBONES,
    backbone,
    features,
    graph_of,
    graphs,
    graphs_with_kept,
    seeded,
    sparse_of,
)


class FixedDropout(Dropout):
    """Dropout that draws by position, once: the same for both graphs."""

    def dense(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        draws = torch.rand(x.shape, generator=seeded(x.numel()))
        return x * (draws >= self.p) / (1 - self.p)


class AttentionDropout(Dropout):
    """Dropout by (target, source, head): entries of a smaller graph stand elsewhere."""

    def __init__(self, p: float, graph: Graph, draws: Tensor) -> None:
        super().__init__(p)
        pattern = graph.looped.pattern
        self.drawn = draws[pattern.row.long(), pattern.col.long()]

    def dense(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (self.drawn[:, : x.shape[1]] >= self.p) / (1 - self.p)


def fix_dropout(model: Backbone, graph: Graph) -> None:
    model.dropout = FixedDropout(0.4)
    for i, layer in enumerate(model.layers):
        if isinstance(layer, GATLayer):
            shape = (graph.num_nodes, graph.num_nodes, layer.heads)
            draws = torch.rand(shape, generator=seeded(i))
            layer.dropout = AttentionDropout(0.4, graph, draws)
    model.train(model.training)  # the new modules too


def outputs_and_gradients(
    model: Backbone, x: Matrix, graph: Graph, values: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """Outputs, and the gradients of a random linear function of them by all parameters."""
    fix_dropout(model, graph)
    outputs = model(x, graph, values)
    direction = torch.randn(outputs.shape, generator=seeded(7), dtype=torch.float64)
    parameters = dict(model.named_parameters())
    gradients = torch.autograd.grad((outputs * direction).sum(), list(parameters.values()))
    return outputs, dict(zip(parameters, gradients, strict=True))


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("storage", ["dense", "sparse"])
@settings(max_examples=25)
@given(case=graphs_with_kept(), seed=st.integers(0, 99), weighted=st.booleans())
def test_masked_is_removed(
    name: str,
    training: bool,
    storage: str,
    case: tuple[Graph, Tensor],
    seed: int,
    weighted: bool,
) -> None:
    graph, kept = case
    model = backbone(name, seed, layers=3).train(training)
    dense = features(graph.num_nodes, seed)
    x: Matrix = sparse_of(dense) if storage == "sparse" else dense
    values = torch.ones(graph.num_edges, dtype=torch.float64)
    if weighted:
        values = 0.1 + 2 * torch.rand(graph.num_edges, generator=seeded(seed)).double()
    masked = outputs_and_gradients(model, x, graph, values * kept)
    removed = outputs_and_gradients(model, x, graph.keep(kept), values[kept])
    torch.testing.assert_close(masked, removed)


def test_the_fixed_dropout_of_these_tests_drops() -> None:
    # Or the comparison while training would say no more than the one in evaluation.
    graph = graph_of(5, [(0, 1), (1, 2), (2, 3), (3, 4)])
    x = features(5, 0, zeros=0)
    for name in BACKBONES:
        trained, _ = outputs_and_gradients(backbone(name).train(), x, graph, graph.ones().double())
        plain, _ = outputs_and_gradients(backbone(name).eval(), x, graph, graph.ones().double())
        assert not torch.allclose(trained, plain)


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_a_node_without_edges_is_not_heard(name: str, directed: bool, scale: float) -> None:
    graph = graph_of(6, [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (0, 5), (2, 5)], directed)
    model = backbone(name, layers=3).eval()
    x = features(6, 1, zeros=0)
    other = x.clone()
    other[5] = scale * torch.randn(4, generator=seeded(2), dtype=torch.float64)
    kept = (graph.edge_index != 5).all(0)
    received = model(x, graph, graph.ones().double()) - model(other, graph, graph.ones().double())
    assert bool((received[2] != 0).any()) != directed  # 2 → 5 only, where directed
    values = kept.double()
    before, after = model(x, graph, values), model(other, graph, values)
    assert torch.equal(before[:5], after[:5])
    assert not torch.equal(before[5], after[5])


@pytest.mark.parametrize("name", BACKBONES)
def test_messages_run_from_source_to_target(name: str) -> None:
    graph = graph_of(3, [(0, 1), (1, 2)], directed=True)
    model, x = backbone(name).eval(), features(3, 1, zeros=0)
    other = x.clone()
    other[0] += 1
    values = torch.tensor([1.0, 0.0]).double()
    changed = (model(x, graph, values) != model(other, graph, values)).any(1)
    assert changed.tolist() == [True, True, False]


def differences(model: Backbone, x: Tensor, graph: Graph, values: Tensor, step: float) -> Tensor:
    """One-sided differences of second order, of a fixed linear function of the outputs."""

    def at(edge: int, amount: float) -> Tensor:
        moved = values.clone()
        moved[edge] += amount
        return scalar(model, x, graph, moved)

    with torch.no_grad():
        return torch.stack(
            [
                (-3 * at(e, 0) + 4 * at(e, step) - at(e, 2 * step)) / (2 * step)
                for e in range(graph.num_edges)
            ]
        )


def scalar(model: Backbone, x: Tensor, graph: Graph, values: Tensor) -> Tensor:
    outputs: Tensor = model(x, graph, values)
    direction = torch.randn(outputs.shape, generator=seeded(7), dtype=torch.float64)
    return (outputs * direction).sum()


def edge_gradient(model: Backbone, x: Tensor, graph: Graph, values: Tensor) -> Tensor:
    values = values.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(scalar(model, x, graph, values), values)
    return gradient


def others_heard(graph: Graph, values: Tensor) -> Tensor:
    """Whether, for each edge, all nodes that hear through it hear something through others."""
    received = torch.zeros(graph.num_nodes, dtype=torch.float64)
    ends = graph.edge_index[1:] if graph.directed else graph.edge_index
    for end in ends:
        received.index_add_(0, end, values)
    return torch.stack([received[end] - values > 1e-9 for end in ends]).all(0)


@pytest.mark.parametrize("name", BACKBONES)
@settings(max_examples=40)
@given(case=graphs_with_kept(min_edges=2), seed=st.integers(0, 99))
def test_derivatives_by_edge_values_exist_at_zero_too(
    name: str, case: tuple[Graph, Tensor], seed: int
) -> None:
    graph, kept = case
    model = backbone(name, seed).eval()
    # Small logits: beside a neighbour of weight e¹⁵ the function bends within the step.
    x = 0.2 * features(graph.num_nodes, seed, zeros=0)
    values = kept * (0.2 + torch.rand(graph.num_edges, generator=seeded(seed)).double())
    gradient = edge_gradient(model, x, graph, values)
    assert bool(gradient.isfinite().all())
    expected = differences(model, x, graph, values, step=1e-6)
    smooth = torch.ones(graph.num_edges, dtype=torch.bool)
    if name in ("gin-mean", "gin-mlp"):
        smooth = others_heard(graph, values)
    torch.testing.assert_close(gradient[smooth], expected[smooth], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["gcn", "gin-sum", "gat"])
def test_an_absent_edge_may_have_a_derivative(name: str) -> None:
    graph = graph_of(3, [(0, 1), (1, 2)])
    values = torch.tensor([1.0, 0.0]).double()
    gradient = edge_gradient(backbone(name).eval(), features(3, 1, zeros=0), graph, values)
    assert gradient[1] != 0


@pytest.mark.parametrize("name", ["gin-mean", "gin-mlp"])
@given(graph=graphs(), seed=st.integers(0, 9))
@settings(max_examples=30)
def test_the_mean_of_nothing_is_zero_and_has_derivative_zero(
    name: str, graph: Graph, seed: int
) -> None:
    x = features(graph.num_nodes, seed, zeros=0)
    values = torch.zeros(graph.num_edges, dtype=torch.float64)
    gradient = edge_gradient(backbone(name, seed), x, graph, values)
    assert torch.equal(gradient, torch.zeros_like(values))


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("small", [1e-16, 1e-12, 1e-6])
def test_tiny_edge_values_leave_everything_finite(name: str, small: float) -> None:
    """Scores are projected onto a ≥ 0 and may come to stand anywhere above."""
    graph = graph_of(3, [(0, 1), (1, 2)])
    model = backbone(name).float()
    values = torch.full((2,), small, requires_grad=True)
    outputs = model(features(3, 1, zeros=0).float(), graph, values)
    gradients = torch.autograd.grad(outputs.sum(), [values, *model.parameters()])
    assert bool(outputs.isfinite().all())
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("seed", range(5))
def test_large_logits_on_absent_edges_are_harmless(name: str, seed: int) -> None:
    graph = graph_of(6, [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (4, 5)])
    model = backbone(name, seed).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1e3)
    x = features(6, seed, zeros=0).float()
    kept = torch.tensor([True, False, True, False, False, True])
    values = kept.float().requires_grad_()
    outputs = model(x, graph, values)
    removed = model(x, graph.keep(kept), torch.ones(3))
    torch.testing.assert_close(outputs, removed, rtol=1e-4, atol=1e-4)
    gradients = torch.autograd.grad(outputs.sum(), [values, *model.parameters()])
    assert all(bool(gradient.isfinite().all()) for gradient in gradients)


def cuda() -> torch.device:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    return torch.device("cuda")


@pytest.mark.gpu
@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("storage", ["dense", "sparse"])
def test_masked_is_removed_on_cuda_and_as_on_the_cpu(name: str, storage: str) -> None:
    device = cuda()
    for seed, directed in ((1, False), (2, True)):
        pairs = [(u, v) for u in range(20) for v in range(20) if (u * 7 + v * 3 + seed) % 11 == 0]
        graph = graph_of(20, pairs, directed)
        kept = torch.rand(graph.num_edges, generator=seeded(seed)) < 0.5
        dense = features(20, seed)
        x: Matrix = sparse_of(dense) if storage == "sparse" else dense
        on_cpu = outputs_and_gradients(backbone(name, seed).eval(), x, graph, kept.double())
        model = backbone(name, seed).eval().to(device)
        far, there = graph.to(device), x.to(device)
        masked = on_device(model, there, far, kept.double().to(device))
        removed = on_device(
            model, there, far.keep(kept.to(device)), torch.ones(int(kept.sum())).double().to(device)
        )
        torch.testing.assert_close(masked, removed)
        torch.testing.assert_close(masked, on_cpu, check_device=False)


def on_device(
    model: Backbone, x: Matrix, graph: Graph, values: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    outputs = model(x, graph, values)
    direction = torch.randn(outputs.shape, generator=seeded(7), dtype=torch.float64)
    parameters = dict(model.named_parameters())
    gradients = torch.autograd.grad(
        (outputs * direction.to(outputs.device)).sum(), list(parameters.values())
    )
    return outputs, dict(zip(parameters, gradients, strict=True))


@pytest.mark.gpu
@pytest.mark.parametrize("name", BACKBONES)
def test_derivatives_by_edge_values_are_those_of_the_cpu(name: str) -> None:
    device = cuda()
    graph = graph_of(6, [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4), (4, 5)])
    values = torch.tensor([1.0, 0.0, 0.5, 1.0, 0.0, 2.0]).double()
    x = features(6, 3, zeros=0)
    expected = edge_gradient(backbone(name).eval(), x, graph, values)
    model = backbone(name).eval().to(device)
    edges = values.to(device).requires_grad_()
    outputs = model(x.to(device), graph.to(device), edges)
    direction = torch.randn(outputs.shape, generator=seeded(7), dtype=torch.float64).to(device)
    (gradient,) = torch.autograd.grad((outputs * direction).sum(), edges)
    torch.testing.assert_close(gradient.cpu(), expected)


@settings(max_examples=20)
@given(graph=graphs(), seed=st.integers(0, 9))
def test_attention_of_kept_entries_sums_to_one(graph: Graph, seed: int) -> None:
    pattern = graph.looped.pattern
    logits = 100 * torch.randn(pattern.nnz, 2, generator=seeded(seed), dtype=torch.float64)
    values = (torch.rand(graph.num_edges, generator=seeded(seed)) < 0.5).double()
    weights = graph.looped.weights(values)
    alpha = attention(logits, weights, graph.looped)
    torch.testing.assert_close(
        pattern.row_sum(alpha), torch.ones(graph.num_nodes, 2, dtype=torch.float64)
    )
    assert bool((alpha[weights == 0] == 0).all())
