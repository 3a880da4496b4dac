from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from glt_cli.config import TrainerConfig
from glt_cli.pruning.context import PruningContext
from glt_cli.pruning.masks import EDGE, Masks, Targets, random_masks
from glt_cli.pruning.sparse_parameters import SparseParameters
from tests.graphs import Log, seeded, tiny_search

HALF = Targets(0.5, 0.5)
WEIGHTS = ["layers.0.linear.weight", "layers.1.linear.weight"]


def pruned_elements(
    targets: Targets = HALF, dropout: float = 0.5, edge_lr: float = 0.01, epochs: int = 3
) -> tuple[PruningContext, SparseParameters, Masks]:
    """Elements that were trained a little and then pruned at random, under strong weight decay."""
    trainer = TrainerConfig(lr=0.01, weight_decay=0.1)
    search, _ = tiny_search(targets, dropout=dropout, trainer=trainer)
    search.generator("test")
    parameters = SparseParameters(search, edge_lr, diversity=0.1, variance=0.1)
    train(parameters, epochs)
    masks = random_masks(search.tensors(), targets, "uniform", seeded(0))
    parameters.prune(masks, seeded(1))
    return search, parameters, masks


def train(parameters: SparseParameters, epochs: int) -> None:
    for _ in parameters.train("test", epochs):
        pass


def moments(parameters: SparseParameters, name: str) -> list[Tensor]:
    state = parameters.optimiser.state[parameters.values[name]]
    return [state["exp_avg"], state["exp_avg_sq"]]


def test_everything_is_kept_at_first_and_scores_are_one() -> None:
    search, _ = tiny_search(HALF)
    parameters = SparseParameters(search, 0.01, 0.1, 0.1)
    assert list(parameters.values) == [EDGE, *WEIGHTS]
    assert bool((parameters.values[EDGE] == 1).all())
    assert all(bool(mask.all()) for mask in parameters.masks.values())
    assert parameters.sparsities() == (0, 0)


@pytest.mark.parametrize("name", ["gcn", "gin-mean", "gat"])
def test_pruned_elements_stay_exactly_zero(name: str) -> None:
    search, _ = tiny_search(HALF, name=name, trainer=TrainerConfig(weight_decay=0.1))
    parameters = SparseParameters(search, 0.01, diversity=0.1, variance=0.1)
    parameters.l1 = 0.01
    train(parameters, 3)
    masks = random_masks(search.tensors(), HALF, "uniform", seeded(0))
    parameters.prune(masks, seeded(1))
    before = {name: value.detach().clone() for name, value in parameters.values.items()}
    for _ in parameters.train("test", 5):
        for key, value in parameters.values.items():
            assert bool((value[~masks[key]] == 0).all())
    for key, value in parameters.values.items():
        assert bool((value != before[key])[masks[key]].any())


def test_counts_and_sparsities_are_exact() -> None:
    search, parameters, masks = pruned_elements(Targets(0.29, 0.8))
    edges = search.task.graph.num_edges
    assert parameters.counts == {name: int(mask.sum()) for name, mask in masks.items()}
    graph, weight = parameters.sparsities()
    assert graph == pytest.approx(int(0.29 * edges) / edges)
    removed = sum(int((~masks[name]).sum()) for name in WEIGHTS)
    assert weight == pytest.approx(removed / (12 * 8 + 8 * 3))


def test_pruning_does_not_share_the_callers_masks() -> None:
    _, parameters, masks = pruned_elements()
    given = {name: mask.clone() for name, mask in masks.items()}
    for name in masks:
        parameters.exchange(name, torch.tensor([0, 1]), torch.tensor([0, 1]))
        assert torch.equal(masks[name], given[name])
        assert not torch.equal(parameters.masks[name], given[name])


def test_pruning_forgets_moments_of_what_it_removes_and_of_nothing_else() -> None:
    search, _ = tiny_search(HALF)
    parameters = SparseParameters(search, 0.01, 0.1, 0.1)
    train(parameters, 3)
    masks = random_masks(search.tensors(), HALF, "uniform", seeded(0))
    before = {name: [m.clone() for m in moments(parameters, name)] for name in masks}
    parameters.prune(masks, seeded(1))
    for name, mask in masks.items():
        for moment, earlier in zip(moments(parameters, name), before[name], strict=True):
            assert bool((moment[~mask] == 0).all())
            assert torch.equal(moment[mask], earlier[mask])
            assert bool((earlier[~mask] != 0).any())


