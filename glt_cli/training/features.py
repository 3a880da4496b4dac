"""Input features: transforms, dense or sparse storage, and features computed from edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import torch

from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Matrix, Pattern, SparseMatrix, product

#: Share of non-zero features below which a CSR product and its gradient are faster than dense
#: ones: on CPU the break-even point is between 0.15 and 0.2.
SPARSE_BELOW = 0.2


def statistics_of(x: Any, transform: str, train: Any) -> dict[str, torch.Tensor]:
    """Statistics of the training nodes that a transform needs: mean and deviation [F], or none.

    Args:
        x: Features [N, F], a numpy array or a scipy CSR array, float32.
        transform: See `transformed`.
        train: Indices of the training nodes; other nodes are not used.
    """
    if transform != "standardise":
        return {}
    dense = x.toarray() if scipy.sparse.issparse(x) else x
    deviation = dense[train].std(axis=0)
    return {
        "mean": torch.from_numpy(dense[train].mean(axis=0)),
        "deviation": torch.from_numpy(np.where(deviation > 0, deviation, 1)),
    }


def transformed(x: Any, transform: str, statistics: dict[str, torch.Tensor]) -> Matrix:
    """Apply a data set's transform and choose the storage.

    Args:
        x: Features [N, F], a numpy array or a scipy CSR array, float32.
        transform: `row_normalise` divides each row by its sum where that is above 1, as
            torch-geometric's NormalizeFeatures (bag of words); `standardise` subtracts the mean
            and divides by the deviation; `none` changes nothing.
        statistics: Those of the training nodes (`statistics_of`).
    """
    if transform == "row_normalise":
        total = np.asarray(x.sum(axis=1), dtype=np.float32).reshape(-1, 1)
        scale = 1 / np.maximum(total, 1)
        x = x.multiply(scale) if scipy.sparse.issparse(x) else x * scale
    elif transform == "standardise":
        dense = x.toarray() if scipy.sparse.issparse(x) else x
        x = (dense - statistics["mean"].numpy()) / statistics["deviation"].numpy()
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


#: Weights of the powers 0, 1, 2, … of the transition matrix in structural features.
_POWERS = (0.0, 1.0, 1.0, 1.0)


def structural(graph: Graph, width: int) -> torch.Tensor:
    """Features for nodes that have none, from the whole message graph: float32 [N, width].

    A random projection of powers of the transition matrix, weighted by degree (FastRP, Chen et
    al., arXiv 1908.11512), with the logarithm of the degree as last column; standardised. The
    time is linear in edges. Being part of the data, they don't depend on the run's seed.
    """
    adjacency = graph.looped
    pattern = adjacency.pattern
    values = adjacency.weights(graph.ones())
    degree = pattern.row_sum(values)
    walk = values / degree.index_select(0, pattern.row)
    generator = torch.Generator().manual_seed(0)
    signs = torch.randint(2, (graph.num_nodes, width - 1), generator=generator).float() * 2 - 1
    projection = signs / degree.sqrt().unsqueeze(1)
    total = torch.zeros_like(projection)
    for power in _POWERS:
        total += power * torch.nn.functional.normalize(projection, dim=1)
        projection = product(pattern, walk, projection)
    features = torch.cat([total, degree.log().unsqueeze(1)], dim=1)
    return (features - features.mean(0)) / features.std(0).clamp(min=1e-6)
