from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from glt_cli.pruning.regularisers import diversity_gradient, mean_distance, variance_gradient

#: Scores with ties, 0 (pruned ones) often among them.
scores = st.lists(
    st.sampled_from([0.0, 0.0, 0.25, 1.0, 1.0001]) | st.floats(0, 2), min_size=1, max_size=20
).map(lambda values: torch.tensor(values, dtype=torch.float64))


def naive_distance(a: Tensor) -> Tensor:
    return (a.unsqueeze(0) - a.unsqueeze(1)).abs().mean()


@given(scores)
def test_mean_distance_is_that_of_all_pairs(a: Tensor) -> None:
    a = a.requires_grad_()
    expected = naive_distance(a)
    (slope,) = torch.autograd.grad(expected, a)
    value, gradient = mean_distance(a.detach())
    torch.testing.assert_close(value, expected.detach())
    torch.testing.assert_close(gradient, slope)


@given(scores)
def test_diversity_gradient(a: Tensor) -> None:
    a = a.requires_grad_()
    (expected,) = torch.autograd.grad(torch.exp(-0.5 * naive_distance(a)), a)
    torch.testing.assert_close(diversity_gradient(a.detach()), expected)


@given(scores.filter(lambda a: a.numel() > 1))
def test_variance_gradient(a: Tensor) -> None:
    a = a.requires_grad_()
    (expected,) = torch.autograd.grad(-torch.log(a.var() + 1e-8), a)
    torch.testing.assert_close(variance_gradient(a.detach()), expected)


def test_descent_along_either_gradient_spreads_scores() -> None:
    a = torch.tensor([0.0, 0.4, 1.0])
    for slope in (diversity_gradient(a), variance_gradient(a)):
        moved = a - 0.01 * slope
        assert naive_distance(moved) > naive_distance(a)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_edges_have_nothing_to_spread(count: int) -> None:
    a = torch.full((count,), 0.7)
    assert torch.equal(variance_gradient(a), torch.zeros(count))
    assert torch.equal(diversity_gradient(a), torch.zeros(count))


def test_equal_scores_give_finite_gradients() -> None:
    a = torch.ones(5)
    assert torch.equal(diversity_gradient(a), torch.zeros(5))
    assert torch.equal(variance_gradient(a), torch.zeros(5))


def test_many_edges_need_no_matrix_of_pairs() -> None:
    a = torch.rand(300_000)  # of pairs there are 9e10
    value, gradient = mean_distance(a)
    assert float(value) == pytest.approx(1 / 3, abs=0.01)
    assert gradient.shape == a.shape
