"""The user's own graph: a file of nodes and a file of edges (docs/your-own-graph.md).

`prepare` reads and checks everything, so mistakes are found before a run starts. Nothing is saved
to disk; the last graph is kept in memory because `load` usually follows at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from glt_cli.config.datasets import BINARY_METRICS, DatasetConfig, FilesConfig
from glt_cli.data import checksums
from glt_cli.data.files.edge_columns import id_column
from glt_cli.data.files.reading import read_both
from glt_cli.data.files.tabular import Table, existing_file, listed, setting
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError

_last: dict[str, NodeData] = {}


def is_present(config: DatasetConfig, root: Path | None) -> str | None:
    """Return the names of the two files if both exist; ``root`` isn't used."""
    config = cast(FilesConfig, config)
    try:
        existing_file("nodes", config.nodes)
        existing_file("edges", config.edges_file)
    except UserError:
        return None
    return _files(config)


def prepare(config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
    """Read both files and check their content; UserError for the first mistake."""
    config = cast(FilesConfig, config)
    load(config, root)
    return _files(config)


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
    for key in ("edges", "nodes", *(("features",) if config.has_features_file else ())):
        given = config.edges_file if key == "edges" else getattr(config, key)
        path = existing_file(key, given)
        try:
            pins[key] = checksums.of_file(path)
        except OSError as error:
            raise UserError(f"{path}: can't be read: {error.strerror}.") from error
    return checksums.of_pins(pins)


def _files(config: FilesConfig) -> str:
    edges = config.edges_file
    return str(edges) if edges == config.nodes else f"{config.nodes} and {edges}"


def _read(config: FilesConfig) -> NodeData:
    from glt_cli.data.files import columns as columns_of
    from glt_cli.data.files import edge_table as edges_of
    from glt_cli.data.files import report
    from glt_cli.data.files import split as split_of
    from glt_cli.data.files.headerless import refuse_headerless
    from glt_cli.data.files.labels import labels
    from glt_cli.data.files.lists import expanded
    from glt_cli.data.files.made_features import made_features
    from glt_cli.data.files.sparse_features import sparse_features
    from glt_cli.data.files.suspicious import suspicious

    nodes, edge_table = read_both(config)
    refuse_headerless(nodes, config)
    id_column, names = _columns(nodes, config)
    ids = edges_of.node_ids(nodes, id_column)
    labelled = labels(nodes, str(config.label), config.unlabelled)
    if config.metric in BINARY_METRICS and len(labelled.classes) != 2:
        raise UserError(
            f"dataset.metric={config.metric}: needs two classes, but {config.label!r} has "
            f"{len(labelled.classes)}; choose dataset.metric=accuracy or f1_macro."
        )
    by_columns = config.features == "columns"
    of_lists: list[str] = []
    made_from: dict[str, Any] = {}
    if by_columns:
        nodes, lists, of_lists = expanded(nodes, names)
        names = _columns(nodes, config)[1]
        made_from = {"lists": lists} if lists else {}
    columns = columns_of.features(nodes, names, config) if by_columns else []
    parts, remarks = split_of.split(nodes, ids, labelled, config)
    described = columns_of.fitted(nodes, columns, parts[0], config)
    edges = edges_of.read_edges(edge_table, ids, nodes, config)
    if config.has_features_file:
        file = sparse_features(ids, nodes.name, parts[0], config)
        x, made_from = file.x, {"names": file.names, "scale": file.scale}
        unused = f"; columns {listed(names)} are not used" if names else ""
        remarks += [f"features: {file.report[0]}{unused}", *file.report[1:]]
    elif by_columns:
        x = columns_of.encoded(columns, described)
        remarks.append(f"features: {x.shape[1]:,} from {report.kinds(columns)}")
        remarks += of_lists
        remarks += report.sparse_report(described)
        remarks += report.fill_report(columns, described)
    else:
        x, remark = made_features(config.features, edges.pairs, len(ids), parts[0], config)
        unused = f"; columns {listed(names)} are not used" if names else ""
        remarks.append(f"features: {remark}{unused}")
    warnings = suspicious(nodes, columns, labelled, parts[0], config)
    if warnings and config.strict:
        raise UserError("\n".join(f"{line} (dataset.strict=true)" for line in warnings))
    return NodeData(
        num_nodes=len(ids),
        x=x,
        edges=edges.pairs,
        weights=edges.weights,
        directed=config.directed,
        derived=config.features == "degree",
        y=labelled.y.clip(min=0),
        train=parts[0],
        val=parts[1],
        test=parts[2],
        num_classes=len(labelled.classes),
        ids=tuple(str(each) for each in ids),
        preparation={
            "id": id_column,
            "label": {"column": config.label, "classes": labelled.classes},
            "features": config.features_kind,
            **made_from,
            "missing": list(config.missing),
            "columns": described,
        },
        report=(
            *nodes.report,
            f"{nodes.name}: {len(ids):,} nodes, ids from {id_column!r}",
            *report.label_report(labelled, str(config.label)),
            report.split_report(parts, config),
            *remarks,
            *edges.report,
            *(f"warning: {line}" for line in warnings),
        ),
    )


def _columns(nodes: Table, config: FilesConfig) -> tuple[str, list[str]]:
    """Return the columns of ids and features; UserError if settings contradict each other."""
    names = [str(name) for name in nodes.frame.columns]
    chosen = {"id": id_column(nodes) if config.id is None else nodes.column("id", config.id)}
    chosen["label"] = nodes.column("label", str(config.label))
    if isinstance(config.split, str):
        chosen["split"] = nodes.column("split", config.split)
    if config.time is not None:
        chosen["time"] = nodes.column("time", config.time)
    masks = [nodes.column("split", name) for name in config.masks]
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
    used = {*chosen.values(), *masks}
    kept = [name for name in names if name not in ignored and name not in used]
    if not kept and config.features == "columns":
        raise UserError(
            f"{nodes.name}: has no column left for features (columns: {listed(names)}); add one "
            "that describes the nodes, or let the graph describe them: dataset.features=degree, "
            "constant, identity or structural."
        )
    return chosen["id"], kept
