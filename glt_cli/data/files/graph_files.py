"""Files that hold nodes and edges: GraphML, GML, GEXF and node-link JSON, read by networkx."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.data.files.tabular import Table, listed
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import networkx
    import pandas as pd

SOURCE, TARGET, ID = "source", "target", "id"


def graph_file(path: Path, name: str) -> dict[str, Table]:
    """Read a file by its suffix, as the tables `nodes` and `edges`.

    Ids are text. Attributes become columns, and cells are empty where a node or an edge hasn't
    one; attributes that are no plain values or lists of them are left out and reported.

    Raises:
        UserError: It can't be read, or has no nodes or no edges.
    """
    graph = _graph(path, name)
    nodes, left_out = _frame(({ID: str(key)}, about) for key, about in graph.nodes(data=True))
    edges, edges_left_out = _frame(
        ({SOURCE: str(source), TARGET: str(target)}, about)
        for source, target, about in graph.edges(data=True)
    )
    for what, frame in (("nodes", nodes), ("edges", edges)):
        if frame.empty:
            raise UserError(f"{name}: has no {what}; add some, or name a file that has.")
    direction = "have a direction" if graph.is_directed() else "have no direction"
    return {
        "nodes": Table(name, nodes, text=False, report=_report(name, "nodes", left_out)),
        "edges": Table(
            name,
            edges,
            text=False,
            report=(
                f"{name}: says that its edges {direction} (dataset.directed is what counts)",
                *_report(name, "edges", edges_left_out),
            ),
        ),
    }


def _graph(path: Path, name: str) -> networkx.Graph:
    import networkx

    suffix = path.suffix.lower()
    try:
        if suffix == ".graphml":
            graph: networkx.Graph = networkx.read_graphml(path)
        elif suffix == ".gml":
            graph = networkx.read_gml(path, label=ID)
        elif suffix == ".gexf":
            graph = networkx.read_gexf(path)
        else:
            about = json.loads(path.read_text("utf-8-sig"))
            graph = networkx.node_link_graph(about, edges="links" if "links" in about else "edges")
    # Its parsers raise whatever a damaged file leads them to.
    except Exception as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        reason = f"it lacks {reason}" if isinstance(error, KeyError) else reason
        kind = {".json": "node-link JSON"}.get(suffix, suffix.removeprefix(".").upper())
        raise UserError(
            f"{name}: can't be read as {kind} ({reason}); save it again with networkx, or as CSV."
        ) from error
    return graph


def _frame(
    rows: Iterable[tuple[dict[str, str], Mapping[str, Any]]],
) -> tuple[pd.DataFrame, list[str]]:
    """Make a table of keys and attributes, and list the attributes that fit in no cell."""
    import pandas as pd

    made: list[dict[str, Any]] = []
    unfit: set[str] = set()
    taken: set[str] = set()
    for keys, attributes in rows:
        about = {str(key): value for key, value in attributes.items()}
        plain = {key: value for key, value in about.items() if key not in keys}
        taken |= {key for key in keys if str(about.get(key, keys[key])) != keys[key]}
        unfit |= {key for key, value in plain.items() if not _fits(value)}
        made.append({**keys, **plain})
    frame = pd.DataFrame.from_records(made).drop(columns=sorted(unfit))
    return frame, sorted(unfit | taken)


def _fits(value: Any) -> bool:
    plain = (str, int, float, bool)
    if isinstance(value, (list, tuple)):
        return all(isinstance(each, plain) for each in value)
    return value is None or isinstance(value, plain)


def _report(name: str, what: str, left_out: list[str]) -> tuple[str, ...]:
    if not left_out:
        return ()
    return (
        f"{name}: {listed(left_out)} of its {what} left out, since they are no plain values "
        "or have a name that is taken",
    )
