from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from glt_cli.models.backbone import Dropout
from glt_cli.models.sparse import SparseMatrix
from tests.graphs import sparse_of

DRAWS = 200_000


@pytest.mark.parametrize("p", [0.1, 0.5, 0.6, 0.95])
def test_share_dropped_and_mean(p: float) -> None:
    torch.manual_seed(3)
    dropped = Dropout(p).dense(torch.ones(DRAWS, dtype=torch.float64))
    # Six standard deviations of the share, and of the mean.
    assert abs(float((dropped == 0).double().mean()) - p) < 6 * (p * (1 - p) / DRAWS) ** 0.5
    assert abs(float(dropped.mean()) - 1) < 6 * (p / (1 - p) / DRAWS) ** 0.5
    survivors = dropped[dropped != 0]
    torch.testing.assert_close(
        survivors, torch.full_like(survivors, 1 / (1 - p)), rtol=1e-3, atol=0
    )


def test_neighbouring_elements_are_dropped_independently() -> None:
    torch.manual_seed(4)
    kept = (Dropout(0.5).dense(torch.ones(DRAWS)) != 0).double() - 0.5
    for distance in (1, 2, 3, 4):
        together = float((kept[distance:] * kept[:-distance]).mean()) / 0.25
        assert abs(together) < 6 / DRAWS**0.5


@given(st.lists(st.integers(0, 7), min_size=1, max_size=3))
def test_shapes_are_kept(shape: list[int]) -> None:
    assert Dropout(0.5).dense(torch.ones(shape)).shape == tuple(shape)


def test_evaluation_and_p_zero_change_nothing() -> None:
    x = torch.randn(5, 3)
    assert Dropout(0.0)(x) is x
    assert Dropout(0.7).eval()(x) is x
    sparse = sparse_of(x)
    assert Dropout(0.7).eval()(sparse) is sparse


def test_of_a_sparse_matrix_stored_entries_are_dropped() -> None:
    torch.manual_seed(5)
    sparse = sparse_of(torch.eye(1000))
    dropped = Dropout(0.5)(sparse)
    assert isinstance(dropped, SparseMatrix)
    assert dropped.pattern is sparse.pattern
    assert set(dropped.values.tolist()) == {0, 2}


def test_gradients_pass_where_kept() -> None:
    torch.manual_seed(6)
    x = torch.ones(1000, requires_grad=True)
    dropped = Dropout(0.5).dense(x)
    (gradient,) = torch.autograd.grad(dropped.sum(), x)
    assert torch.equal(gradient, dropped.detach())


def test_the_seed_decides() -> None:
    def drawn(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return Dropout(0.5).dense(torch.ones(100))

    assert torch.equal(drawn(1), drawn(1))
    assert not torch.equal(drawn(1), drawn(2))


def test_the_largest_p_that_a_configuration_may_hold() -> None:
    assert bool(Dropout(0.999999).dense(torch.ones(1000)).isfinite().all())
