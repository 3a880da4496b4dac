"""Somebody's own graph in memory: a torch-geometric `Data` as this package's arrays."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from glt_cli.data.graph_data import GraphData, NodeData
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SPLITS = ("train", "val", "test")


def node_data(data: Any) -> NodeData:
    """Read the arrays of a torch-geometric `Data`.

    Where `edge_index` holds each edge in both directions the graph is undirected, otherwise it is
    directed, as torch-geometric's own layers take it.

    Args:
        data: With `x` [N, F] (dense or sparse), `edge_index` [2, M], `y` (classes [N], or
            labels [N, L] of 0 and 1), `train_mask`, `val_mask`, `test_mask` [N], and perhaps
            `edge_weight` [M].

    Raises:
        UserError: One of them is missing, or does not fit the others.
    """
    for key in ("x", "edge_index", "y", *(f"{split}_mask" for split in _SPLITS)):
        if getattr(data, key, None) is None:
            raise UserError(f"data.{key}: is missing; a ticket needs x, edge_index, y and masks")
    graph = graph_data(data)
    nodes = graph.num_nodes
    masks = {split: _mask(data, split, nodes) for split in _SPLITS}
    used = masks["train"] | masks["val"] | masks["test"]
    if sum(int(mask.sum()) for mask in masks.values()) > int(used.sum()):
        raise UserError("data: a node is in two of train_mask, val_mask and test_mask")
    y, classes = _labels(_array(data.y), used, nodes)
    return NodeData(
        **vars(graph),
        y=y,
        num_classes=classes,
        train=masks["train"].nonzero()[0],
        val=masks["val"].nonzero()[0],
        test=masks["test"].nonzero()[0],
    )


def graph_data(data: Any) -> GraphData:
    """Read the features and edges of a torch-geometric `Data`, which is enough to predict.

    Args:
        data: See `node_data`; labels and masks may be missing.

    Raises:
        UserError: Features or edges are missing, or do not fit each other.
    """
    import numpy as np

    for key in ("x", "edge_index"):
        if getattr(data, key, None) is None:
            raise UserError(f"data.{key}: is missing")
    x, edges = _features(data.x), _array(data.edge_index).astype(np.int64)
    nodes = x.shape[0]
    if edges.ndim != 2 or edges.shape[0] != 2 or (edges.size and not _within(edges, nodes)):
        raise UserError(f"data.edge_index: must be [2, M], with nodes from 0 to {nodes - 1}")
    weights = getattr(data, "edge_weight", None)
    if weights is not None:
        weights = _array(weights).astype(np.float32).reshape(-1)
        if weights.shape != edges.shape[1:] or not (np.isfinite(weights) & (weights > 0)).all():
            raise UserError("data.edge_weight: must be [M], a positive number for each edge")
    return GraphData(
        num_nodes=nodes,
        x=x,
        edges=edges,
        weights=weights,
        directed=not _is_symmetric(edges, nodes),
    )


def checksum(data: NodeData) -> str:
    """Identify the content: equal arrays have equal checksums."""
    import numpy as np
    import scipy.sparse

    digest = hashlib.sha256()
    x: Any = data.x
    parts: list[Any] = [data.edges, data.weights, data.y, data.train, data.val, data.test]
    parts += [x.indptr, x.indices, x.data] if scipy.sparse.issparse(x) else [x]
    for part in parts:
        if part is not None:
            digest.update(f"{part.dtype}{part.shape}".encode())
            digest.update(np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _array(tensor: Any) -> Any:
    import numpy as np

    return tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else np.asarray(tensor)


def _features(x: Any) -> Any:
    """[N, F] float32, as an array or, of a sparse tensor, a CSR array."""
    import numpy as np
    import scipy.sparse

    if getattr(x, "is_sparse", False) or "sparse" in str(getattr(x, "layout", "")):
        found = x.detach().cpu().to_sparse_coo().coalesce()
        shape = (found.shape[0], found.shape[1])
        csr = scipy.sparse.csr_array(
            (found.values().numpy().astype(np.float32), found.indices().numpy()), shape=shape
        )
        csr.sort_indices()
        csr.eliminate_zeros()
        return csr
    dense = _array(x).astype(np.float32)
    if dense.ndim != 2:
        raise UserError(f"data.x: must be [N, F]; it is {list(dense.shape)}")
    if not np.isfinite(dense).all():
        raise UserError("data.x: holds values that are not finite")
    return dense


def _mask(data: Any, split: str, nodes: int) -> NDArray[np.bool_]:
    import numpy as np

    mask = _array(getattr(data, f"{split}_mask"))
    if mask.dtype != np.bool_ or mask.shape != (nodes,):
        raise UserError(
            f"data.{split}_mask: must be bool [{nodes}]; it is {mask.dtype} {list(mask.shape)}"
        )
    if not mask.any():
        raise UserError(f"data.{split}_mask: no node is in it")
    return np.asarray(mask)


def _labels(y: Any, used: NDArray[np.bool_], nodes: int) -> tuple[Any, int]:
    """Classes [N] and their number, or labels [N, L] and theirs; only those of a mask count."""
    import numpy as np

    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.shape[:1] != (nodes,) or y.ndim > 2:
        raise UserError(f"data.y: must be [{nodes}] or [{nodes}, labels]; it is {list(y.shape)}")
    known = y[used]
    if y.ndim == 2:
        if not np.isin(known, (0, 1)).all():
            raise UserError("data.y: labels [N, L] must be 0 or 1 for the nodes of the masks")
        return np.where(used[:, None], y, 0).astype(bool), int(y.shape[1])
    if not np.issubdtype(y.dtype, np.integer) or known.min() < 0:
        raise UserError("data.y: classes must be whole numbers from 0 for the nodes of the masks")
    return np.where(used, y, 0).astype(np.int64), int(known.max()) + 1


def _within(edges: NDArray[np.int64], nodes: int) -> bool:
    return bool(edges.min() >= 0 and edges.max() < nodes)


def _is_symmetric(edges: NDArray[np.int64], nodes: int) -> bool:
    """Whether each edge is stored in both directions."""
    import numpy as np

    there, back = edges[0] * nodes + edges[1], edges[1] * nodes + edges[0]
    return bool(np.array_equal(np.unique(there), np.unique(back)))
