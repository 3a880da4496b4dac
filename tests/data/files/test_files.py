"""Two good files become the graph that they describe."""

import gzip
import json
import pathlib
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from glt_cli.data import files
from glt_cli.data.graph_data import NodeData
from glt_cli.experiment.record import metric_name
from glt_cli.models.graph import Graph
from tests.data.files.customers import (
    EDGES,
    IDS,
    NODES,
    column,
    config,
    dense,
    loaded,
    mistake,
    refused,
    with_column,
    write,
)


def test_graph_is_what_the_files_say() -> None:
    data = loaded()
    assert data.num_nodes == 12
    np.testing.assert_array_equal(data.edges, [range(6), range(6, 12)])
    assert data.edges.dtype == np.int64
    assert data.weights is None
    assert not data.directed
    np.testing.assert_array_equal(data.y, [0, 1] * 6)
    assert data.num_classes == 2
    assert dense(data).shape == (12, 4)
    assert dense(data).dtype == np.float32


def test_report_says_what_was_read() -> None:
    assert loaded().report == (
        "nodes.csv: 12 nodes, ids from 'id'",
        "label 'churned': 'no' 6, 'yes' 6",
        "split: 8 train, 2 val, 2 test, drawn by label, split_seed 0",
        "features: 4 from 3 columns: age (number), vip (true/false), city (2 categories)",
        "edges.csv: 6 edges, 'from' - 'to'",
    )


def test_report_counts_what_was_left_out() -> None:
    nodes = NODES.replace("u,44,true,Köln,no", "u,,true,,")
    report = loaded(nodes, EDGES + "7,7\na,nobody\n7,1.0\n1.0,7\n", unknown="drop").report
    unlabelled = "1 of 12 nodes have no label; they stay in the graph, but in no part"
    assert f"label 'churned': {unlabelled}" in report
    assert any(line.startswith("missing: 1 in 'age', replaced by 3") for line in report)
    assert "missing: 1 in 'city', replaced by the category (missing)" in report
    assert report[-5:] == (
        "edges.csv: 10 edges, 'from' - 'to'",
        "edges: 1 left out because an endpoint is not a node (dataset.unknown=drop)",
        "edges: 1 left out because they are self-loops",
        "edges: 1 left out because they are duplicates (weights are averaged)",
        "edges: 1 given in both directions and merged into one (weights are averaged)",
    )
    assert loaded(edges="a,b\n7,a\n7,B\n").report[-1] == "nodes: 9 without edges"


def test_columns_are_chosen_by_name() -> None:
    edges = "kilo,to,from\n" + "2.5,a,7\n1,B,a\n"
    data = loaded(
        edges=edges,
        id="id",
        source="from",
        target="to",
        weight="kilo",
        directed=True,
        ignore=["city"],
    )
    np.testing.assert_array_equal(data.edges, [[1, 2], [2, 3]])
    assert data.weights is not None
    np.testing.assert_array_equal(data.weights, [2.5, 1])
    assert data.directed
    assert dense(data).shape == (12, 2)
    assert "edges.csv: 2 edges, 'from' -> 'to', weights from 'kilo'" in data.report


def test_numbers_are_standardised_by_the_training_nodes() -> None:
    data = loaded()
    ages = np.arange(20, 56, 3)
    mean, deviation = ages[data.train].mean(), ages[data.train].std()
    np.testing.assert_allclose(dense(data)[:, 0], (ages - mean) / deviation, rtol=1e-6)
    np.testing.assert_array_equal(dense(data)[:, 1], [0, 1, 1] * 4)
    np.testing.assert_array_equal(dense(data)[:, 2:], [[0, 1], [1, 0]] * 6)
    np.testing.assert_array_equal(dense(loaded(standardise=False))[:, 0], ages)


def test_missing_numbers_get_the_training_mean() -> None:
    """Empty, and the words for it, where all other cells are numbers."""
    cells: list[Any] = [1, 2, 3, 4, 5, 6, 7, 8, 9, "", "NA", " nan"]
    data = loaded(with_column("n", cells))
    about = column(data, "n")
    seen = [cells[node] for node in data.train if node < 9]
    assert about["fill"] == about["mean"] == pytest.approx(np.mean(seen))
    assert about["deviation"] == pytest.approx(np.std(seen))
    np.testing.assert_array_equal(dense(data)[9:, -1], 0)


