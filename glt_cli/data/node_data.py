"""The form in which every node-classification loader hands over its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse
    from numpy.typing import NDArray


@dataclass(frozen=True)
class NodeData:
    """A node-classification data set as it is on disk: numpy and scipy only.

    N nodes, F features, M stored edges. Nothing is transformed: row normalisation, removal of
    self-loops and duplicates and the merging of directions belong to the code that trains,
    which can then say what it did.

    x: [N, F] float32, sorted column indices, no stored zeros.
    edges: [2, M] int64 as stored: perhaps both directions, duplicates, self-loops.
    y: [N] int64, 0 to num_classes - 1.
    train, val, test: int64 node indices, ascending, disjoint.
    directed: False says that an edge and its reverse are one edge.
    """

    x: scipy.sparse.csr_array
    edges: NDArray[np.int64]
    y: NDArray[np.int64]
    train: NDArray[np.int64]
    val: NDArray[np.int64]
    test: NDArray[np.int64]
    num_classes: int
    directed: bool = False