def test_pruning_before_any_training() -> None:
    search, _ = tiny_search(HALF)
    parameters = SparseParameters(search, 0.01, 0.1, 0.1)
    masks = random_masks(search.tensors(), HALF, "uniform", seeded(0))
    parameters.prune(masks, seeded(1))
    for name, mask in masks.items():
        assert torch.equal(parameters.values[name] != 0, mask)


def assert_lists_match_masks(parameters: SparseParameters) -> None:
    for name, mask in parameters.masks.items():
        flat = mask.flatten()
        kept, pruned = parameters.kept[name], parameters.pruned[name]
        assert sorted(kept.tolist()) == flat.nonzero().flatten().tolist()
        assert sorted(pruned.tolist()) == (~flat).nonzero().flatten().tolist()
        assert parameters.counts[name] == kept.numel()


def test_lists_are_in_random_order_by_the_generator() -> None:
    _, parameters, masks = pruned_elements()
    assert_lists_match_masks(parameters)
    first = dict(parameters.kept)
    assert all(kept.tolist() != sorted(kept.tolist()) for kept in first.values())
    parameters.prune(masks, seeded(1))
    assert all(torch.equal(first[name], kept) for name, kept in parameters.kept.items())
    parameters.prune(masks, seeded(2))
    assert not any(torch.equal(first[name], kept) for name, kept in parameters.kept.items())


@pytest.mark.parametrize("name", [EDGE, *WEIGHTS])
@pytest.mark.parametrize("enter", [0, 2, 3], ids="enter {}".format)
def test_a_swap(name: str, enter: int) -> None:
    """Three leave; as many enter, or fewer in a warm-up."""
    _, parameters, masks = pruned_elements()
    train(parameters, 3)
    kept = masks[name].flatten()
    places = torch.tensor([4, 0, 7]), torch.tensor([5, 1, 2][:enter], dtype=torch.int64)
    leaving, entering = parameters.kept[name][places[0]], parameters.pruned[name][places[1]]
    value = parameters.values[name]
    before = value.detach().clone().flatten()
    earlier = [moment.clone().flatten() for moment in moments(parameters, name)]
    parameters.exchange(name, *places)

    assert_lists_match_masks(parameters)
    after = value.detach().flatten()
    start = before[kept].mean() if name == EDGE else torch.tensor(0.0)
    torch.testing.assert_close(after[entering], start.expand(enter))
    assert bool((after[leaving] == 0).all())
    mask = parameters.masks[name].flatten()
    assert bool(mask[entering].all())
    assert not bool(mask[leaving].any())
    assert int(mask.sum()) == parameters.counts[name] == int(masks[name].sum()) - 3 + enter
    others = torch.ones_like(mask)
    others[leaving] = others[entering] = False
    assert torch.equal(after[others], before[others])
    for moment, old in zip(moments(parameters, name), earlier, strict=True):
        assert bool((moment.flatten()[~others] == 0).all())
        assert torch.equal(moment.flatten()[others], old[others])
        assert bool((old[leaving] != 0).any())


def test_what_entered_is_trained_and_what_left_is_not() -> None:
    _, parameters, _ = pruned_elements()
    places = torch.tensor([0, 1, 2, 3])
    for name in WEIGHTS:
        leaving, entering = parameters.kept[name][places], parameters.pruned[name][places]
        parameters.exchange(name, places, places)
        train(parameters, 2)
        assert bool((parameters.values[name].flatten()[leaving] == 0).all())
        assert bool((parameters.values[name].flatten()[entering] != 0).any())


def dense_gradients(
    search: PruningContext, parameters: SparseParameters
) -> tuple[dict[str, Tensor], Tensor]:
    """Gradients of the task loss by all elements as they stand, and the edge scores then."""
    model = copy.deepcopy(search.model).train()
    scores = parameters.values[EDGE].detach().clone().requires_grad_()
    outputs = model(search.task.x, search.task.graph, scores)
    train_nodes = search.task.nodes("train")
    loss = search.task.loss(outputs[train_nodes], train_nodes)
    inputs = {EDGE: scores, **model.prunable()}
    gradients = torch.autograd.grad(loss, list(inputs.values()))
    return dict(zip(inputs, gradients, strict=True)), scores.detach()


def test_gradients_are_of_the_task_loss_alone_and_reach_pruned_elements() -> None:
    search, parameters, masks = pruned_elements(dropout=0.0)
    parameters.l1 = 0.3
    for _ in range(2):
        expected, _ = dense_gradients(search, parameters)
        train(parameters, 1)
        assert list(parameters.gradients) == [EDGE, *WEIGHTS]
        for name, gradient in parameters.gradients.items():
            torch.testing.assert_close(gradient, expected[name])
            assert bool((gradient[~masks[name]] != 0).any())


