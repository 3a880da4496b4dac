"""Transforms of input features, and whether they are stored sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import torch

from glt_cli.sparse import Matrix, Pattern, SparseMatrix

#: Share of non-zero features below which a CSR product with its gradient beats a dense one: on
#: CPU the two cross between 0.15 and 0.2.
SPARSE_BELOW = 0.2


def transformed(x: Any, transform: str, train: Any) -> Matrix:
    """Apply a data set's transform and choose the storage.

    Args:
        x: Features [N, F], a numpy array or a scipy CSR array, float32.
        transform: `row_normalise` divides each row by its sum where that is above 1, as
            torch-geometric's NormalizeFeatures (bag of words); `standardise`
            takes mean and deviation of the training nodes; `none` leaves them.
        train: Indices of the training nodes: no other node's statistics are used.
    """
    if transform == "row_normalise":
        total = np.asarray(x.sum(axis=1), dtype=np.float32).reshape(-1, 1)
        scale = 1 / np.maximum(total, 1)
        x = x.multiply(scale) if scipy.sparse.issparse(x) else x * scale
    elif transform == "standardise":
        dense = x.toarray() if scipy.sparse.issparse(x) else x
        deviation = dense[train].std(axis=0)
        x = (dense - dense[train].mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    matrix = scipy.sparse.csr_array(x)
    matrix.sort_indices()
    if matrix.nnz >= SPARSE_BELOW * matrix.shape[0] * matrix.shape[1]:
        dense = x.toarray() if scipy.sparse.issparse(x) else x
        return torch.from_numpy(np.ascontiguousarray(dense, dtype=np.float32))
    coordinates = matrix.tocoo()
    pattern = Pattern.from_coordinates(
        torch.from_numpy(coordinates.row.astype(np.int64)),
        torch.from_numpy(coordinates.col.astype(np.int64)),
        (matrix.shape[0], matrix.shape[1]),
    )
    return SparseMatrix(pattern, torch.from_numpy(matrix.data.astype(np.float32)))
