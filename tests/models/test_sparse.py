from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from glt_cli.models.sparse import Pattern, SparseMatrix, matmul, product
from tests.graphs import dense_of, seeded, sparse_of


@st.composite
def masks(draw: st.DrawFn) -> Tensor:
    """Where a small matrix has entries; empty rows, empty columns and no entries among them."""
    rows, cols = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    cells = st.lists(st.booleans(), min_size=rows * cols, max_size=rows * cols)
    return torch.tensor(draw(cells | st.just([False] * (rows * cols)))).view(rows, cols)


def pattern_of(mask: Tensor) -> Pattern:
    row, col = mask.nonzero(as_tuple=True)
    return Pattern.from_coordinates(row, col, (mask.shape[0], mask.shape[1]))


def values_of(pattern: Pattern, seed: int, *stack: int) -> Tensor:
    """Values of which about a third are stored zeros."""
    values = torch.randn(*stack, pattern.nnz, generator=seeded(seed), dtype=torch.float64)
    return values * (torch.rand(values.shape, generator=seeded(seed + 1)) > 0.3)


def densified(pattern: Pattern, values: Tensor) -> Tensor:
    dense = values.new_zeros(*values.shape[:-1], *pattern.shape)
    dense[..., pattern.row.long(), pattern.col.long()] = values
    return dense


@given(masks())
def test_a_pattern_knows_its_transpose(mask: Tensor) -> None:
    pattern = pattern_of(mask)
    entries = torch.arange(1, pattern.nnz + 1)
    csr = torch.sparse_csr_tensor(pattern.crow, pattern.col, entries, pattern.shape)
    transposed = torch.sparse_csr_tensor(
        pattern.t_crow,
        pattern.t_col,
        entries[pattern.t_entry.long()],
        (pattern.shape[1], pattern.shape[0]),
    )
    assert pattern.nnz == int(mask.sum())
    assert torch.equal(csr.to_dense() > 0, mask)
    assert torch.equal(transposed.to_dense(), csr.to_dense().t())


@given(masks(), st.integers(0, 99))
def test_row_sums(mask: Tensor, seed: int) -> None:
    pattern = pattern_of(mask)
    values = values_of(pattern, seed)
    torch.testing.assert_close(pattern.row_sum(values), densified(pattern, values).sum(1))
    wide = torch.stack([values, -2 * values], dim=1)
    torch.testing.assert_close(pattern.row_sum(wide)[:, 1], -2 * densified(pattern, values).sum(1))


@given(masks(), st.integers(1, 4), st.integers(0, 99))
def test_product_is_that_of_dense_matrices(mask: Tensor, width: int, seed: int) -> None:
    pattern = pattern_of(mask)
    values = values_of(pattern, seed)
    dense = torch.randn(mask.shape[1], width, generator=seeded(seed), dtype=torch.float64)
    torch.testing.assert_close(product(pattern, values, dense), densified(pattern, values) @ dense)


@given(masks(), st.integers(1, 3), st.integers(0, 99))
def test_stacked_product_multiplies_each_pair(mask: Tensor, stack: int, seed: int) -> None:
    pattern = pattern_of(mask)
    values = values_of(pattern, seed, stack)
    # The heads of an attention layer arrive as a view that is not contiguous.
    dense = torch.randn(mask.shape[1], stack, 2, generator=seeded(seed), dtype=torch.float64)
    expected = densified(pattern, values) @ dense.transpose(0, 1)
    torch.testing.assert_close(product(pattern, values, dense.transpose(0, 1)), expected)


@given(masks(), st.sampled_from([(), (1,), (2,)]), st.integers(0, 99))
@settings(max_examples=40)
def test_gradients_of_both_factors(mask: Tensor, stack: tuple[int, ...], seed: int) -> None:
    pattern = pattern_of(mask)
    values = values_of(pattern, seed, *stack).requires_grad_()
    dense = torch.randn(*stack, mask.shape[1], 3, generator=seeded(seed), dtype=torch.float64)
    dense.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda v, d: product(pattern, v, d), (values, dense), check_undefined_grad=False
    )
    # `gradcheck` sees nothing of a value without influence: compare with dense algebra as well.
    weights = torch.randn(*stack, mask.shape[0], 3, generator=seeded(seed), dtype=torch.float64)
    expected = torch.autograd.grad(
        (densified(pattern, values) @ dense * weights).sum(), (values, dense)
    )
    actual = torch.autograd.grad((product(pattern, values, dense) * weights).sum(), (values, dense))
    torch.testing.assert_close(actual, expected)


def test_a_stored_zero_has_a_gradient() -> None:
    pattern = pattern_of(torch.tensor([[True]]))
    values = torch.zeros(1, requires_grad=True)
    (gradient,) = torch.autograd.grad(product(pattern, values, torch.full((1, 1), 3.0)), values)
    assert gradient.item() == 3


def test_only_wanted_gradients_are_computed() -> None:
    pattern = pattern_of(torch.eye(3, dtype=torch.bool))
    values, dense = torch.ones(3), torch.ones(3, 2, requires_grad=True)
    (gradient,) = torch.autograd.grad(product(pattern, values, dense).sum(), dense)
    assert torch.equal(gradient, torch.ones(3, 2))
    assert not product(pattern, values, dense.detach()).requires_grad


def test_matmul_takes_either_storage() -> None:
    dense = torch.tensor([[0.0, 2.0], [0.0, 0.0], [1.0, -1.0]])
    weight = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    sparse = sparse_of(dense)
    assert isinstance(sparse, SparseMatrix)
    assert sparse.shape == (3, 2)
    assert torch.equal(dense_of(sparse), dense)
    assert torch.equal(matmul(sparse, weight), matmul(dense, weight))
