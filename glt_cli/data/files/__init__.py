"""The user's own graph: a file of nodes and a file of edges (docs/your-own-graph.md).

`prepare` reads and checks everything, so mistakes are found before a run starts. Nothing is saved
to disk; the last graph is kept in memory because `load` usually follows at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from glt_cli.config.datasets import DatasetConfig, FilesConfig
from glt_cli.data import checksums
from glt_cli.data.files.edge_columns import id_column
from glt_cli.data.files.reading import read
from glt_cli.data.files.tabular import Table, existing_file, listed, setting
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from glt_cli.data.files.columns import Feature
    from glt_cli.data.files.split import Labels

_last: dict[str, NodeData] = {}


def is_present(config: DatasetConfig, root: Path | None) -> str | None:
    """Return the names of the two files if both exist; ``root`` isn't used."""
    config = cast(FilesConfig, config)
    try:
        existing_file("nodes", config.nodes)
        existing_file("edges", config.edges)
    except UserError:
        return None
    return f"{config.nodes} and {config.edges}"


def prepare(config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
    """Read both files and check their content; UserError for the first mistake."""
    config = cast(FilesConfig, config)
    load(config, root)
    return f"{config.nodes} and {config.edges}"


def load(config: DatasetConfig, root: Path | None) -> NodeData:
    """Read both files, or return the graph in memory if files and settings are the same."""
    config = cast(FilesConfig, config)
    for problem in config.problems():
        raise UserError(problem)
    key = f"{checksum(config, root)} {sorted(asdict(config).items())}"
    if key not in _last:
        _last.clear()
        _last[key] = _read(config)
    return _last[key]


def checksum(config: DatasetConfig, root: Path | None) -> str:
    """Return the digest of both files; UserError if one can't be read. ``root`` isn't used."""
    config = cast(FilesConfig, config)
    pins = {}
    for key in ("edges", "nodes"):
        path = existing_file(key, getattr(config, key))
        try:
            pins[key] = checksums.of_file(path)
        except OSError as error:
            raise UserError(f"{path}: can't be read: {error.strerror}.") from error
    return checksums.of_pins(pins)


def _read(config: FilesConfig) -> NodeData:
    from glt_cli.data.files import columns as columns_of
    from glt_cli.data.files import edge_table as edges_of
    from glt_cli.data.files import split as split_of

    nodes = read("nodes", config.nodes, config.delimiter)
    id_column, names = _columns(nodes, config)
    ids = edges_of.node_ids(nodes, id_column)
    labelled = split_of.labels(nodes, str(config.label))
    if config.metric == "roc_auc" and len(labelled.classes) != 2:
        raise UserError(
            f"dataset.metric=roc_auc: needs two classes, but {config.label!r} has "
            f"{len(labelled.classes)}; choose dataset.metric=accuracy."
        )
    columns = columns_of.features(nodes, names, config.categorical)
    parts, remarks = split_of.split(nodes, ids, labelled, config)
    described = columns_of.fitted(nodes, columns, parts[0], config)
    edges = edges_of.read_edges(read("edges", config.edges, config.delimiter), ids, nodes, config)
    x = columns_of.encoded(columns, described)
    return NodeData(
        num_nodes=len(ids),
        x=x,
        edges=edges.pairs,
        weights=edges.weights,
        directed=config.directed,
        y=labelled.y.clip(min=0),
        train=parts[0],
        val=parts[1],
        test=parts[2],
        num_classes=len(labelled.classes),
        preparation={
            "id": id_column,
            "label": {"column": config.label, "classes": labelled.classes},
            "columns": described,
        },
        report=(
            f"{nodes.name}: {len(ids):,} nodes, ids from {id_column!r}",
            *_label_report(labelled, str(config.label)),
            _split_report(parts, config),
            *remarks,
            f"features: {x.shape[1]:,} from {_kinds(columns)}",
            *_fill_report(columns, described),
            *_forgotten_split(described, config),
            *edges.report,
        ),
    )


def _forgotten_split(described: list[dict[str, Any]], config: FilesConfig) -> list[str]:
    """Point out a feature that looks like a split that isn't used."""
    from glt_cli.data.files.split import WORDS

    return [
        f"features: column '{column['column']}' only has {', '.join(column['categories'])}; if it "
        f"is the split, set dataset.split={column['column']}"
        for column in described
        if config.split is None
        and {str(value).lower() for value in column.get("categories", ["-"])} <= set(WORDS)
    ]


def _columns(nodes: Table, config: FilesConfig) -> tuple[str, list[str]]:
    """Return the columns of ids and features; UserError if settings contradict each other."""
    names = [str(name) for name in nodes.frame.columns]
    chosen = {"id": id_column(nodes) if config.id is None else nodes.column("id", config.id)}
    chosen["label"] = nodes.column("label", str(config.label))
    if config.split is not None:
        chosen["split"] = nodes.column("split", config.split)
    for key, name in chosen.items():
        for other in chosen:
            if other != key and chosen[other] == name:
                raise UserError(
                    f"{nodes.name}: column {name!r} can't be both the nodes' {key} and their "
                    f"{other}; choose another with dataset.{key} or dataset.{other}."
                )
    ignored = {nodes.column("ignore", name) for name in config.ignore}
    for name in config.categorical:
        nodes.column("categorical", name)
        if name in ignored:
            raise UserError(
                f"{setting('categorical', name)}: is also in dataset.ignore; remove it from one."
            )
    kept = [name for name in names if name not in ignored and name not in chosen.values()]
    if not kept:
        raise UserError(
            f"{nodes.name}: has no column left for features (columns: {listed(names)}); add one "
            "that describes the nodes, or remove one from dataset.ignore."
        )
    return chosen["id"], kept


def _label_report(labelled: Labels, column: str) -> list[str]:
    import numpy as np

    unlabelled = int((labelled.y < 0).sum())
    counts = np.bincount(labelled.y[labelled.y >= 0], minlength=len(labelled.classes))
    shown = [f"{name!r} {count:,}" for name, count in zip(labelled.classes, counts, strict=True)]
    lines = [f"label {column!r}: {listed(shown)}"]
    if unlabelled:
        lines.append(
            f"label {column!r}: {unlabelled:,} of {len(labelled.y):,} nodes have no label; they "
            "stay in the graph, but in no part"
        )
    return lines


def _split_report(parts: list[NDArray[np.int64]], config: FilesConfig) -> str:
    by = f"drawn by label, split_seed {config.split_seed}"
    if config.split is not None:
        by = f"by column {config.split!r}"
    train, val, test = (f"{len(nodes):,}" for nodes in parts)
    return f"split: {train} train, {val} val, {test} test, {by}"


def _kinds(columns: list[Feature]) -> str:
    from glt_cli.data.files.columns import Categories

    shown = [
        f"{column.name} ({len(column.categories)} categories)"
        if isinstance(column, Categories)
        else f"{column.name} ({'true/false' if column.boolean else 'number'})"
        for column in columns
    ]
    return f"{len(columns)} {'columns' if len(columns) > 1 else 'column'}: {listed(shown)}"


def _fill_report(columns: list[Feature], described: list[dict[str, Any]]) -> list[str]:
    """Report what replaces missing values."""
    from glt_cli.data.files.columns import MISSING

    lines = [
        f"missing: {column.missing:,} in {column.name!r}, replaced by "
        + (f"{about['fill']:.6g}" if "fill" in about else f"the category {MISSING}")
        for column, about in zip(columns, described, strict=True)
        if column.missing
    ]
    most = 20
    return lines[:most] + (
        [f"missing: {len(lines) - most} more columns"] if len(lines) > most else []
    )
