"""Node ids of any type, and the edges as pairs of node indices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.cells import Coded, coded, refuse_rounded
from glt_cli.data.files.distinct_edges import distinct_edges
from glt_cli.data.files.edge_columns import edge_columns
from glt_cli.data.files.tabular import Table
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


#: Share of the edges' ends by which another column is taken for that of the ids.
_MOST_IDS = 0.9


@dataclass(frozen=True)
class Edges:
    """The content of the edges file.

    pairs: int64 [2, M] as stored.
    weights: float32 [M]; None if all are 1.
    report: Lines about what was read and what was left out.
    """

    pairs: NDArray[np.int64]
    weights: NDArray[np.float32] | None
    report: tuple[str, ...]


def node_ids(table: Table, name: str) -> pd.Index:
    """Return the ids as text, [N]; UserError if one is missing or occurs twice."""
    import numpy as np
    import pandas as pd

    refuse_rounded(table, name)
    column = coded(table, name)
    if (column.codes < 0).any():
        position = int(np.flatnonzero(column.codes < 0)[0])
        raise UserError(
            f"{table.where(position)}, column {name!r}: the node has no id; every node needs one "
            "(dataset.id is the column of ids)."
        )
    ids: pd.Index = pd.Index(column.values[column.codes], dtype=object)
    if not ids.is_unique:
        again = int(np.flatnonzero(ids.duplicated())[0])
        first = int(np.flatnonzero(ids == ids[again])[0])
        raise UserError(
            f"{table.where(again)}, column {name!r}: the id {ids[again]!r} is also in "
            f"{table.where(first).rpartition(', ')[2]}; every node needs a unique id (dataset.id "
            "is the column of ids)."
        )
    return ids


def read_edges(table: Table, ids: pd.Index, nodes: Table, config: FilesConfig) -> Edges:
    """Read the edges as pairs of node indices; UserError for unknown nodes or bad weights."""
    import numpy as np

    columns = edge_columns(table, config)
    source, target, weight = columns.source, columns.target, columns.weight
    # Without a header, the first edge would silently be taken for the column names.
    if config.has_header("edges") and source in ids and target in ids:
        raise UserError(
            f"{table.name}, line {table.first_line - 1}: {source!r} and {target!r} are nodes, "
            "not column names; add a first line such as source,target, or set dataset.header="
            f"{'nodes' if config.has_header('nodes') else 'false'}."
        )
    pairs = np.stack([end_indices(table, name, ids, nodes, config) for name in (source, target)])
    weights = None if weight is None else _weights(table, weight)
    known = np.logical_and(pairs[0] >= 0, pairs[1] >= 0)
    pairs = pairs[:, known]
    if not pairs.shape[1]:
        raise UserError(
            f"{table.name}: no edge connects two nodes of {nodes.name}; use the same "
            "ids in both files."
        )
    if bool((pairs[0] == pairs[1]).all()):
        raise UserError(
            f"{table.name}: all {pairs.shape[1]:,} edges are self-loops; at least one edge must "
            "connect two nodes."
        )
    if weights is not None:
        weights = weights[known]
    arrow = "->" if config.directed else "-"
    weighted = "" if weight is None else f", weights from {weight!r}"
    first = f"{table.name}: {len(known):,} edges, {source!r} {arrow} {target!r}{weighted}"
    remarks = _remarks(pairs, len(ids), int((~known).sum()), config)
    if config.copies == "sum":
        pairs, weights = _summed(pairs, weights, len(ids), config.directed)
    return Edges(pairs, weights, (*table.report, first, *columns.report, *remarks))


def _summed(
    pairs: NDArray[np.int64], weights: NDArray[np.float32] | None, num_nodes: int, directed: bool
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Make one edge of all copies, with the sum of their weights, each 1 where none are given."""
    import numpy as np

    edges, place = distinct_edges(pairs, num_nodes, directed)
    total = np.bincount(place, weights=weights, minlength=edges.shape[1])
    return edges, total.astype(np.float32)


