"""Features of nodes that no column describes: their degrees, a constant, or who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.distinct_edges import distinct_edges

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse
    from numpy.typing import NDArray


def made_features(
    kind: str,
    pairs: NDArray[np.int64],
    num_nodes: int,
    train: NDArray[np.int64],
    config: FilesConfig,
) -> tuple[NDArray[np.float32] | scipy.sparse.csr_array | None, str]:
    """Make x [N, F] without columns of the nodes.

    Args:
        kind: `degree`: the logarithm of 1 + degree, standardised by the training nodes, and which
            power of two it reaches, one-hot; of directed graphs both for in- and out-degrees.
            `constant`: 1. `identity`: the identity matrix, sparse. `structural`: made later, from
            the message graph.
        pairs: The stored edges, int64 [2, M].
        num_nodes: N.
        train: The training nodes.
        config: Settings.

    Returns:
        x, None for structural features; and a line for the report.
    """
    import numpy as np
    import scipy.sparse

    if kind == "structural":
        return None, f"{config.width:,} structural ones, computed from the edges"
    if kind == "constant":
        return np.ones((num_nodes, 1), dtype=np.float32), "a constant"
    if kind == "identity":
        eye = scipy.sparse.eye_array(num_nodes, dtype=np.float32, format="csr")
        return scipy.sparse.csr_array(eye), f"{num_nodes:,}, one for each node (identity)"
    blocks = [
        _of_degrees(degrees, train) for degrees in _degrees(pairs, num_nodes, config.directed)
    ]
    x = np.concatenate(blocks, axis=1)
    return x, f"{x.shape[1]:,} from the degrees of the nodes"


def _degrees(pairs: NDArray[np.int64], num_nodes: int, directed: bool) -> list[NDArray[np.int64]]:
    """Count neighbours, without self-loops and copies: out and in, or both ways as one."""
    import numpy as np

    edges, _ = distinct_edges(pairs[:, pairs[0] != pairs[1]], num_nodes, directed)
    out, into = (np.bincount(ends, minlength=num_nodes) for ends in edges)
    return [out, into] if directed else [out + into]


def _of_degrees(degrees: NDArray[np.int64], train: NDArray[np.int64]) -> NDArray[np.float32]:
    import numpy as np

    logarithm = np.log1p(degrees)
    deviation = float(logarithm[train].std()) or 1.0
    power = np.floor(np.log2(degrees + 1)).astype(np.int64)
    one_hot = np.eye(int(power.max()) + 1, dtype=np.float32)[power]
    scaled = (logarithm - logarithm[train].mean()) / deviation
    return np.concatenate([scaled[:, None].astype(np.float32), one_hot], axis=1)