def test_na_is_text_among_texts() -> None:
    data = loaded(with_column("land", ["NA", "DE", ""] * 4))
    assert column(data, "land")["categories"] == ["DE", "NA", "(missing)"]
    np.testing.assert_array_equal(dense(data)[:3, -3:], [[0, 1, 0], [1, 0, 0], [0, 0, 1]])


def test_truths_may_be_missing() -> None:
    data = loaded(with_column("ok", ["True", "FALSE", "NA"] * 4))
    about = column(data, "ok")
    assert about["kind"] == "boolean"
    truths = np.array([1, 0, np.nan] * 4)[data.train]
    assert about["fill"] == pytest.approx(np.nanmean(truths))
    np.testing.assert_allclose(dense(data)[:3, -1], [1, 0, about["fill"]], rtol=1e-6)


def test_column_without_variation_is_zero() -> None:
    data = loaded(with_column("n", [0.1] * 12))
    assert column(data, "n")["deviation"] == 1
    np.testing.assert_allclose(dense(data)[:, -1], 0, atol=1e-7)


def test_numbers_can_be_categories() -> None:
    data = loaded(with_column("zip", ["012", "12", "12", "9"] * 3), categorical=["zip"])
    assert column(data, "zip")["categories"] == ["012", "12", "9"]


def test_many_categories_are_handed_over_sparse() -> None:
    data = loaded(with_column("street", [*"abcdefghijkl"]), ignore=["age", "vip", "city"])
    assert not isinstance(data.x, np.ndarray)
    assert data.x is not None
    assert data.x.has_sorted_indices
    np.testing.assert_array_equal(dense(data), np.eye(12))


@pytest.mark.parametrize("standardise", [True, False])
def test_preparation_is_enough_to_make_x_of_the_same_file(standardise: bool) -> None:
    """The lines of docs/your-own-graph.md make it, with JSON and pandas alone."""
    nodes = with_column("part", ["x", "", "y", "NA"] * 3)
    nodes = nodes.replace("a,26,", "a,,").replace("x-1,32,", "x-1,NaN,").replace("u,44,", "u,?,")
    data = loaded(nodes, standardise=standardise, missing=["?", "y"])
    Path("ticket.json").write_text(json.dumps({"preparation": data.preparation}))
    page = (Path(__file__).parents[3] / "docs" / "your-own-graph.md").read_text()
    start = page.index("    about = json.loads(")
    lines = textwrap.dedent(page[start : page.index("\n\n", start)])
    names: dict[str, Any] = {"json": json, "pathlib": pathlib, "pd": pd, "np": np}
    exec(lines, names)
    np.testing.assert_allclose(dense(data), names["x"], rtol=1e-5)
    assert names["about"]["id"] == "id"
    assert names["about"]["label"] == {"column": "churned", "classes": ["no", "yes"]}


def test_copies_are_averaged_or_added_up() -> None:
    edges = "from,to,w\n007,7,1\n007,7,2\n7,007,6\na,B,4\n"

    def weights(**settings: Any) -> list[float]:
        data = loaded(edges=edges, **settings)
        assert data.weights is not None
        given = torch.from_numpy(data.weights)
        graph = Graph.from_pairs(12, torch.from_numpy(data.edges), data.directed, given).graph
        assert graph.edge_weight is not None
        return sorted(graph.edge_weight.tolist())

    assert weights(weight="w") == [3, 4]
    assert weights(weight="w", copies="sum") == [4, 9]
    assert weights(weight="w", copies="sum", directed=True) == [3, 4, 6]
    assert weights(copies="sum") == [1, 3]
    report = loaded(edges=edges, weight="w", copies="sum").report
    assert "edges: 1 left out because they are duplicates (weights are added up)" in report


@pytest.mark.parametrize("metric", ["f1_macro", "average_precision"])
def test_other_metrics_score_a_run(glt: Callable[..., Any], metric: str) -> None:
    write()
    words = ["dataset.nodes=nodes.csv", "dataset.edges=edges.csv", "dataset.label=churned"]
    words += ["trainer.epochs=2", "backbone.hidden=4", "device=cpu", f"dataset.metric={metric}"]
    code, out, err = glt("run", "dataset=files", "method=random", *words)
    assert (code, err) == (0, "")
    assert metric_name(metric) in out


# Forms of files.


