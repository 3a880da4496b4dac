"""Graphs as loaders return them, as numpy and scipy arrays.

Loaders don't transform the data. The code that trains normalises rows, removes self-loops and
duplicates, and merges the two directions of an edge, so it can report what it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class GraphData:
    """A graph of N nodes and M stored edges.

    num_nodes: N.
    x: [N, F] float32, an array or a CSR array with sorted column indices and no stored zeros;
        None if nodes have no features.
    edges: [2, M] int64 as stored: it may have both directions, duplicates and self-loops.
    weights: [M] float32, positive weights of the edges; None if all are 1.
    directed: Whether an edge and its reverse are different edges.
    derived: Whether x was computed from edges, such as the mean of each node's edge features.
    preparation: How x was made from the user's columns, in a form for JSON; it is saved with the
        ticket.
    ids: The ids of the nodes in the user's file, in the order of the rows; None if they are just
        numbered.
    report: Lines about what was read, cleaned and dropped.
    """

    num_nodes: int
    x: NDArray[np.float32] | scipy.sparse.csr_array | None
    edges: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None
    directed: bool = False
    derived: bool = False
    preparation: dict[str, Any] | None = None
    ids: tuple[str, ...] | None = None
    report: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NodeData(GraphData):
    """A graph with classes or labels of nodes to predict.

    y: [N] int64, 0 to num_classes - 1; or [N, L] bool or 0/1, one column for each label.
    train, val, test: int64 node indices, ascending, disjoint.
    num_classes: Number of classes, or L for labels.
    """

    y: NDArray[Any]
    train: NDArray[np.int64]
    val: NDArray[np.int64]
    test: NDArray[np.int64]
    num_classes: int


@dataclass(frozen=True, kw_only=True)
class LinkData(GraphData):
    """A graph with links to predict.

    `edges` are the message edges of training and also its positive examples.

    val, test: Pairs of nodes with a link, int64 [2, P].
    val_negative, test_negative: Pairs of nodes without a link, int64 [2, Q].
    extra_at_test: Additional message edges for testing only, int64 [2, V]; or None.
    """

    val: NDArray[np.int64]
    val_negative: NDArray[np.int64]
    test: NDArray[np.int64]
    test_negative: NDArray[np.int64]
    extra_at_test: NDArray[np.int64] | None = None
