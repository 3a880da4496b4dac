"""The user's own graph in memory: from a torch-geometric `Data` to this package's arrays."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from glt_cli.data.graph_data import GraphData, NodeData
from glt_cli.errors import UserError, kind_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SPLITS = ("train", "val", "test")


def node_data(data: Any) -> NodeData:
    """Read the arrays of a torch-geometric `Data`.

    Where `edge_index` holds each edge in both directions, with equal weights, the graph is
    undirected; otherwise it is directed, and edges are read as torch-geometric's layers read them.

    Args:
        data: With `x` [N, F] (dense or sparse), `edge_index` [2, M], `y` (classes [N], or
            labels [N, L] of 0 and 1), `train_mask`, `val_mask`, `test_mask` [N], and optionally
            `edge_weight` [M].

    Raises:
        UserError: One of them is missing or does not fit the others.
    """
    graph = graph_data(data)
    nodes = graph.num_nodes
    if not graph.edges.size:
        raise UserError("data.edge_index: holds no edge; a ticket needs some")
    if bool((graph.edges[0] == graph.edges[1]).all()):
        raise UserError(
            "data.edge_index: holds self-loops only, which are left out; a ticket needs edges "
            "between different nodes"
        )
    masks = {split: _mask(data, split, nodes) for split in _SPLITS}
    used = masks["train"] | masks["val"] | masks["test"]
    if sum(int(mask.sum()) for mask in masks.values()) > int(used.sum()):
        raise UserError(
            "data: a node is in two of train_mask, val_mask and test_mask; it may be in only one"
        )
    y, classes = _labels(data, used)
    return NodeData(
        **vars(graph),
        y=y,
        num_classes=classes,
        train=masks["train"].nonzero()[0],
        val=masks["val"].nonzero()[0],
        test=masks["test"].nonzero()[0],
    )


def graph_data(data: Any, has_features: bool = True) -> GraphData:
    """Read the features and edges of a torch-geometric `Data`: all that a prediction needs.

    Args:
        data: See `node_data`; labels and masks may be missing.
        has_features: Whether to read `x`; if not, `num_nodes` is read instead.

    Raises:
        UserError: It is not a `Data`, or its features and edges are missing or do not fit each
            other.
    """
    _check_type(data)
    x: Any = _features(data) if has_features else None
    nodes = x.shape[0] if has_features else int(getattr(data, "num_nodes", None) or 0)
    edges = _edges(data, nodes)
    weights = _weights(data, edges.shape[1])
    return GraphData(
        num_nodes=nodes,
        x=x,
        edges=edges,
        weights=weights,
        directed=not _is_symmetric(edges, weights, nodes),
        report=_ignored(data),
    )


def _check_type(data: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import calls what torch has deprecated
        from torch_geometric.data import Data

    if not isinstance(data, Data):
        raise UserError(f"data: must be a torch_geometric Data; it is {kind_of(data)}")


def _ignored(data: Any) -> tuple[str, ...]:
    """Warn of edge attributes, which torch-geometric often uses for weights."""
    import torch

    values = getattr(data, "edge_attr", None)
    if values is None or getattr(data, "edge_weight", None) is not None:
        return ()
    is_column = torch.is_tensor(values) and (values.dim() == 1 or values.shape[1:] == (1,))
    advice = "; to use it as edge weights, set data.edge_weight = data.edge_attr.view(-1)"
    return (f"data.edge_attr: is ignored{advice if is_column else ''}",)


def _tensor(data: Any, key: str) -> Any:
    """Return an attribute as a tensor on CPU."""
    import torch

    value = getattr(data, key, None)
    if value is None:
        raise UserError(
            f"data.{key}: is missing; give a torch-geometric Data with x, edge_index and, to find "
            "a ticket, y, train_mask, val_mask and test_mask"
        )
    try:
        return torch.as_tensor(value).detach().cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"data.{key}: must be a tensor; it is {kind_of(value)}") from error


def _is(tensor: Any) -> str:
    return f"it is {str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _is_whole(tensor: Any) -> bool:
    import torch

    kind = tensor.dtype
    return not (kind.is_floating_point or kind.is_complex or kind is torch.bool)


def _features(data: Any) -> Any:
    """Copy the features [N, F] as float32: to an array, or from a sparse tensor to a CSR array."""
    import scipy.sparse
    import torch

    x = _tensor(data, "x")
    if x.dim() != 2 or x.shape[1] == 0 or x.is_complex():
        raise UserError(f"data.x: must be numbers [N, F]; {_is(x)}")
    is_sparse = x.layout != torch.strided
    coordinates = x.to_sparse_coo().coalesce() if is_sparse else None
    values = (x if coordinates is None else coordinates.values()).to(torch.float32, copy=True)
    if not bool(values.isfinite().all()):
        raise UserError("data.x: holds values that are not finite; fill or remove them")
    if coordinates is None:
        return values.numpy()
    csr = scipy.sparse.csr_array((values.numpy(), coordinates.indices().numpy()), tuple(x.shape))
    csr.sort_indices()
    csr.eliminate_zeros()
    return csr


def _edges(data: Any, nodes: int) -> NDArray[np.int64]:
    """Read the edges, int64 [2, M]."""
    import numpy as np
    import torch

    edges = _tensor(data, "edge_index")
    if edges.dim() != 2 or edges.shape[0] != 2 or not _is_whole(edges):
        raise UserError(f"data.edge_index: must be whole numbers [2, M]; {_is(edges)}")
    if edges.numel() and (int(edges.min()) < 0 or int(edges.max()) >= nodes):
        wrong = int(edges.min() if int(edges.min()) < 0 else edges.max())
        raise UserError(f"data.edge_index: holds node {wrong}; nodes are 0 to {nodes - 1}")
    return np.asarray(edges.to(torch.int64).numpy())


def _weights(data: Any, edges: int) -> NDArray[np.float32] | None:
    """Read the weights, float32 [M]; None if all edges weigh 1."""
    import numpy as np
    import torch

    if getattr(data, "edge_weight", None) is None:
        return None
    weights = _tensor(data, "edge_weight")
    if weights.is_complex() or weights.numel() != edges or weights.shape[:1] != (edges,):
        raise UserError(f"data.edge_weight: must be numbers [{edges}]; {_is(weights)}")
    flat = np.array(weights.to(torch.float32).reshape(-1).numpy())
    if not (np.isfinite(flat) & (flat > 0)).all():
        raise UserError("data.edge_weight: must be above 0 and finite; remove other edges")
    return flat


def _mask(data: Any, split: str, nodes: int) -> NDArray[np.bool_]:
    import numpy as np
    import torch

    mask = _tensor(data, f"{split}_mask")
    if mask.dtype is not torch.bool or tuple(mask.shape) != (nodes,):
        raise UserError(f"data.{split}_mask: must be bool [{nodes}]; {_is(mask)}")
    if not bool(mask.any()):
        raise UserError(f"data.{split}_mask: no node is in it; each mask needs some")
    return np.asarray(mask.numpy())


def _labels(data: Any, used: NDArray[np.bool_]) -> tuple[Any, int]:
    """Read classes [N] or labels [N, L], and their number; values outside the masks are ignored."""
    import numpy as np

    nodes, y = used.size, _tensor(data, "y")
    if y.dim() == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dim() not in (1, 2) or y.shape[0] != nodes or y.numel() == 0:
        raise UserError(f"data.y: must be classes [{nodes}] or labels [{nodes}, L]; {_is(y)}")
    known = y[used]
    if y.dim() == 2:
        if not bool(((known == 0) | (known == 1)).all()):
            raise UserError("data.y: labels [N, L] must be 0 or 1 for the nodes of the masks")
        return (y == 1).numpy() & used[:, None], y.shape[1]
    if not _is_whole(y):
        raise UserError(f"data.y: classes must be whole numbers, as in data.y.long(); {_is(y)}")
    least, most = int(known.min()), int(known.max())
    if least < 0 or most >= nodes:
        wrong = least if least < 0 else most
        raise UserError(f"data.y: holds class {wrong}; number the classes of the masks from 0")
    if least == most:
        raise UserError(
            f"data.y: all nodes of the masks are of class {least}; at least two classes are needed"
        )
    return np.where(used, y.numpy(), 0).astype(np.int64), most + 1


def _is_symmetric(
    edges: NDArray[np.int64], weights: NDArray[np.float32] | None, nodes: int
) -> bool:
    """Whether each edge is stored in both directions, with the same mean weight."""
    import numpy as np

    def sides(source: NDArray[np.int64], target: NDArray[np.int64]) -> tuple[Any, Any]:
        keys, place = np.unique(source * nodes + target, return_inverse=True)
        return keys, np.bincount(place, weights) / np.bincount(place)

    (there, one), (back, other) = sides(edges[0], edges[1]), sides(edges[1], edges[0])
    return bool(np.array_equal(there, back) and np.allclose(one, other))
