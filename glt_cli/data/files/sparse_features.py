"""Sparse features from a file of their own: rows of id, feature and value, or a CSR matrix.

They stay sparse from the file to the model: what is zero is never stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.binary import plain_arrays
from glt_cli.data.files.cells import coded
from glt_cli.data.files.edge_columns import id_column
from glt_cli.data.files.edge_table import end_indices
from glt_cli.data.files.reading import read
from glt_cli.data.files.tabular import Table, existing_file, listed
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import scipy.sparse
    from numpy.typing import NDArray

_CSR = ("data", "indices", "indptr", "shape")


@dataclass(frozen=True)
class SparseFeatures:
    """Features of the nodes.

    Attributes:
        x: float32 [N, F], CSR with sorted columns.
        names: Of the columns; empty if they are just numbered.
        scale: What each column was divided by; empty if by nothing.
        report: What it is, then further lines.
    """

    x: scipy.sparse.csr_array
    names: list[str]
    scale: list[float]
    report: list[str]


def sparse_features(
    ids: pd.Index, nodes: str, train: NDArray[np.int64], config: FilesConfig
) -> SparseFeatures:
    """Read the file that `dataset.features` names.

    With `dataset.standardise`, values other than 0 and 1 are divided by the largest of the training
    nodes, feature by feature; subtracting means would leave no zeros.

    Args:
        ids: The nodes' ids.
        nodes: The name of their file, for messages.
        train: The training nodes.
        config: The settings.

    Raises:
        UserError: The file can't be read, or has unknown nodes or values that aren't numbers.
    """
    import numpy as np
    import scipy.sparse

    path = existing_file("features", config.features)
    name = config.features
    names: list[str] = []
    report: list[str] = []
    if path.suffix == ".npz":
        matrix = _csr(path, name, len(ids), nodes)
    else:
        matrix, names, report = _long(read("features", config), ids, nodes, config)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    x = scipy.sparse.csr_array(matrix.astype(np.float32))
    x.sort_indices()
    if not x.nnz:
        raise UserError(f"{name}: has no value other than 0.")
    scale: list[float] = []
    if config.standardise and not bool((x.data == 1).all()):
        largest = abs(x[train]).max(axis=0).toarray().reshape(-1)
        scale = np.where(largest > 0, largest, 1).astype(float).tolist()
        x.data /= np.asarray(scale, dtype=np.float32)[x.indices]
        report.append(
            "features: divided by the largest value of the training nodes, not centred, so that "
            "they stay sparse (dataset.standardise=false leaves them as they are)"
        )
    empty = int((np.diff(x.indptr) == 0).sum())
    if empty:
        report.append(f"features: {empty:,} nodes have none")
    first = f"{x.shape[1]:,} sparse ones from {name}, {x.nnz:,} values that aren't 0"
    return SparseFeatures(x, names, scale, [first, *report])


def _long(
    table: Table, ids: pd.Index, nodes: str, config: FilesConfig
) -> tuple[scipy.sparse.coo_array, list[str], list[str]]:
    """Read rows of id, feature and perhaps value."""
    import numpy as np
    import scipy.sparse

    key = id_column(table)
    others = [str(name) for name in table.frame.columns if str(name) != key]
    if len(others) not in (1, 2):
        raise UserError(
            f"{table.name}: has the columns {listed([key, *others])}; a file of features has an "
            "id, a feature and perhaps a value in each row."
        )
    rows = end_indices(table, key, ids, nodes, config)
    column = coded(table, others[0])
    known = (rows >= 0) & (column.codes >= 0)
    values = _values(table, others[1]) if len(others) == 2 else np.ones(len(rows))
    numbers = column.numbers()
    order = np.argsort(numbers if np.isfinite(numbers).all() else column.values.astype(str))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    report = []
    if unknown := int((rows < 0).sum()):
        report.append(f"features: {unknown:,} rows left out, their node isn't in {nodes}")
    if empty := int((column.codes < 0).sum()):
        report.append(f"features: {empty:,} rows left out, they name no feature")
    cells = rows[known] * len(order) + column.codes[known]
    if copies := len(cells) - len(np.unique(cells)):
        report.append(f"features: {copies:,} rows repeat a node and a feature; values are added up")
    matrix = scipy.sparse.coo_array(
        (values[known], (rows[known], place[column.codes[known]])), shape=(len(ids), len(order))
    )
    return matrix, [str(value) for value in column.values[order]], report


def _values(table: Table, name: str) -> NDArray[np.float64]:
    import numpy as np

    column = coded(table, name)
    values = column.spread(column.numbers(), np.nan)
    wrong = np.flatnonzero(~(np.abs(values) <= np.finfo(np.float32).max))
    if len(wrong):
        position = int(wrong[0])
        code = int(column.codes[position])
        shown = repr(str(column.values[code])) if code >= 0 else "an empty cell"
        raise UserError(
            f"{table.where(position)}, column {name!r}: {shown} is not a number; write the value "
            "of the feature, or leave the row out if it is 0."
        )
    return values


def _csr(path: Path, name: str, rows: int, nodes: str) -> Any:
    """Read what scipy.sparse.save_npz wrote of a CSR matrix, in the order of the nodes."""
    import numpy as np
    import scipy.sparse

    arrays = plain_arrays(path, name)
    if not set(_CSR) <= set(arrays):
        raise UserError(
            f"{name}: is no CSR matrix; save one with scipy.sparse.save_npz (arrays "
            f"{', '.join(_CSR)})."
        )
    shape = tuple(int(size) for size in np.asarray(arrays["shape"]).reshape(-1)[:2])
    if len(shape) != 2 or shape[0] != rows:
        raise UserError(
            f"{name}: has {shape[0] if shape else 0:,} rows, but {nodes} has {rows:,} nodes; row i "
            "describes the node in row i."
        )
    data = arrays["data"]
    try:
        if data.dtype.kind not in "biuf":
            raise ValueError("its values are no numbers")
        parts = (data.astype(np.float64), arrays["indices"], arrays["indptr"])
        matrix = scipy.sparse.csr_array(parts, shape=shape)
        matrix.check_format(full_check=True)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{name}: a damaged CSR matrix ({reason}); save it again.") from error
    if not np.isfinite(matrix.data).all():
        raise UserError(f"{name}: has values that aren't finite; correct them.")
    return matrix
