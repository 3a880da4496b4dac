"""PCG, HumanGo, BlogCatalog and Tolokers: npz files that glt can't download.

Tolokers comes with ten splits, of which glt uses the first. The multi-label data sets have no
split. The split is part of the data and doesn't depend on the run's seed: in a permutation of all
nodes by `numpy.random.default_rng(0)`, the first 60 % of the nodes (rounded down) are for training,
the next 20 % (rounded down) for validation and the rest for testing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data import archives
from glt_cli.data.catalog import entry
from glt_cli.data.dataset_files import DatasetFiles, FileLoader
from glt_cli.data.graph_data import NodeData

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def dataset_files(config: DatasetConfig) -> DatasetFiles:
    """Describe the npz file of a data set."""
    archive, known = ARCHIVES[config.name], entry(config.name)
    assert known.checksum is not None
    return DatasetFiles(
        title=known.title,
        collection="graphs",
        folder=".",
        names=(archive.file,),
        sha256={archive.file: known.checksum},
        contents=f"an npz file with {archives.contents(archive.arrays)}",
        check=partial(_arrays, config),
    )


def parse(config: DatasetConfig, folder: Path) -> NodeData:
    """Read the verified file."""
    return ARCHIVES[config.name].parse(_arrays(config, folder))


_loader = FileLoader(dataset_files, parse)
is_present, prepare, load = _loader.is_present, _loader.prepare, _loader.load


def _arrays(config: DatasetConfig, folder: Path) -> dict[str, NDArray[Any]]:
    archive = ARCHIVES[config.name]
    content = dataset_files(config).read(folder)[archive.file]
    return archives.unpack(folder / archive.file, content, archive.arrays)


def fixed_split(
    num_nodes: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Draw the fixed 60/20/20 split that the module's docstring describes.

    Returns:
        The nodes of the train, validation and test sets: int64, ascending.
    """
    import numpy as np

    order = np.random.default_rng(0).permutation(num_nodes)
    train, val, test = np.split(order, [num_nodes * 6 // 10, num_nodes * 6 // 10 + num_nodes // 5])
    return np.sort(train), np.sort(val), np.sort(test)


def incident_means(
    num_nodes: int, edges: NDArray[np.int64], edge_features: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Average the features of each node's edges, in both directions.

    Args:
        num_nodes: N.
        edges: [2, M]; a self-loop counts once.
        edge_features: [M, D].

    Returns:
        [N, D]; 0 for nodes without edges.
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


def _multi_label(arrays: dict[str, NDArray[Any]]) -> NodeData:
    """Read PCG, or BlogCatalog, whose nodes have no features."""
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


def _multi_label_with_edge_features(arrays: dict[str, NDArray[Any]]) -> NodeData:
    """Read HumanGo: features x [N, 32], and the means of each node's edge features [N, 21]."""
    from dataclasses import replace

    import numpy as np

    data = _multi_label(arrays)
    means = incident_means(data.num_nodes, data.edges, arrays["edge_attr"])
    return replace(
        data,
        x=np.concatenate([arrays["x"].astype(np.float32), means], axis=1),
        derived=True,
        report=(f"{means.shape[1]} features of a node are the means of its edges' features",),
    )


def _first_split(arrays: dict[str, NDArray[Any]]) -> NodeData:
    """Read Tolokers: two classes, and the first of its ten splits."""
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
class Archive:
    """An npz file: its name, its arrays, and the function that makes a graph of them."""

    file: str
    arrays: tuple[str, ...]
    parse: Callable[[dict[str, NDArray[Any]]], NodeData]


ARCHIVES = {
    "pcg": Archive("pcg_multilabel.npz", ("x", "y", "edges"), _multi_label),
    "humango": Archive(
        "humango_multilabel.npz", ("x", "y", "edges", "edge_attr"), _multi_label_with_edge_features
    ),
    "blogcatalog": Archive("blogcatalog_multilabel.npz", ("y", "edges"), _multi_label),
    "tolokers": Archive(
        "tolokers.npz",
        ("x", "labels", "edges", "train_masks", "val_masks", "test_masks"),
        _first_split,
    ),
}
