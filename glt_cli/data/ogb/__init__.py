"""ogbn-arxiv, ogbn-proteins and ogbl-collab, from OGB's raw files, with the official splits.

Functions of the ogb package read edges and features. Its data set classes are not used, because
they write to the data root, ask questions on standard input, may delete the folder and unpickle
anything.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from glt_cli.config.datasets import CollabConfig, DatasetConfig
from glt_cli.data import checksums
from glt_cli.data.catalog import entry
from glt_cli.data.dataset_files import DatasetFiles, FileLoader, Say
from glt_cli.data.graph_data import GraphData, LinkData, NodeData
from glt_cli.data.ogb import fetch, raw
from glt_cli.data.ogb.raw import SOURCES
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def dataset_files(config: DatasetConfig) -> DatasetFiles:
    """Describe the raw files of a data set. OGB publishes no checksums."""
    source = SOURCES[config.name]
    return DatasetFiles(
        title=source.title,
        collection="ogb",
        folder=source.folder,
        names=source.files,
        downloads=(fetch.download(source),),
        check=source.verify,
    )


def parse(config: DatasetConfig, folder: Path) -> GraphData:
    """Read a data set, and check that its files belong together.

    This takes seconds, or about two minutes and 6 GB for ogbn-proteins. Counts that differ from
    the published ones are not an error, but are the first line of the report.
    """
    readers = {"ogbn_arxiv": _arxiv, "ogbn_proteins": _proteins, "ogbl_collab": _collab}
    return readers[config.name](config, folder)


_loader = FileLoader(dataset_files, parse)
is_present = _loader.is_present


def prepare(config: DatasetConfig, root: Path | None, say: Say) -> str:
    """Find or download the files, and read each to its end; returns their folder.

    Raises:
        UserError: The ogb package is missing, a file is damaged, or the download fails.
    """
    _require_ogb(config)
    return _loader.prepare(config, root, say)


def load(config: DatasetConfig, root: Path | None) -> GraphData:
    """Find or download the files, and read them; UserError as for `prepare`."""
    _require_ogb(config)
    return _loader.load(config, root)


def checksum(config: DatasetConfig, root: Path | None) -> str:
    """Return the digest of the names and contents of all files that are read.

    They have a few hundred megabytes at most, so this takes less than a second.

    Raises:
        UserError: The files aren't on this machine or can't be read.
    """
    folder = _loader.present_folder(config, root)
    try:
        files = SOURCES[config.name].files
        return checksums.of_pins({file: checksums.of_file(folder / file) for file in files})
    except OSError as error:
        raise UserError(f"{error.filename} can't be read: {error.strerror}.") from error


def _require_ogb(config: DatasetConfig) -> None:
    if find_spec("ogb") is None:
        raise UserError(
            f"{entry(config.name).title} needs the ogb package: pip install 'glt-cli[ogb]'"
        )


def _arxiv(config: DatasetConfig, folder: Path) -> NodeData:
    """Read ogbn-arxiv: citations as undirected edges; the classes are subjects on arXiv."""
    import numpy as np

    source, known = SOURCES["ogbn_arxiv"], entry("ogbn_arxiv")
    graph = raw.graph(source, folder)
    num_nodes, path = graph["num_nodes"], folder / "raw/node-label.csv.gz"
    y = raw.whole_numbers(path, rows=num_nodes)
    assert known.classes is not None
    if y.shape[1] != 1 or y.min() < 0 or y.max() >= known.classes:
        raise UserError(f"{path} is not OGB's file: its classes are not 0 to {known.classes - 1}.")
    train, val, test = raw.node_splits(source, folder, num_nodes)
    x = graph["node_feat"].astype(np.float32)
    found = (num_nodes, graph["edge_index"].shape[1], x.shape[1], known.classes)
    return NodeData(
        num_nodes=num_nodes,
        x=x,
        edges=graph["edge_index"],
        y=y[:, 0],
        train=train,
        val=val,
        test=test,
        num_classes=known.classes,
        report=(
            *_other_counts(config, found, (len(train), len(val), len(test))),
            "citations are used as undirected edges, as is usual for ogbn-arxiv",
        ),
    )


def _proteins(config: DatasetConfig, folder: Path) -> NodeData:
    """Read ogbn-proteins: each association once; nodes have the mean of their edges' features."""
    source = SOURCES["ogbn_proteins"]
    graph = raw.graph(source, folder)
    num_nodes, path = graph["num_nodes"], folder / "raw/node-label.csv.gz"
    y = raw.whole_numbers(path, rows=num_nodes)
    if y.min() < 0 or y.max() > 1:
        raise UserError(f"{path} is not OGB's file: its labels are not 0 and 1.")
    train, val, test = raw.node_splits(source, folder, num_nodes)
    x = _mean_of_edges(graph["edge_index"], graph["edge_feat"], num_nodes)
    found = (num_nodes, graph["edge_index"].shape[1], x.shape[1], y.shape[1])
    return NodeData(
        num_nodes=num_nodes,
        x=x,
        edges=graph["edge_index"],
        derived=True,
        y=y.astype(bool),
        train=train,
        val=val,
        test=test,
        num_classes=y.shape[1],
        report=(
            *_other_counts(config, found, (len(train), len(val), len(test))),
            "a node's features are the mean of the features of its edges",
        ),
    )


