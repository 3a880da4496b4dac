"""The forms in which loaders hand over their data: numpy and scipy only.

Nothing is transformed: row normalisation, removal of self-loops and duplicates and the merging
of directions belong to the code that trains, which can then say what it did.
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
        None where nodes have no features.
    edges: [2, M] int64 as stored: perhaps both directions, duplicates, self-loops.
    weights: [M] float32, positive weights of the edges; None where all weigh 1.
    directed: False says that an edge and its reverse are one edge.
    derived: x was computed from edges (such as the mean of each node's edge features).
    preparation: What made x of the user's columns, for JSON: it is saved with the ticket.
    report: Lines that say what was read, cleaned and dropped.
    """

    num_nodes: int
    x: NDArray[np.float32] | scipy.sparse.csr_array | None
    edges: NDArray[np.int64]
    weights: NDArray[np.float32] | None = None
    directed: bool = False
    derived: bool = False
    preparation: dict[str, Any] | None = None
    report: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NodeData(GraphData):
    """Classes or labels of nodes.

    y: [N] int64, 0 to num_classes - 1; or [N, L] bool or 0/1, a column for each label.
    train, val, test: int64 node indices, ascending, disjoint.
    num_classes: Classes, or L labels.
    """

    y: NDArray[Any]
    train: NDArray[np.int64]
    val: NDArray[np.int64]
    test: NDArray[np.int64]
    num_classes: int


@dataclass(frozen=True, kw_only=True)
class LinkData(GraphData):
    """Links to predict; `edges` are the message edges of training, and its positive examples.

    val, test: Pairs that are links, int64 [2, P].
    val_negative, test_negative: Pairs that are none, int64 [2, Q].
    extra_at_test: Message edges that only the test may use, int64 [2, V]; None if there are none.
    """

    val: NDArray[np.int64]
    val_negative: NDArray[np.int64]
    test: NDArray[np.int64]
    test_negative: NDArray[np.int64]
    extra_at_test: NDArray[np.int64] | None = None
