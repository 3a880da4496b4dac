from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from glt_cli.models.sparse import SparseMatrix
from glt_cli.training.features import SPARSE_BELOW, statistics_of, transformed
from tests.graphs import dense_of

TRAIN = np.array([0, 2, 3])


def dense(x: object, transform: str) -> torch.Tensor:
    matrix = transformed(x, transform, statistics_of(x, transform, TRAIN))
    return dense_of(matrix) if isinstance(matrix, SparseMatrix) else matrix


def bag(rows: int, columns: int, words: int, seed: int = 0) -> NDArray[np.float32]:
    x = np.zeros((rows, columns), dtype=np.float32)
    rng = np.random.default_rng(seed)
    x.flat[rng.permutation(rows * columns)[:words]] = rng.integers(1, 4, words)
    return x


@given(
    st.integers(0, 60),
    st.integers(0, 20),
    st.sampled_from(["none", "row_normalise", "standardise"]),
)
def test_storage_does_not_change_values(words: int, seed: int, transform: str) -> None:
    x = bag(6, 10, words, seed)
    assert torch.equal(
        dense(x, transform), dense(scipy.sparse.csr_array(x), transform)
    ) or torch.allclose(dense(x, transform), dense(scipy.sparse.csr_array(x), transform), atol=1e-6)
    assert dense(x, transform).dtype == torch.float32


def test_a_row_of_words_sums_to_one_and_an_empty_one_stays_empty() -> None:
    x = bag(20, 30, 100)
    x[3] = 0
    sums = dense(scipy.sparse.csr_array(x), "row_normalise").sum(1)
    expected = torch.tensor([float(row.any()) for row in x])
    torch.testing.assert_close(sums, expected)


def test_standardised_by_the_training_nodes_alone() -> None:
    x = np.random.default_rng(0).normal(3, 2, (6, 4)).astype(np.float32)
    x[:, 1] = 7  # a constant feature
    z = dense(x, "standardise")
    torch.testing.assert_close(z[TRAIN].mean(0), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(
        z[TRAIN].std(0, correction=0)[[0, 2, 3]], torch.ones(3), atol=1e-5, rtol=0
    )
    assert bool((z[:, 1] == 0).all())
    elsewhere = x.copy()
    elsewhere[1] = 1000
    assert torch.equal(dense(elsewhere, "standardise")[TRAIN], z[TRAIN])


def test_none_leaves_features_as_they_are() -> None:
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    assert torch.equal(dense(x, "none"), torch.from_numpy(x))


@pytest.mark.parametrize("make", [np.asarray, scipy.sparse.csr_array], ids=["numpy", "scipy"])
def test_few_non_zeros_are_stored_sparse(make: object) -> None:
    assert callable(make)
    few, many = int(SPARSE_BELOW * 200) - 1, int(SPARSE_BELOW * 200) + 1
    sparse = transformed(make(bag(10, 20, few)), "row_normalise", {})
    assert isinstance(sparse, SparseMatrix)
    assert sparse.pattern.nnz == few
    assert sparse.shape == (10, 20)
    assert isinstance(transformed(make(bag(10, 20, many)), "row_normalise", {}), torch.Tensor)


def test_the_callers_array_is_left_alone() -> None:
    x = bag(5, 6, 20)
    given_array, given_sparse = x.copy(), scipy.sparse.csr_array(x)
    for transform in ("row_normalise", "standardise", "none"):
        transformed(given_array, transform, statistics_of(given_array, transform, TRAIN))
        transformed(given_sparse, transform, statistics_of(given_sparse, transform, TRAIN))
    assert (given_array == x).all()
    assert (given_sparse.toarray() == x).all()