def _remarks(
    pairs: NDArray[np.int64], num_nodes: int, unknown: int, config: FilesConfig
) -> list[str]:
    """Count the edges that are left out, here or later when the graph is built."""
    import numpy as np
    import pandas as pd

    how = "averaged" if config.copies == "mean" else "added up"
    loops = int((pairs[0] == pairs[1]).sum())
    apart = pairs[:, pairs[0] != pairs[1]]
    places = pd.Series(apart[0] * num_nodes + apart[1])
    duplicates = places.size - places.nunique()
    stored = places.unique()
    there_and_back = int(np.isin(stored, apart[1] * num_nodes + apart[0]).sum()) // 2
    alone = num_nodes - np.count_nonzero(np.bincount(apart.reshape(-1), minlength=num_nodes))
    return [
        f"edges: {count:,} {what}"
        for count, what in (
            (unknown, "left out because an endpoint is not a node (dataset.unknown=drop)"),
            (loops, "left out because they are self-loops"),
            (duplicates, f"left out because they are duplicates (weights are {how})"),
            (
                0 if config.directed else there_and_back,
                f"given in both directions and merged into one (weights are {how})",
            ),
        )
        if count
    ] + ([f"nodes: {alone:,} without edges"] if alone else [])


def end_indices(
    table: Table,
    name: str,
    ids: pd.Index,
    nodes: Table | str,
    config: FilesConfig,
) -> NDArray[np.int64]:
    """Return the index of the node at one end of each edge, [M]; -1 if there is no such node.

    Args:
        table: The edges.
        name: The column of that end.
        ids: The nodes' ids.
        nodes: The nodes, for messages, or the name of what has them.
        config: Settings; `unknown` says whether an unknown node is an error.

    Raises:
        UserError: There is no such node.
    """
    import numpy as np
    import pandas as pd

    refuse_rounded(table, name)
    column = coded(table, name)
    index = column.spread(
        ids.get_indexer(pd.Index(column.values, dtype=object)).astype(np.int64), -1
    )
    unknown_ends = index < 0
    if config.unknown == "drop" or not unknown_ends.any():
        return index
    position = int(np.flatnonzero(unknown_ends)[0])
    count = int(unknown_ends.sum())
    more = f" ({count:,} such edges)" if count > 1 else ""
    where = f"{table.where(position)}, column {name!r}"
    if column.codes[position] < 0:
        raise UserError(
            f"{where}: the cell is empty{more}; write the node's id, or leave such edges out "
            "with dataset.unknown=drop."
        )
    unknown = str(column.values[column.codes[position]])
    if isinstance(nodes, str):
        raise UserError(f"{where}: {unknown!r} is not a node of {nodes}{more}.")
    raise UserError(
        f"{where}: {unknown!r} is not a node of {nodes.name}{more}."
        f"{_similar(unknown, ids) or _other_ids(column, nodes)} Add it "
        "there, or leave such edges out with dataset.unknown=drop."
    )


def _similar(unknown: str, ids: pd.Index) -> str:
    """Suggest how the nodes file may write an id, after typical changes by spreadsheets."""
    bare = unknown.strip()
    whole = bare.removesuffix(".0")
    others = (bare, whole, f"{bare}.0", bare.lstrip("0"), bare.upper(), bare.lower())
    return next((f" Did you mean {other!r}?" for other in others if other in ids), "")


def _other_ids(ends: Coded, nodes: Table) -> str:
    """Name the column of the nodes that has these ids, if one does."""
    import pandas as pd

    wanted = pd.Index(ends.values, dtype=object)
    for name in map(str, nodes.frame.columns):
        values = coded(nodes, name).values
        if len(wanted) and wanted.isin(values).mean() >= _MOST_IDS:
            return f" Column {name!r} has these ids: dataset.id={name}."
    return ""


def _weights(table: Table, name: str) -> NDArray[np.float32]:
    """Read weights [M]; UserError if one isn't positive and finite."""
    import numpy as np
    import pandas as pd

    series = table.frame[name]
    if pd.api.types.is_numeric_dtype(series.dtype):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        column = coded(table, name)
        values = column.spread(column.numbers(), np.nan)
    smallest, most = np.finfo(np.float32).tiny, np.finfo(np.float32).max
    wrong = np.flatnonzero(~((values >= smallest) & (values <= most)))
    if len(wrong):
        cell = series.iloc[wrong[0]]
        shown = "an empty cell" if pd.isna(cell) or cell == "" else repr(str(cell))
        raise UserError(
            f"{table.where(int(wrong[0]))}, column {name!r}: {shown} is not a weight; write "
            "a positive, finite number, or remove the edge."
        )
    return values.astype(np.float32)
