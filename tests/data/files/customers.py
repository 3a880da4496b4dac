"""A small graph of customers in two files, and functions that write and read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glt_cli.config.datasets import FilesConfig
from glt_cli.data import files
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError

IDS = ["007", "7", "a", "B", "x-1", "99", "100", "1.0", "u", "v", "w", "z"]

#: Twelve customers: ids of several kinds, a number, a boolean, a text, and the label.
NODES = "id,age,vip,city,churned\n" + "".join(
    f"{name},{20 + 3 * row},{'true' if row % 3 else 'false'},{'Bonn' if row % 2 else 'Köln'},"
    f"{'yes' if row % 2 else 'no'}\n"
    for row, name in enumerate(IDS)
)
EDGES = "from,to\n" + "".join(f"{a},{b}\n" for a, b in zip(IDS[:6], IDS[6:], strict=True))


def config(**settings: Any) -> FilesConfig:
    """Point at nodes.csv and edges.csv of the working folder."""
    given = {"edges": "edges.csv", "nodes": "nodes.csv", "label": "churned"} | settings
    return FilesConfig(name="files", transform="none", **given)


def write(nodes: str = NODES, edges: str = EDGES) -> None:
    """Write both files into the working folder, which each test has for itself."""
    Path("nodes.csv").write_text(nodes, encoding="utf-8")
    Path("edges.csv").write_text(edges, encoding="utf-8")


def with_column(name: str, cells: Sequence[object]) -> str:
    """Return the nodes' text with another column before the label."""
    lines = NODES.splitlines()
    return "".join(
        ",".join([*line.split(",")[:-1], str(cell), line.split(",")[-1]]) + "\n"
        for line, cell in zip(lines, [name, *cells], strict=True)
    )


def loaded(nodes: str = NODES, edges: str = EDGES, **settings: Any) -> NodeData:
    """Write and read."""
    write(nodes, edges)
    return files.load(config(**settings), None)


def mistake(nodes: str = NODES, edges: str = EDGES, **settings: Any) -> str:
    """Write, let `prepare` find the mistake, and return its one line."""
    write(nodes, edges)
    return refused(**settings)


def refused(**settings: Any) -> str:
    """Let `prepare` find the mistake in what is there, and return its one line."""
    with pytest.raises(UserError) as caught:
        files.prepare(config(**settings), None, print)
    message = str(caught.value)
    assert "\n" not in message
    return message


def dense(data: NodeData) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return x as an array."""
    x = data.x
    assert x is not None
    return x if isinstance(x, np.ndarray) else x.toarray()


def column(data: NodeData, name: str) -> Mapping[str, Any]:
    """Return what the preparation says about a column."""
    assert data.preparation is not None
    (found,) = [about for about in data.preparation["columns"] if about["column"] == name]
    return found  # type: ignore[no-any-return]
