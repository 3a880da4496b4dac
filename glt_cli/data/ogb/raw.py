"""OGB's raw files: which files there are, and reading and checking them.

Only the files that OGB publishes are read (`raw/` and `split/`), never the caches that its classes
write. If anything is wrong with a file, a UserError names the file.
"""

from __future__ import annotations

import gzip
import pickle
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.data.ogb.package import imported, quietly
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BLOCK = 2**20
#: The packages that pickles of arrays refer to, of numpy 1 and numpy 2.
_CORES = ("core", "_core")
#: Errors that pandas and gzip raise for a truncated, damaged or different file.
_BROKEN = (OSError, EOFError, zlib.error, ValueError, TypeError, OverflowError)


@dataclass(frozen=True)
class Source:
    """The files of one data set, relative to its folder.

    title: OGB's name of the data set.
    family: The subpackage of ogb that it belongs to.
    tables: The CSV files in `raw/` that are read, without ".csv.gz".
    splits: Paths of the train, validation and test files.
    stored_edges: The published number of rows in the edge file.
    """

    title: str
    family: str
    tables: tuple[str, ...]
    splits: tuple[str, str, str]
    stored_edges: int

    @property
    def folder(self) -> str:
        """The folder's name in OGB's layout."""
        return self.title.replace("-", "_")

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of all files, relative to the folder."""
        return (*(f"raw/{table}.csv.gz" for table in self.tables), *self.splits)

    def verify(self, folder: Path) -> None:
        """Read every file to its end; UserError if one is truncated or damaged."""
        for file in self.files:
            path = folder / file
            if path.suffix == ".gz":
                _unpack(path)
            else:
                split_arrays(path)


def _source(
    title: str, family: str, tables: tuple[str, ...], by: str, ending: str, stored_edges: int
) -> Source:
    train, valid, test = (f"split/{by}/{part}{ending}" for part in ("train", "valid", "test"))
    counts = ("num-node-list", "num-edge-list")
    return Source(title, family, ("edge", *tables, *counts), (train, valid, test), stored_edges)


SOURCES = {
    "ogbn_arxiv": _source(
        "ogbn-arxiv", "nodeproppred", ("node-feat", "node-label"), "time", ".csv.gz", 1_166_243
    ),
    "ogbn_proteins": _source(
        "ogbn-proteins",
        "nodeproppred",
        ("edge-feat", "node-label"),
        "species",
        ".csv.gz",
        39_561_252,
    ),
    "ogbl_collab": _source(
        "ogbl-collab", "linkproppred", ("node-feat", "edge_weight"), "time", ".pt", 1_179_052
    ),
}


def graph(source: Source, folder: Path) -> dict[str, Any]:
    """Read edges and features with ogb's own reader, and check that they belong together.

    Returns:
        The reader's dictionary: ``num_nodes``, ``edge_index`` int64 [2, M] as stored (without the
        inverse edges that OGB's classes add), ``node_feat`` [N, F] or None, ``edge_feat`` [M, F]
        or None, and ``edge_weight`` [M, 1] if there is such a file.

    Raises:
        UserError: A file is damaged, or the files don't belong together.
    """
    read = imported("ogb.io.read_graph_raw").read_csv_graph_raw
    raw = folder / "raw"
    try:
        with quietly():
            graphs = read(
                str(raw), additional_edge_files=[t for t in source.tables if t == "edge_weight"]
            )
    except (RuntimeError, *_BROKEN) as error:
        for name in source.tables:
            table(raw / f"{name}.csv.gz")
        raise UserError(f"The files in {raw} can't be read ({error}).") from error
    counts = {
        "node": _count(raw / "num-node-list.csv.gz"),
        "edge": _count(raw / "num-edge-list.csv.gz"),
    }
    found: dict[str, Any] = graphs[0]
    edges = found["edge_index"]
    _check_rows(raw / "edge.csv.gz", _whole(edges).shape[1], counts["edge"], "edges")
    if len(edges) != 2:
        raise UserError(f"{raw / 'edge.csv.gz'} has {len(edges)} columns instead of 2.")
    check_nodes(raw / "edge.csv.gz", edges, counts["node"])
    for name in source.tables:
        values = found.get(name.replace("-", "_"))
        if values is not None:
            path, kind = raw / f"{name}.csv.gz", name[:4]
            _check_rows(path, len(_whole(values)), counts[kind], f"{kind}s")
            _check_finite(path, values)
    return found


def table(path: Path) -> NDArray[Any]:
    """Read a table of numbers without a header, [rows, columns]; UserError for anything else."""
    import pandas as pd

    try:
        with quietly():
            values: NDArray[Any] = pd.read_csv(path, compression="gzip", header=None).to_numpy()
    except _BROKEN as error:
        raise _damaged(path, error) from error
    if values.dtype.kind not in "iuf":
        raise UserError(f"{path} contains something that is not a number, so it is not OGB's file.")
    return values


def whole_numbers(path: Path, rows: int | None = None) -> NDArray[np.int64]:
    """Read a table of integers, int64 [rows, columns]; UserError if `rows` differs."""
    import numpy as np

    values = table(path)
    if values.dtype.kind == "f":
        raise UserError(f"{path} has gaps or numbers that are not whole, so it is not OGB's file.")
    if rows is not None:
        _check_rows(path, len(values), rows, "nodes")
    return values.astype(np.int64)


def node_splits(source: Source, folder: Path, num_nodes: int) -> tuple[NDArray[np.int64], ...]:
    """Read the train, validation and test nodes, int64 ascending; UserError if they overlap."""
    import numpy as np

    taken = np.zeros(num_nodes, dtype=bool)
    parts = []
    for file in source.splits:
        nodes = np.sort(whole_numbers(folder / file).ravel())
        check_nodes(folder / file, nodes, num_nodes)
        if taken[nodes].any() or np.any(nodes[1:] == nodes[:-1]):
            raise UserError(f"{folder / file} has a node that is in the split twice.")
        taken[nodes] = True
        parts.append(nodes)
    return tuple(parts)


def split_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read a split file of ogbl-collab, which is a pickle of numpy arrays by torch.

    Torch's restricted unpickler opens it, and may only make numpy arrays of numbers. They are
    known to it under the names that numpy 1 and numpy 2 write.

    Returns:
        The arrays by name.

    Raises:
        UserError: The file is damaged or contains anything else.
    """
    import numpy as np
    import torch

    reconstruct = np.empty(0).__reduce__()[0]
    pieces: list[Any] = [np.ndarray, np.dtype]
    pieces += [(reconstruct, f"numpy.{core}.multiarray._reconstruct") for core in _CORES]
    pieces += [type(np.dtype(code)) for code in ("i4", "i8", "f4", "f8")]
    try:
        with torch.serialization.safe_globals(pieces), quietly():
            stored = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UserError(
            f"{path} is damaged, or contains more than arrays of numbers, so glt will not open it. "
            "Replace it with OGB's file."
        ) from error
    except (RuntimeError, KeyError, AttributeError, IndexError, *_BROKEN) as error:
        raise _damaged(path, error) from error
    if not isinstance(stored, dict):
        raise UserError(f"{path} is not OGB's file: it doesn't contain a dictionary of arrays.")
    return {str(key): np.asarray(value) for key, value in stored.items()}


