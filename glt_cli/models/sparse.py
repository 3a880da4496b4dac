"""Products with sparse matrices whose values can be trained.

torch's autograd makes the gradient of a sparse matrix's values dense. Here the forward pass is
one CSR product, the gradient of the dense factor one product with the transpose, and the gradient
of the values one dot product per stored entry: all linear in the number of stored entries.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

# torch warns at the first CSR tensor of a process that its CSR support is in beta.
warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
warnings.filterwarnings("ignore", message="Sparse invariant checks are implicitly disabled")


@dataclass(frozen=True)
class Pattern:
    """The sparsity pattern of a matrix in CSR order, and that of its transpose.

    Attributes:
        shape: (rows, columns).
        crow: int32 [rows + 1], start of each row.
        row: int32 [nnz], row of each entry, ascending.
        col: int32 [nnz], column of each entry, ascending within a row.
    """

    shape: tuple[int, int]
    crow: Tensor
    row: Tensor
    col: Tensor

    @classmethod
    def from_coordinates(cls, row: Tensor, col: Tensor, shape: tuple[int, int]) -> Pattern:
        """Build from int64 [nnz] coordinates without duplicates, sorted by row, then column."""
        return cls(shape, _starts(row, shape[0]), row.int(), col.int())

    @cached_property
    def t_crow(self) -> Tensor:
        """Start of each row of the transpose: int32 [columns + 1]."""
        return _starts(self.col.long(), self.shape[1])

    @cached_property
    def t_entry(self) -> Tensor:
        """For each entry of the transpose its index in this order: int32 [nnz]."""
        # Sorting costs more than a product, and only gradients of the dense factor need it.
        return torch.argsort(self.col, stable=True).int()

    @cached_property
    def t_col(self) -> Tensor:
        """Column of each entry of the transpose: int32 [nnz]."""
        return self.row[self.t_entry]

    @property
    def nnz(self) -> int:
        """Number of stored entries."""
        return self.col.numel()

    def row_sum(self, values: Tensor) -> Tensor:
        """Sum the values [nnz, ...] of each row: [rows, ...]."""
        total = values.new_zeros((self.shape[0], *values.shape[1:]))
        return total.index_add(0, self.row, values)

    def to(self, device: torch.device) -> Pattern:
        """Copy to a device."""
        return Pattern(self.shape, *(t.to(device) for t in (self.crow, self.row, self.col)))


def _starts(index: Tensor, count: int) -> Tensor:
    starts = torch.zeros(count + 1, dtype=torch.int64, device=index.device)
    torch.cumsum(torch.bincount(index, minlength=count), dim=0, out=starts[1:])
    return starts.int()


@dataclass(frozen=True)
class SparseMatrix:
    """A sparse matrix: pattern and values [nnz]; used for bag-of-words features."""

    pattern: Pattern
    values: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.pattern.shape

    def to(self, device: torch.device) -> SparseMatrix:
        """Copy to a device."""
        return SparseMatrix(self.pattern.to(device), self.values.to(device))


#: Number of outputs up to which a dense product is computed transposed.
_NARROW = 16

#: Input of a layer: dense [N, F], or sparse where most features are zero.
Matrix = Tensor | SparseMatrix


def matmul(x: Matrix, weight: Tensor) -> Tensor:
    """X [N, F] times weight [F, G]: dense [N, G]."""
    if isinstance(x, SparseMatrix):
        return product(x.pattern, x.values, weight)
    if weight.shape[1] <= _NARROW:
        # For a few outputs the transposed product and its gradient are several times as fast.
        return (weight.t() @ x.t()).t()
    return x @ weight


def product(pattern: Pattern, values: Tensor, dense: Tensor) -> Tensor:
    """Multiply a sparse matrix by a dense one, differentiable in both.

    Args:
        pattern: Pattern of the sparse matrix [R, C].
        values: Its values, [nnz], or [K, nnz] for K matrices with this pattern.
        dense: [C, G], or [K, C, G].

    Returns:
        [R, G], or [K, R, G].
    """
    result: Tensor = _Product.apply(values, dense, pattern)  # type: ignore[no-untyped-call]
    return result


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, dense: Tensor, pattern: Pattern) -> Tensor:
        ctx.pattern = pattern
        ctx.save_for_backward(values, dense)
        return _each(_csr_times_dense, pattern.crow, pattern.col, values, dense, pattern.shape)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        (grad,) = grads
        pattern: Pattern = ctx.pattern
        values, dense = ctx.saved_tensors
        grad = grad.contiguous()
        grad_values = grad_dense = None
        if ctx.needs_input_grad[0]:
            grad_values = _each(_dots, pattern.crow, pattern.col, grad, dense, pattern.shape)
        if ctx.needs_input_grad[1]:
            transposed = values.index_select(-1, pattern.t_entry)
            shape = (pattern.shape[1], pattern.shape[0])
            grad_dense = _each(
                _csr_times_dense, pattern.t_crow, pattern.t_col, transposed, grad, shape
            )
        return grad_values, grad_dense, None


def pair_products(pattern: Pattern, h: Tensor) -> Tensor:
    """Products h_u · h_v of the rows of h [N, F] at the entries (u, v) of a pattern: [nnz].

    Time and memory are linear in the entries: no [nnz, F] tensor is created.
    """
    result: Tensor = _PairProducts.apply(h, pattern)  # type: ignore[no-untyped-call]
    return result


class _PairProducts(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, pattern: Pattern) -> Tensor:
        ctx.pattern = pattern
        ctx.save_for_backward(h)
        return _dots(pattern.crow, pattern.col, h, h, pattern.shape)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (grad,) = grads
        pattern: Pattern = ctx.pattern
        (h,) = ctx.saved_tensors
        forth = _csr_times_dense(pattern.crow, pattern.col, grad.contiguous(), h, pattern.shape)
        flipped = grad.index_select(0, pattern.t_entry)
        back = _csr_times_dense(pattern.t_crow, pattern.t_col, flipped, h, pattern.shape[::-1])
        return forth + back, None


def _each(
    operation: Any, crow: Tensor, col: Tensor, a: Tensor, b: Tensor, shape: tuple[int, int]
) -> Tensor:
    """Apply an operation to (a, b), or to each of K stacked pairs."""
    if b.dim() == 2:
        result: Tensor = operation(crow, col, a, b, shape)
        return result
    return torch.stack([operation(crow, col, a[k], b[k], shape) for k in range(b.shape[0])])


def _csr_times_dense(
    crow: Tensor, col: Tensor, values: Tensor, dense: Tensor, shape: tuple[int, int]
) -> Tensor:
    matrix = torch.sparse_csr_tensor(crow, col, values, shape, check_invariants=False)
    # On CPU without MKL, this kernel is about 1.4 times as fast as the default one.
    result: Tensor = (
        matrix @ dense if dense.is_cuda else torch.sparse.mm(matrix, dense.contiguous(), "sum")
    )
    return result


def _dots(crow: Tensor, col: Tensor, grad: Tensor, dense: Tensor, shape: tuple[int, int]) -> Tensor:
    """For each entry (r, c): grad[r] · dense[c]."""
    zeros = grad.new_zeros(col.numel())
    pattern = torch.sparse_csr_tensor(crow, col, zeros, shape, check_invariants=False)
    dots: Tensor = torch.sparse.sampled_addmm(pattern, grad, dense.t(), beta=0.0).values()
    return dots