def test_kept_scores_descend_the_regularised_loss() -> None:
    search, parameters, masks = pruned_elements(dropout=0.0)
    parameters.l1 = 0.3
    expected, scores = dense_gradients(search, parameters)
    a = scores.clone().requires_grad_()
    distance = (a.unsqueeze(0) - a.unsqueeze(1)).abs().mean()
    penalty = 0.1 * torch.exp(-0.5 * distance) - 0.1 * torch.log(a.var() + 1e-8) + 0.3 * a.sum()
    (extra,) = torch.autograd.grad(penalty, a)
    train(parameters, 1)
    grad = parameters.values[EDGE].grad
    assert grad is not None
    kept = masks[EDGE]
    torch.testing.assert_close(grad[kept], (expected[EDGE] + extra)[kept])
    assert bool((grad[~kept] == 0).all())


def test_a_regulariser_can_be_switched_off() -> None:
    def scores(diversity: float, variance: float) -> Tensor:
        search, _ = tiny_search(HALF, dropout=0.0)
        parameters = SparseParameters(search, 0.01, diversity, variance)
        parameters.prune(random_masks(search.tensors(), HALF, "uniform", seeded(0)), seeded(1))
        expected, _ = dense_gradients(search, parameters)
        train(parameters, 1)
        grad = parameters.values[EDGE].grad
        assert grad is not None
        return grad - expected[EDGE] * parameters.masks[EDGE]

    assert torch.allclose(scores(0, 0), torch.zeros(()), atol=1e-7)
    assert bool((scores(0.1, 0).abs() > 1e-6).any())
    assert bool((scores(0, 0.1).abs() > 1e-6).any())


def test_scores_have_their_own_rate_and_no_decay() -> None:
    _, parameters, _ = pruned_elements(edge_lr=0.37)
    groups = {id(p): group for group in parameters.optimiser.param_groups for p in group["params"]}
    scores = groups[id(parameters.values[EDGE])]
    assert (scores["lr"], scores["weight_decay"]) == (0.37, 0)
    weights = groups[id(parameters.values[WEIGHTS[0]])]
    assert (weights["lr"], weights["weight_decay"]) == (0.01, 0.1)


def test_scores_never_turn_negative() -> None:
    _, parameters, _ = pruned_elements(edge_lr=1.0)
    touched = False
    for _ in parameters.train("test", 8):
        kept = parameters.values[EDGE].detach()[parameters.masks[EDGE]]
        assert float(kept.min()) >= 0
        touched = touched or float(kept.min()) == 0
    assert touched  # or this test would say nothing


def test_scores_stay_where_edges_are_not_pruned() -> None:
    _, parameters, _ = pruned_elements(Targets(0, 0.5))
    train(parameters, 3)
    assert bool((parameters.values[EDGE] == 1).all())
    assert EDGE not in parameters.gradients
    assert list(parameters.gradients) == WEIGHTS


def test_weights_that_are_not_pruned_are_all_trained() -> None:
    _, parameters, _ = pruned_elements(Targets(0.5, 0))
    before = parameters.values[WEIGHTS[0]].detach().clone()
    train(parameters, 3)
    assert bool((parameters.values[WEIGHTS[0]] != before).all())
    assert list(parameters.gradients) == [EDGE]


def test_epochs_are_counted_and_told() -> None:
    search, log = tiny_search(HALF)
    parameters = SparseParameters(search, 0.01, 0.1, 0.1)
    train(parameters, 3)
    train(parameters, 0)
    parameters.prune(random_masks(search.tensors(), HALF, "uniform", seeded(0)), seeded(1))
    train(parameters, 2)
    assert isinstance(log, Log)
    assert log.phases == [("test", 3), ("test", 2)]
    assert [epoch.number for epoch in log.epochs] == [1, 2, 3, 1, 2]
    assert log.sparsities[0] == (0, 0)
    assert log.sparsities[-1] == parameters.sparsities() != (0, 0)


def test_rewinding_restores_the_initial_weights() -> None:
    search, parameters, _ = pruned_elements()
    search.rewind()
    state = search.model.state_dict()
    assert all(torch.equal(state[name], value) for name, value in search.init.items())
    assert search.tensors()[EDGE].shape == (search.task.graph.num_edges,)
    assert list(search.tensors()) == list(parameters.values)
