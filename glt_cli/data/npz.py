"""Node data that the user has as npz files in the data root: PCG, HumanGo, BlogCatalog, Tolokers.

Looked for as ``graphs/<file>`` and as ``<file>`` there; there is nowhere to fetch them from.

Tolokers comes with ten splits, of which this is the first. The multi-label sets come with none:
theirs is part of the data, whatever the run's seed. In the order of
`numpy.random.default_rng(0).permutation(N)`, the first 60 % of the nodes (rounded down) train, the
next 20 % (rounded down) validate and the rest test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data import archives
from glt_cli.data.catalog import entry
from glt_cli.data.folders import ROOT_VARIABLE
from glt_cli.data.forms import NodeData
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def is_present(config: DatasetConfig, root: Path | None) -> str | None:
    """Return the file's path; its content isn't looked at."""
    path = archives.first_file(_places(config.name, root))
    return str(path) if path else None


def prepare(config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
    """Return the path of the verified file; UserError where it is absent or another one."""
    path, _ = _read(config.name, root)
    return str(path)


def load(config: DatasetConfig, root: Path | None) -> NodeData:
    """Read the verified file."""
    _, arrays = _read(config.name, root)
    return FILES[config.name].unfold(arrays)


def fixed_split(
    num_nodes: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Draw the fixed 60/20/20 split of the module's first lines; three ascending int64 arrays."""
    import numpy as np

    order = np.random.default_rng(0).permutation(num_nodes)
    train, val, test = np.split(order, [num_nodes * 6 // 10, num_nodes * 6 // 10 + num_nodes // 5])
    return np.sort(train), np.sort(val), np.sort(test)


def incident_means(
    num_nodes: int, edges: NDArray[np.int64], edge_features: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Average the features of each node's stored edges, whichever end it is.

    Args:
        num_nodes: N.
        edges: [2, M]; a self-loop counts once.
        edge_features: [M, D].

    Returns:
        [N, D]; 0 where a node has no edge.
    """
    import numpy as np
    import scipy.sparse

    ids = np.arange(edges.shape[1])
    again = edges[0] != edges[1]
    nodes = np.concatenate([edges[0], edges[1, again]])
    stored = np.concatenate([ids, ids[again]])
    incidence = scipy.sparse.csr_array(
        (np.ones(len(nodes)), (nodes, stored)), shape=(num_nodes, len(ids))
    )
    counts = np.bincount(nodes, minlength=num_nodes)[:, None]
    means: NDArray[Any] = (incidence @ edge_features.astype(np.float64)) / np.maximum(counts, 1)
    return means.astype(np.float32)


def _labels(arrays: dict[str, NDArray[Any]]) -> NodeData:
    """PCG and BlogCatalog, which has no x."""
    import numpy as np

    y = arrays["y"].astype(np.bool_)
    train, val, test = fixed_split(len(y))
    return NodeData(
        num_nodes=len(y),
        x=arrays["x"].astype(np.float32) if "x" in arrays else None,
        edges=_edges(arrays),
        y=y,
        train=train,
        val=val,
        test=test,
        num_classes=y.shape[1],
    )


def _labels_and_edge_features(arrays: dict[str, NDArray[Any]]) -> NodeData:
    """HumanGo: x [N, 32] beside the means of each node's edge features [N, 21]."""
    from dataclasses import replace

    import numpy as np

    data = _labels(arrays)
    means = incident_means(data.num_nodes, data.edges, arrays["edge_attr"])
    return replace(
        data,
        x=np.concatenate([arrays["x"].astype(np.float32), means], axis=1),
        derived=True,
        report=(
            f"{means.shape[1]} of the features are means of the features of each node's edges",
        ),
    )


def _classes(arrays: dict[str, NDArray[Any]]) -> NodeData:
    """Tolokers: two classes and the first of the given splits."""
    import numpy as np

    y = arrays["labels"].astype(np.int64)
    return NodeData(
        num_nodes=len(y),
        x=arrays["x"].astype(np.float32),
        edges=_edges(arrays),
        y=y,
        train=np.flatnonzero(arrays["train_masks"][0]),
        val=np.flatnonzero(arrays["val_masks"][0]),
        test=np.flatnonzero(arrays["test_masks"][0]),
        num_classes=2,
    )


def _edges(arrays: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    import numpy as np

    return np.ascontiguousarray(arrays["edges"].T, dtype=np.int64)


@dataclass(frozen=True)
class GivenFile:
    """A file's name, the arrays that it must hold, and what makes data of them."""

    file: str
    arrays: tuple[str, ...]
    unfold: Callable[[dict[str, NDArray[Any]]], NodeData]


FILES = {
    "pcg": GivenFile("pcg_multilabel.npz", ("x", "y", "edges"), _labels),
    "humango": GivenFile(
        "humango_multilabel.npz", ("x", "y", "edges", "edge_attr"), _labels_and_edge_features
    ),
    "blogcatalog": GivenFile("blogcatalog_multilabel.npz", ("y", "edges"), _labels),
    "tolokers": GivenFile(
        "tolokers.npz",
        ("x", "labels", "edges", "train_masks", "val_masks", "test_masks"),
        _classes,
    ),
}


def _places(name: str, root: Path | None) -> list[Path]:
    file = FILES[name].file
    return [] if root is None else [root / "graphs" / file, root / file]


def _read(name: str, root: Path | None) -> tuple[Path, dict[str, NDArray[Any]]]:
    """Find, verify and unpack the file."""
    given, known = FILES[name], entry(name)
    path = archives.first_file(_places(name, root))
    if path is None:
        seen = f"not in the data root {root}" if root else "no data root is set"
        raise UserError(
            f"{known.title} is not on this machine ({seen}), and glt knows no place to fetch it "
            f"from. It is graphs/{given.file} (arrays {', '.join(given.arrays)}) under the folder "
            f"that data_root or {ROOT_VARIABLE} names."
        )
    return path, archives.read(path, given.arrays, known.checksum)