def test_tabs_and_other_delimiters() -> None:
    reference = loaded()
    Path("nodes.tsv").write_text(NODES.replace(",", "\t"))
    Path("edges.txt").write_text(EDGES.replace(",", "\t"))
    _same(files.load(config(nodes="nodes.tsv", edges="edges.txt"), None), reference)
    _same(loaded(NODES.replace(",", ";"), EDGES.replace(",", ";"), delimiter=";"), reference)
    _same(loaded(NODES.replace(",", "\t"), EDGES.replace(",", "\t"), delimiter="\\t"), reference)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_each_file_shows_its_delimiter(separator: str) -> None:
    reference = loaded()
    data = loaded(NODES.replace(",", separator), EDGES)
    _same(data, reference)
    line = f"nodes.csv: its cells are separated by {separator!r}, as its first line shows"
    assert data.report[0] == line
    data = loaded(NODES.replace(",", "^"), EDGES.replace(",", separator), delimiter="^")
    _same(data, reference)
    assert line.replace("nodes", "edges") in data.report


def test_each_file_in_its_encoding() -> None:
    reference = loaded()
    write()
    Path("nodes.csv").write_bytes(NODES.encode("latin-1"))
    data = files.load(config(encoding="latin-1"), None)
    _same(data, reference)
    assert data.report[0] == "nodes.csv: its text is read as latin-1"
    assert not any("edges.csv: its text" in line for line in data.report)
    Path("nodes.csv").write_bytes(NODES.encode("utf-16"))
    data = files.load(config(), None)
    _same(data, reference)
    assert data.report[0] == "nodes.csv: its text is read as utf-16"


def test_packed_with_marks_of_windows_and_blank_lines() -> None:
    reference = loaded()
    windows = "\ufeff" + NODES.replace("\n", "\r\n").replace("u,44", "\r\nu,44") + "\r\n\r\n"
    with gzip.open("nodes.csv.gz", "wb") as stream:
        stream.write(windows.encode())
    _same(files.load(config(nodes="nodes.csv.gz"), None), reference)


def _frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the same graph with whole numbers as ids, with types as Parquet has them."""
    nodes = pd.DataFrame(
        {
            "id": np.arange(12) * 10 - 5,
            "age": [20.0, np.nan, *range(10)],
            "vip": [True, False, False] * 4,
            "city": pd.Categorical(["Bonn", None, "Köln"] * 4),
            "churned": [0.0, 1.0, np.nan, 1.0] * 3,
        }
    )
    return nodes, pd.DataFrame({"s": [-5, 5, 15], "t": [105.0, 95.0, np.nan]})


def test_parquet_has_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow: what pandas would return."""
    nodes, edges = _frames()
    frames = {"nodes.parquet": nodes.set_index("id"), "edges.parquet": edges}
    monkeypatch.setattr(pd, "read_parquet", lambda path, dtype_backend: frames[path.name])
    for name in frames:
        Path(name).write_bytes(b"")
    about = {"nodes": "nodes.parquet", "edges": "edges.parquet"}
    assert refused(**about) == (
        "edges.parquet, row 3, column 't': the cell is empty; write the node's id, or leave "
        "such edges out with dataset.unknown=drop."
    )
    data = files.load(config(unknown="drop", **about), None)
    np.testing.assert_array_equal(data.edges, [[0, 1], [11, 10]])
    assert data.preparation is not None
    assert data.preparation["label"]["classes"] == ["0", "1"]
    assert [each["kind"] for each in data.preparation["columns"]] == [
        "number",
        "boolean",
        "category",
    ]
    assert column(data, "city")["categories"] == ["Bonn", "Köln", "(missing)"]


def test_real_parquet() -> None:
    pytest.importorskip("pyarrow")
    nodes, edges = _frames()
    nodes.to_parquet("nodes.parquet")
    edges.dropna().to_parquet("edges.parquet")
    data = files.load(config(nodes="nodes.parquet", edges="edges.parquet"), None)
    np.testing.assert_array_equal(data.edges, [[0, 1], [11, 10]])
    Path("nodes.parquet").write_bytes(b"no")
    assert "nodes.parquet: can't be read as a Parquet file" in refused(
        nodes="nodes.parquet", edges="edges.parquet"
    )


