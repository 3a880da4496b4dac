"""Ids keep their digits whatever file they come from, and another column of ids is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from glt_cli.data import files
from glt_cli.errors import UserError
from tests.data.files.customers import config, mistake, with_column

pytest.importorskip("pyarrow")

LARGE = 2**53


def frames(count: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    ids = LARGE + np.arange(count)
    nodes = pd.DataFrame({"id": ids, "x": np.arange(count) / 2, "y": ["a", "b"] * (count // 2)})
    edges = pd.DataFrame({"source": ids, "target": np.roll(ids, -1)})
    return nodes, edges


def read(nodes: pd.DataFrame, edges: pd.DataFrame, **settings: Any) -> NDArray[np.int64]:
    nodes.to_parquet("nodes.parquet")
    edges.to_parquet("edges.parquet")
    given = {"nodes": "nodes.parquet", "edges": "edges.parquet", "label": "y"} | settings
    return files.load(config(**given), None).edges


def test_a_null_beside_large_whole_numbers_changes_none_of_them() -> None:
    nodes, edges = frames()
    expected = read(nodes, edges)
    edges = edges.astype({"source": "Int64"})
    edges.loc[12] = [pd.NA, nodes["id"][0]]
    found = read(nodes, edges, unknown="drop")
    assert np.array_equal(found, expected)
    assert np.array_equal(expected, [np.arange(12), np.roll(np.arange(12), -1)])


@pytest.mark.parametrize("file", ["nodes", "edges"])
def test_large_floats_are_refused(file: str) -> None:
    nodes, edges = frames()
    if file == "nodes":
        nodes = nodes.astype({"id": float}).drop_duplicates("id")
    else:
        edges = edges.astype(float)
    with pytest.raises(UserError, match=rf"{file}.parquet, column .* has ids above 2\^53"):
        read(nodes, edges, unknown="drop")


def test_small_floats_are_whole_numbers() -> None:
    nodes, edges = frames()
    nodes["id"] -= LARGE
    edges -= LARGE
    expected = read(nodes, edges)
    assert np.array_equal(read(nodes, edges.astype(float)), expected)


def test_bytes_are_decoded_or_refused() -> None:
    nodes, edges = frames()
    expected = read(nodes, edges)
    named = nodes.assign(id=[str(value).encode() for value in nodes["id"]])
    assert np.array_equal(read(named, edges), expected)
    with pytest.raises(UserError, match="column 'y': holds bytes that are not UTF-8"):
        read(nodes.assign(y=[b"\xff", b"b"] * 6), edges)


def test_npz_keeps_whole_numbers() -> None:
    ids = LARGE + np.arange(12)
    np.savez("nodes.npz", id=ids, x=np.arange(12.0), y=np.array(["a", "b"] * 6))
    np.savez("edges.npz", edges=np.stack([ids, np.roll(ids, -1)]))
    data = files.load(config(nodes="nodes.npz", edges="edges.npz", label="y"), None)
    assert np.array_equal(data.edges, [np.arange(12), np.roll(np.arange(12), -1)])


def test_the_column_that_has_the_ids_is_named() -> None:
    names = [f"c{row}" for row in range(12)]
    edges = "from,to\n" + "".join(f"c{row},c{row + 1}\n" for row in range(11))
    message = mistake(with_column("code", names), edges)
    assert "Column 'code' has these ids: dataset.id=code." in message
    assert Path("nodes.csv").exists()
