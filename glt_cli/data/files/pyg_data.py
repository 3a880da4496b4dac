"""The tensors of a torch-geometric `Data`, saved as safetensors or npz, as tables.

`save_file({key: value for key, value in data if value is not None}, "graph.safetensors")` with
safetensors.torch writes them; edges refer to nodes by their positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.data.files.tabular import Table
from glt_cli.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

EDGE_INDEX = "edge_index"


def safetensors_file(path: Path, name: str) -> dict[str, Table]:
    """Read a file, as the tables `nodes` and `edges`; UserError if it isn't a graph's tensors."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(path)
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise UserError(
            f"{name}: can't be read as safetensors ({reason}); save plain tensors again, floats "
            "as float32."
        ) from error
    return graph_of(arrays, name)


def graph_of(arrays: Mapping[str, NDArray[Any]], name: str) -> dict[str, Table]:
    """Make the tables `nodes` and `edges` of a graph's arrays.

    Args:
        arrays: `edge_index` [2, M] and what else a `Data` has: those called `edge_…` with M rows
            describe edges, others nodes. With two dimensions [N, K] `x` becomes x0, x1, ….
        name: The path as the user gave it.

    Raises:
        UserError: There are no edges, or arrays have different numbers of rows.
    """
    import numpy as np

    pairs = arrays.get(EDGE_INDEX)
    if pairs is None or pairs.ndim != 2 or len(pairs) != 2 or pairs.dtype.kind not in "iu":
        found = "is missing" if pairs is None else f"is {pairs.dtype} {list(pairs.shape)}"
        raise UserError(f"{name}: edge_index {found}; it must be whole numbers [2, M].")
    edges = {"source": pairs[0], "target": pairs[1]}
    nodes: dict[str, Any] = {}
    num_nodes = arrays.get("num_nodes")
    for key, array in arrays.items():
        if key in (EDGE_INDEX, "num_nodes"):
            continue
        rows = edges if key.startswith("edge_") else nodes
        rows.update(_columns(key, array, name))
    sizes = {len(column) for column in nodes.values()}
    if len(sizes) > 1:
        raise UserError(
            f"{name}: arrays of the nodes have {' and '.join(map(str, sorted(sizes)))} rows; they "
            "must have one for each node."
        )
    count = sizes.pop() if sizes else int(num_nodes) if num_nodes is not None else 0
    nodes = {"id": np.arange(count), **nodes} if "id" not in nodes else nodes
    return {"nodes": _table(nodes, name), "edges": _table(edges, name)}


def _columns(key: str, array: NDArray[Any], name: str) -> dict[str, NDArray[Any]]:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 1:
        return {key: array}
    if array.ndim != 2:
        raise UserError(
            f"{name}: array {key!r} has shape {list(array.shape)}; it must be [N] or [N, K]."
        )
    return {f"{key}{place}": array[:, place] for place in range(array.shape[1])}


def _table(columns: dict[str, Any], name: str) -> Table:
    import pandas as pd

    try:
        return Table(name, pd.DataFrame(columns), text=False)
    except ValueError as error:
        raise UserError(
            f"{name}: arrays of the edges have different numbers of rows; each needs one for each "
            "column of edge_index."
        ) from error