def test_npz_of_arrays() -> None:
    label = np.array(["yes", "no"] * 6)
    x = np.arange(24, dtype=np.float64).reshape(12, 2)
    np.savez("nodes.npz", id=np.arange(12), churned=label, x=x)
    np.savez("edges.npz", edges=np.array([[0, 1, 2], [3, 4, 5]]), weights=np.array([1, 2, 0.5]))
    about = {"nodes": "nodes.npz", "edges": "edges.npz", "standardise": False}
    data = files.load(config(**about), None)
    np.testing.assert_array_equal(dense(data), x)
    np.testing.assert_array_equal(data.edges, [[0, 1, 2], [3, 4, 5]])
    assert data.weights is not None
    np.testing.assert_array_equal(data.weights, [1, 2, 0.5])
    assert "edges.npz: 3 edges, 'source' - 'target', weights from 'weights'" in data.report
    np.savez("edges.npz", edges=np.array([[0, 3], [1, 4], [2, 5]]))
    turned = files.load(config(**about), None)
    np.testing.assert_array_equal(turned.edges, data.edges)
    assert turned.weights is None


# Labels and parts.


@pytest.mark.parametrize(
    ("cells", "classes", "y"),
    [
        (["2", "10", "1"], ["1", "2", "10"], [1, 2, 0]),
        (["1.0", "1", "02"], ["1", "2"], [0, 0, 1]),
        (["0.5", "NA", "-1"], ["-1", "0.5"], [1, None, 0]),
        (["b", "NA", ""], ["NA", "b"], [1, 0, None]),
        (["True", "False", "True"], ["False", "True"], [1, 0, 1]),
    ],
)
def test_labels_of_any_kind(cells: list[str], classes: list[str], y: list[int | None]) -> None:
    data = loaded(with_column("kind", cells * 4), label="kind", ignore=["churned"])
    assert data.preparation is not None
    assert data.preparation["label"]["classes"] == classes
    assert data.num_classes == len(classes)
    parts = np.concatenate([data.train, data.val, data.test])
    labelled = [node for node in range(12) if y[node % 3] is not None]
    assert sorted(parts) == labelled
    assert [data.y[node] for node in labelled] == [y[node % 3] for node in labelled]
    assert data.y.min() >= 0


def test_split_by_a_column() -> None:
    words = ["Train", " val", "TEST", "valid", "validation", "test", "", "later", "train"]
    data = loaded(with_column("part", [*words, "train", "x", ""]), split="part")
    np.testing.assert_array_equal(data.train, [0, 8, 9])
    np.testing.assert_array_equal(data.val, [1, 3, 4])
    np.testing.assert_array_equal(data.test, [2, 5])
    assert "split: 3 train, 3 val, 2 test, by column 'part'" in data.report
    assert (
        "split: 4 labelled nodes are in no part, because column 'part' has 'later', 'x', an "
        "empty cell" in data.report
    )
    assert dense(data).shape == (12, 4)


def test_class_that_train_lacks_is_reported() -> None:
    words = ["train", "val", "train", "test"] * 3
    assert "classes: no training node has 'yes', so the model can't learn it" in (
        loaded(with_column("part", words), split="part").report
    )


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    train=st.floats(0.05, 0.9),
    share=st.floats(0.05, 0.9),
    seed=st.integers(0, 2**32 - 1),
)
def test_drawn_parts_have_every_class_of_three(
    sizes: list[int], train: float, share: float, seed: int
) -> None:
    sizes = [3, *sizes]
    rows = [
        f"{c}{i},{i},{c}\n" for c, size in zip("abcdef", sizes, strict=False) for i in range(size)
    ]
    data = loaded(
        "id,n,c\n" + "".join(rows),
        "s,t\na0,a1\n",
        label="c",
        train_fraction=train,
        val_fraction=share * (1 - train),
        split_seed=seed,
    )
    parts = (data.train, data.val, data.test)
    assert sorted(np.concatenate(parts)) == list(range(sum(sizes)))
    for part in parts:
        assert (np.diff(part) > 0).all()
        for place, size in enumerate(sizes):
            assert size < 3 or place in data.y[part]
    for place, size in enumerate(sizes):
        if size >= 20:
            assert abs((data.y[data.train] == place).sum() - train * size) <= 2.5


def test_split_changes_with_its_seed_only() -> None:
    assert _parts(loaded()) == _parts(loaded())
    assert len({str(_parts(loaded(split_seed=seed))) for seed in range(5)}) > 1


# Order, identity, cost.


