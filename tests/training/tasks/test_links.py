from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from glt_cli.config.datasets import LinkConfig
from glt_cli.data.graph_data import LinkData
from glt_cli.models.sparse import Pattern, pair_products
from glt_cli.training.tasks import LinkPrediction, make_task
from glt_cli.training.tasks.link_prediction import Pairs
from tests.graphs import seeded

CPU = torch.device("cpu")


def data(extra: bool = False) -> LinkData:
    return LinkData(
        num_nodes=6,
        x=None,
        edges=np.array([[0, 1, 2, 3], [1, 2, 3, 4]]),
        val=np.array([[0], [2]]),
        val_negative=np.array([[0, 1, 5], [5, 4, 3]]),
        test=np.array([[1, 4], [3, 5]]),
        test_negative=np.array([[0, 2], [4, 5]]),
        extra_at_test=np.array([[0, 1], [2, 0]]) if extra else None,
    )


def link_task(extra: bool = False, features: str = "learned") -> LinkPrediction:
    config = LinkConfig(name="ca_astroph", transform="none", features=features, width=4)
    task = make_task(data(extra), config, CPU)
    assert isinstance(task, LinkPrediction)
    return task


def embeddings(nodes: int = 6, seed: int = 0) -> Tensor:
    return torch.randn(nodes, 3, generator=seeded(seed), dtype=torch.float64)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30))
def test_pairs_are_scored_by_products_repeated_ones_too(ends: list[tuple[int, int]]) -> None:
    pairs = torch.tensor(ends).t()
    h = embeddings().requires_grad_()
    scores = Pairs.of(pairs, 6).scores(h)
    expected = (h[pairs[0]] * h[pairs[1]]).sum(1)
    torch.testing.assert_close(scores, expected)
    direction = torch.randn(scores.shape, generator=seeded(1), dtype=torch.float64)
    torch.testing.assert_close(
        torch.autograd.grad((scores * direction).sum(), h),
        torch.autograd.grad((expected * direction).sum(), h),
    )


def test_products_have_exact_derivatives() -> None:
    row, col = torch.tensor([0, 1, 1, 4]), torch.tensor([2, 1, 3, 0])
    pattern = Pattern.from_coordinates(row, col, (6, 6))
    h = embeddings().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: pair_products(pattern, x), (h,))


def test_nodes_without_features_are_embedded_or_described_by_the_graph() -> None:
    learned, structural = link_task(), link_task(features="structural")
    assert (learned.embedded_nodes, learned.num_features, learned.derived) == (6, 4, False)
    assert (structural.embedded_nodes, structural.num_features) == (0, 4)
    assert structural.derived
    assert isinstance(structural.x, Tensor)
    assert bool(structural.x.isfinite().all())


def test_the_loss_is_that_of_edges_and_random_pairs() -> None:
    task, h = link_task(), embeddings()
    torch.manual_seed(3)
    loss = task.loss(h, task.nodes("train"))
    torch.manual_seed(3)
    random = torch.randint(6, (2, 4))
    source, target = task.graph.edge_index
    positive = (h[source] * h[target]).sum(1)
    negative = (h[random[0]] * h[random[1]]).sum(1)
    expected = F.binary_cross_entropy_with_logits(positive, torch.ones(4).double())
    expected += F.binary_cross_entropy_with_logits(negative, torch.zeros(4).double())
    torch.testing.assert_close(loss, expected)


def test_examples_of_a_part_are_the_edges_inside_it() -> None:
    task, h = link_task(), embeddings()
    nodes = torch.tensor([1, 2, 4])
    torch.manual_seed(0)
    inside = task.loss(h[nodes], nodes)
    torch.manual_seed(0)
    random = torch.randint(3, (2, 1))
    positive = h[1] @ h[2]
    negative = h[nodes[random[0, 0]]] @ h[nodes[random[1, 0]]]
    torch.testing.assert_close(inside, F.softplus(-positive) + F.softplus(negative))


def test_scores_are_hits_and_the_area_under_the_curve() -> None:
    task = link_task()
    h = torch.zeros(6, 3, dtype=torch.float64)
    h[[1, 3], 0] = 1  # the linked pair 1-3 scores 1, everything else 0
    assert float(task.score(h, "test")) == 1.0  # fewer than 50 negatives: all are hits
    second = task.second_score(h, "test")
    assert float(second) == pytest.approx(0.75)


def test_pruning_takes_messages_not_examples() -> None:
    task = link_task()
    pruned = task.graph.keep(torch.tensor([True, False, False, True]))
    assert task.graph_at("val", pruned) is pruned
    assert task.graph.num_edges == 4  # examples come from here


def test_edges_of_the_test_alone_come_behind_the_others() -> None:
    task = link_task(extra=True)
    # 1-0 is a training edge already; 0-2 is new.
    assert task.extra_at_test is not None
    assert task.extra_at_test.tolist() == [[0], [2]]
    for split in ("train", "val", "all"):
        assert task.graph_at(split, task.graph).num_edges == 4
    at_test = task.graph_at("test", task.graph)
    assert at_test.edge_index.t().tolist() == [[0, 1], [1, 2], [2, 3], [3, 4], [0, 2]]


def test_the_decoder_counts_one_product_for_each_test_pair() -> None:
    assert link_task().decoder_macs(7) == 4 * 7


def test_a_part_without_edges_has_no_loss() -> None:
    task, nodes = link_task(), torch.tensor([0, 5])
    h = embeddings()[nodes].requires_grad_()
    loss = task.loss(h, nodes) + task.divergence(h, h.detach(), nodes)
    assert loss.item() == 0
    (gradient,) = torch.autograd.grad(loss, h)
    assert bool((gradient == 0).all())