def pairs(path: Path, arrays: dict[str, NDArray[Any]], key: str, nodes: int) -> NDArray[np.int64]:
    """Return the pairs of nodes that a split file stores as [P, 2], as int64 [2, P]."""
    import numpy as np

    if key not in arrays:
        raise UserError(f"{path} is not OGB's file: it has no {key!r}.")
    stored = arrays[key]
    if stored.ndim != 2 or stored.shape[1] != 2 or stored.dtype.kind not in "iu":
        raise UserError(f"{path} is not OGB's file: its {key!r} are not pairs of nodes.")
    check_nodes(path, stored, nodes)
    return np.ascontiguousarray(stored.T, dtype=np.int64)


def check_nodes(path: Path, indices: NDArray[Any], num_nodes: int) -> None:
    """Raise UserError if an index is not that of a node."""
    if indices.size and (indices.min() < 0 or indices.max() >= num_nodes):
        worst = indices.min() if indices.min() < 0 else indices.max()
        raise UserError(
            f"{path} contains node {worst}, but the nodes are 0 to {num_nodes - 1:,}, so "
            "it belongs to different data."
        )


def _unpack(path: Path) -> None:
    size = 0
    try:
        with gzip.open(path) as stream:
            while block := stream.read(_BLOCK):
                size += len(block)
    except _BROKEN as error:
        raise _damaged(path, error) from error
    if not size:
        raise UserError(f"{path} is empty. Replace it.")


def _damaged(path: Path, error: Exception) -> UserError:
    reason = getattr(error, "strerror", None) or str(error).strip().partition("\n")[0]
    return UserError(f"{path} is truncated, damaged or not OGB's file ({reason}). Replace it.")


def _count(path: Path) -> int:
    counts = whole_numbers(path)
    if counts.shape != (1, 1):
        raise UserError(f"{path} is not OGB's file: it should contain one number.")
    return int(counts[0, 0])


def _whole(values: NDArray[Any]) -> NDArray[Any]:
    """Return all rows of an array that ogb has cut to the expected number of rows."""
    return values if values.base is None else values.base


def _check_rows(path: Path, found: int, wanted: int, of: str) -> None:
    if found != wanted:
        raise UserError(
            f"{path} has {found:,} rows, but there are {wanted:,} {of}, so "
            "it is incomplete or belongs to different data."
        )


def _check_finite(path: Path, values: NDArray[Any]) -> None:
    import numpy as np

    if not np.isfinite(values).all():
        raise UserError(f"{path} has gaps or infinite numbers, so it is not OGB's file.")