@settings(max_examples=15)
@given(nodes=st.permutations(range(12)), edges=st.permutations(range(6)))
def test_order_of_rows_changes_nothing(nodes: list[int], edges: list[int]) -> None:
    reference = _by_id(loaded(), IDS)
    head, *rows = NODES.splitlines(keepends=True)
    head_of_edges, *edge_rows = EDGES.splitlines(keepends=True)
    shuffled = loaded(
        head + "".join(rows[row] for row in nodes),
        head_of_edges + "".join(edge_rows[row] for row in edges),
    )
    ids = [IDS[row] for row in nodes]
    other = _by_id(shuffled, ids)
    assert other[:3] == reference[:3]
    np.testing.assert_allclose(other[3], reference[3], rtol=1e-5, atol=1e-7)


@settings(max_examples=25)
@given(names=st.lists(st.text(min_size=1, max_size=4), min_size=12, max_size=12, unique=True))
def test_ids_may_be_any_text(names: list[str]) -> None:
    names = [name.replace("\0", "-").replace("\r", "+") for name in names]
    if len(set(names)) < 12 or {"from", "to"} & set(names):
        return
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    reference = loaded()
    nodes = "".join(
        ",".join([name, *line.split(",")[1:]]) + "\n"
        for name, line in zip(["id", *quoted], NODES.splitlines(), strict=True)
    )
    edges = "from,to\n" + "".join(f"{quoted[a]},{quoted[a + 6]}\n" for a in range(6))
    renamed = loaded(nodes, edges)
    np.testing.assert_array_equal(renamed.edges, reference.edges)
    np.testing.assert_array_equal(renamed.y, reference.y)


def test_checksum_is_that_of_both_contents() -> None:
    write()
    first = files.checksum(config(), None)
    Path("copy.csv").write_bytes(Path("nodes.csv").read_bytes())
    assert files.checksum(config(nodes="copy.csv"), None) == first
    Path("copy.csv").write_text(NODES + "new,1,true,Bonn,yes\n")
    assert files.checksum(config(nodes="copy.csv"), None) != first
    assert files.checksum(config(nodes="edges.csv", edges="nodes.csv"), None) != first


def test_same_files_are_read_once_and_changed_ones_again() -> None:
    first = loaded()
    assert loaded() is first
    assert loaded(split_seed=1) is not first
    assert loaded(NODES + "new,1,true,Bonn,yes\n").num_nodes == 13


def test_presence_is_told_by_names_alone() -> None:
    assert files.is_present(config(), None) is None
    assert files.is_present(config(nodes=None), None) is None
    write("", "")
    assert files.is_present(config(), None) == "nodes.csv and edges.csv"
    write()
    assert files.prepare(config(), None, print) == "nodes.csv and edges.csv"


def test_importing_costs_nothing() -> None:
    code = """
import sys
from glt_cli.data.files import edge_table as edges
from glt_cli.data.files import columns, reading, split
assert not {"numpy", "pandas", "scipy", "torch"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_message_counts_lines_as_an_editor_does() -> None:
    """A quoted cell over two lines, and a blank line, come before the mistake."""
    nodes = NODES.replace("7,23,true,Bonn,", '7,23,true,"Bonn\nam Rhein",', 1)
    nodes = nodes.replace("99,35", "\n99,old")
    assert "old" in nodes.splitlines()[8]
    assert mistake(nodes).startswith("nodes.csv, line 9, column 'age': 'old' is not a number")


def _same(one: NodeData, other: NodeData) -> None:
    np.testing.assert_array_equal(one.edges, other.edges)
    np.testing.assert_array_equal(one.y, other.y)
    np.testing.assert_array_equal(dense(one), dense(other))
    assert _parts(one) == _parts(other)


def _parts(data: NodeData) -> list[list[int]]:
    return [data.train.tolist(), data.val.tolist(), data.test.tolist()]


def _by_id(data: NodeData, ids: list[str]) -> tuple[Any, Any, Any, NDArray[np.float32]]:
    """Return edges, labels, parts and features in the order of ids."""
    edges = sorted((ids[a], ids[b]) for a, b in data.edges.T)
    labels = sorted(zip(ids, data.y.tolist(), strict=True))
    parts = [sorted(ids[node] for node in part) for part in _parts(data)]
    return edges, labels, parts, dense(data)[np.argsort(ids)]


def test_parts_that_became_a_feature_are_pointed_out() -> None:
    parts = ["train", "val", "test"] * 4
    report = loaded(with_column("part", parts)).report
    assert any("set dataset.split=part" in line for line in report)
    report = loaded(with_column("part", parts), split="part").report
    assert not any("set dataset.split" in line for line in report)