def _collab(config: DatasetConfig, folder: Path) -> LinkData:
    """Read ogbl-collab: collaborations of authors, weighted by the number of joint papers.

    OGB stores a pair once for each year. glt makes one edge of it and sums the weights, which are
    the numbers of joint papers in a year.
    """
    import numpy as np

    assert isinstance(config, CollabConfig)
    source = SOURCES["ogbl_collab"]
    graph = raw.graph(source, folder)
    num_nodes, stored = graph["num_nodes"], graph["edge_index"]
    weights = graph["edge_weight"]
    if weights.shape[1] != 1 or weights.min() <= 0:
        path = folder / "raw/edge_weight.csv.gz"
        raise UserError(f"{path} is not OGB's file: it should have one positive number per row.")
    train, valid, test = (raw.split_arrays(folder / file) for file in source.splits)
    in_train = raw.pairs(folder / source.splits[0], train, "edge", num_nodes)
    if in_train.shape[1] != stored.shape[1]:
        raise UserError(
            f"{folder / source.splits[0]} has {in_train.shape[1]:,} links, but raw/edge.csv.gz "
            f"has {stored.shape[1]:,}: they belong to different data."
        )
    split = {
        (part, key): raw.pairs(folder / file, arrays, key, num_nodes)
        for part, file, arrays in zip(
            ("val", "test"), source.splits[1:], (valid, test), strict=True
        )
        for key in ("edge", "edge_neg")
    }
    edges, summed = _merge_edges(stored, weights[:, 0], num_nodes)
    val, x = split["val", "edge"], graph["node_feat"].astype(np.float32)
    found = (num_nodes, stored.shape[1], x.shape[1], 0)
    sizes = (in_train.shape[1], val.shape[1], split["test", "edge"].shape[1])
    return LinkData(
        num_nodes=num_nodes,
        x=x,
        edges=edges,
        weights=summed,
        val=val,
        val_negative=split["val", "edge_neg"],
        test=split["test", "edge"],
        test_negative=split["test", "edge_neg"],
        extra_at_test=val if config.validation_edges_at_test else None,
        report=(
            *_other_counts(config, found, sizes),
            f"{stored.shape[1]:,} links of single years are merged into {edges.shape[1]:,} edges, "
            "and their weights are summed",
        ),
    )


def _mean_of_edges(
    edges: NDArray[np.int64], features: NDArray[np.float32], num_nodes: int
) -> NDArray[np.float32]:
    """Average the features [M, F] of each node's edges: [N, F], 0 for nodes without edges.

    It computes one column at a time, so that ogbn-proteins fits in memory in double precision.
    """
    import numpy as np

    degree = sum(np.bincount(end, minlength=num_nodes) for end in edges)
    means = np.empty((num_nodes, features.shape[1]), dtype=np.float32)
    for column, values in enumerate(features.T):
        total = sum(np.bincount(end, weights=values, minlength=num_nodes) for end in edges)
        means[:, column] = total / np.maximum(degree, 1)
    return means


def _merge_edges(
    pairs: NDArray[np.int64], weights: NDArray[np.number], num_nodes: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Merge equal pairs of both directions and sum their weights [M].

    Returns:
        Edges, int64 [2, E], smaller node first; and their weights, float32 [E].
    """
    import numpy as np

    keys = pairs.min(axis=0) * num_nodes + pairs.max(axis=0)
    distinct, place = np.unique(keys, return_inverse=True)
    edges = np.stack([distinct // num_nodes, distinct % num_nodes])
    return edges, np.bincount(place, weights=weights).astype(np.float32)


def _other_counts(
    config: DatasetConfig, found: tuple[int, int, int, int], splits: tuple[int, int, int]
) -> tuple[str, ...]:
    """Return a line about the counts that differ from the published ones, if any do."""
    known = entry(config.name)
    names = ("nodes", "stored edges", "features", "classes", "training", "validation", "test")
    published = (
        *(known.nodes, SOURCES[config.name].stored_edges, known.features, known.classes),
        *(known.splits or ()),
    )
    other = [
        f"{here:,} {name} (published: {there:,})"
        for name, here, there in zip(names, (*found, *splits), published, strict=True)
        if here != there
    ]
    return (f"not the published {known.title}: {', '.join(other)}",) if other else ()
