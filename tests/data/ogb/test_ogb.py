"""OGB's data sets, on small files in exactly OGB's layouts: no network, and never a question."""

import os
import pickle
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from glt_cli.config.datasets import default
from glt_cli.data import LinkData, NodeData, ogb
from glt_cli.data.catalog import CATALOG, entry
from glt_cli.data.ogb.package import imported
from glt_cli.data.ogb.raw import SOURCES
from glt_cli.errors import UserError
from tests.data.ogb.small_datasets import (
    LABELS,
    NAMES,
    NODES,
    WIDTH,
    files,
    pack,
    quiet,
    save_as_ogb_did,
    table,
    write,
)

pytestmark = pytest.mark.skipif(
    find_spec("ogb") is None, reason="needs ogb: pip install 'glt-cli[ogb]'"
)

Make = Callable[[str], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a small set into a data root, `root/`; returns the set's folder."""
    return lambda name: write(name, tmp_path / "root" / name)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if a question is asked."""
    monkeypatch.setattr("builtins.input", lambda *args: pytest.fail("asked a question"))


def load(name: str, root: Path | None, **settings: Any) -> Any:
    return ogb.load(default(name, **settings), root)


# --- What is read -------------------------------------------------------------------------------


def official(name: str, folder: Path, tmp_path: Path) -> tuple[Any, Any]:
    """The graph and the split by OGB's own class, in a copy of its own."""
    copy = tmp_path / "official" / name
    shutil.copytree(folder, copy)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_geometric.data.data import DataEdgeAttr, DataTensorAttr
        from torch_geometric.data.storage import GlobalStorage

        package = imported(f"ogb.{SOURCES[name].family}")
        pieces = [DataEdgeAttr, DataTensorAttr, GlobalStorage, np.ndarray, np.dtype]
        pieces += [(np.empty(0).__reduce__()[0], "numpy.core.multiarray._reconstruct")]
        pieces += [type(np.dtype("i8"))]
        with torch.serialization.safe_globals(pieces):
            if name.startswith("ogbn"):
                data = package.PygNodePropPredDataset(SOURCES[name].title, str(copy.parent))
                return data[0], data.get_idx_split()
            data = package.PygLinkPropPredDataset(SOURCES[name].title, str(copy.parent))
            return data[0], data.get_edge_split()


def matrix(edges: Any, weights: Any) -> np.ndarray:
    """Sum of the weights of each pair, as a symmetric matrix that has each edge twice."""
    dense = np.zeros((NODES, NODES))
    np.add.at(dense, tuple(np.asarray(edges)), np.asarray(weights, dtype=np.float64).ravel())
    return dense + dense.T


@pytest.mark.parametrize("name", ["ogbn_arxiv", "ogbn_proteins"])
def test_nodes_are_what_ogbs_own_class_says(name: str, make: Make, tmp_path: Path) -> None:
    folder = make(name)
    graph, split = official(name, folder, tmp_path)
    data = load(name, folder.parent)
    assert isinstance(data, NodeData)
    assert data.num_nodes == graph.num_nodes == NODES
    both = 1 if name == "ogbn_proteins" else 2  # OGB has added the inverse of each association
    ones = np.ones(data.edges.shape[1])
    np.testing.assert_array_equal(
        2 / both * matrix(data.edges, ones), matrix(graph.edge_index, np.ones(graph.num_edges))
    )
    np.testing.assert_array_equal(data.y, graph.y.numpy().squeeze())
    for ours, theirs in (("train", "train"), ("val", "valid"), ("test", "test")):
        part = getattr(data, ours)
        assert part.dtype == np.int64
        np.testing.assert_array_equal(part, np.sort(split[theirs].numpy()))
    assert isinstance(data.x, np.ndarray)
    assert data.x.dtype == np.float32
    assert data.weights is None
    assert not data.directed
    if name == "ogbn_arxiv":
        np.testing.assert_array_equal(data.x, graph.x.numpy())
        assert data.num_classes == 40
        assert data.y.dtype == np.int64
        assert not data.derived
        assert "undirected" in data.report[-1]


def test_features_of_proteins_are_the_mean_over_their_edges(make: Make, tmp_path: Path) -> None:
    folder = make("ogbn_proteins")
    graph, _ = official("ogbn_proteins", folder, tmp_path)
    data = load("ogbn_proteins", folder.parent)
    with_edges = 0
    for node in range(NODES):
        own = graph.edge_attr[graph.edge_index[0] == node].numpy()
        with_edges += len(own) > 0
        expected = own.mean(axis=0) if len(own) else np.zeros(8)
        np.testing.assert_allclose(data.x[node], expected, rtol=1e-6)
    assert with_edges > 0
    assert data.derived
    assert data.x.shape == (NODES, 8)
    assert data.y.shape == (NODES, LABELS)
    assert data.y.dtype == bool
    assert data.num_classes == LABELS


@pytest.mark.parametrize("at_test", [False, True])
def test_links_are_what_ogbs_own_class_says(make: Make, tmp_path: Path, at_test: bool) -> None:
    folder = make("ogbl_collab")
    graph, split = official("ogbl_collab", folder, tmp_path)
    data = load("ogbl_collab", folder.parent, validation_edges_at_test=at_test)
    assert isinstance(data, LinkData)
    np.testing.assert_array_equal(data.x, graph.x.numpy())
    for ours, theirs in (("val", "valid"), ("test", "test")):
        np.testing.assert_array_equal(getattr(data, ours), split[theirs]["edge"].numpy().T)
        negative = getattr(data, f"{ours}_negative")
        np.testing.assert_array_equal(negative, split[theirs]["edge_neg"].numpy().T)
        assert negative.dtype == np.int64
    assert (data.extra_at_test is not None) == at_test
    if data.extra_at_test is not None:
        np.testing.assert_array_equal(data.extra_at_test, data.val)
    assert data.weights is not None
    assert data.weights.dtype == np.float32
    np.testing.assert_array_equal(
        2 * matrix(data.edges, data.weights), matrix(graph.edge_index, graph.edge_weight)
    )


def test_links_of_several_years_are_one_edge(make: Make) -> None:
    data = load("ogbl_collab", make("ogbl_collab").parent)
    assert np.all(data.edges[0] < data.edges[1])
    assert len(np.unique(data.edges, axis=1).T) == data.edges.shape[1]
    stored = int(data.report[-1].partition(" ")[0])
    assert data.edges.shape[1] <= stored - 3
    assert "summed" in data.report[-1]


def test_split_files_of_todays_torch_and_numpy_are_read_too(make: Make) -> None:
    folder = make("ogbl_collab")
    before = load("ogbl_collab", folder.parent)
    for part in ("train", "valid", "test"):
        path = folder / "split" / "time" / f"{part}.pt"
        content = torch.load(path, weights_only=False)  # written by this test
        if part == "test":
            content = {key: torch.from_numpy(value) for key, value in content.items()}
        torch.save(content, path)
    now = load("ogbl_collab", folder.parent)
    np.testing.assert_array_equal(now.val, before.val)
    np.testing.assert_array_equal(now.test_negative, before.test_negative)


def test_counts_unlike_the_published_ones_are_reported(make: Make) -> None:
    data = load("ogbn_arxiv", make("ogbn_arxiv").parent)
    assert data.report[0].startswith("not the published ogbn-arxiv: 30 nodes (published: 169,343)")
    assert "128" in data.report[0]


def test_published_counts_are_silent(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make("ogbn_arxiv")
    edges = load("ogbn_arxiv", folder.parent).edges.shape[1]
    known = replace(entry("ogbn_arxiv"), nodes=NODES, features=WIDTH, splits=(18, 6, 6))
    monkeypatch.setitem(CATALOG, "ogbn_arxiv", known)
    monkeypatch.setitem(SOURCES, "ogbn_arxiv", replace(SOURCES["ogbn_arxiv"], stored_edges=edges))
    assert len(load("ogbn_arxiv", folder.parent).report) == 1


def test_real_labels_and_split_of_arxiv(shared_data: Path, tmp_path: Path) -> None:
    """The published counts, with features and edges made here."""
    partial = shared_data / "ogbn_arxiv_partial"
    if not partial.is_dir():
        pytest.skip("needs ogbn_arxiv_partial/ in the folder of real data")
    folder = tmp_path / "root" / "ogbn_arxiv"
    (folder / "raw").mkdir(parents=True)
    (folder / "split" / "time").mkdir(parents=True)
    for part in ("train", "valid", "test"):
        shutil.copy(partial / f"{part}.csv.gz", folder / "split" / "time")
    for name in ("node-label", "num-node-list"):
        shutil.copy(partial / f"{name}.csv.gz", folder / "raw")
    known = entry("ogbn_arxiv")
    table(folder / "raw" / "node-feat.csv.gz", np.full((169_343, 1), 0.5))
    table(folder / "raw" / "edge.csv.gz", [[0, 169_342]])
    table(folder / "raw" / "num-edge-list.csv.gz", [1])
    data = load("ogbn_arxiv", folder.parent)
    assert data.num_nodes == len(data.y) == known.nodes == 169_343
    assert (len(data.train), len(data.val), len(data.test)) == known.splits
    assert len(np.unique(data.y)) == data.num_classes == known.classes
    assert len(np.unique(np.concatenate([data.train, data.val, data.test]))) == 169_343
    assert list(data.y[:3]) == [4, 5, 28]
    assert data.report[0].count("published") == 3  # edges and features, and no more


# --- Where it is looked for ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", ["ogb", ""])
def test_both_layouts_of_the_data_root_are_found(name: str, layout: str, tmp_path: Path) -> None:
    folder = str(write(name, tmp_path / "root" / layout / name))
    config, root = default(name), tmp_path / "root"
    assert ogb.is_present(config, root) == folder
    assert ogb.prepare(config, root, quiet) == folder
    assert ogb.is_present(config, None) is None


@pytest.mark.parametrize("name", NAMES)
def test_read_only_data_root_is_read_and_left_as_it_is(
    name: str, make: Make, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without RELEASE_v1.txt, where OGB's class would ask; in peace and quiet."""
    folder = make(name)
    root = folder.parent
    (folder / "RELEASE_v1.txt").unlink()
    if name == "ogbn_proteins":  # ogb's reader would rename it
        (folder / "raw" / "node_species.csv.gz").rename(folder / "raw" / "species.csv.gz")
    before = files(root)
    everything = [root, *root.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        ogb.prepare(default(name), root, quiet)
        load(name, root)
        assert files(root) == before
    finally:
        for path in everything:
            path.chmod(0o755)
    assert capfd.readouterr() == ("", "")


def test_caches_of_ogbs_classes_are_not_opened(make: Make) -> None:
    """They are pickles, so glt never opens them."""
    folder = make("ogbl_collab")
    (folder / "processed").mkdir()
    (folder / "processed" / "geometric_data_processed.pt").write_bytes(b"not one")
    (folder / "split" / "time" / "split_dict.pt").write_bytes(b"not one")
    assert load("ogbl_collab", folder.parent).num_nodes == NODES


def test_import_of_ogb_asks_nobody() -> None:
    """In a process of its own: no thread, no network, no warning, not a word."""
    code = """
import socket, sys, threading
def refuse(*args, **named):
    print("network")
socket.getaddrinfo = socket.socket.connect = refuse
from glt_cli.data.ogb.package import imported
start = threading.Thread.start
threading.Thread.start = lambda self: (print("thread", self), start(self))
imported("ogb.io.read_graph_raw")
assert "outdated" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_package_outdated_that_is_loaded_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    other = type(sys)("outdated")
    monkeypatch.setitem(sys.modules, "outdated", other)
    imported("ogb.utils.url")
    assert sys.modules["outdated"] is other


def test_without_ogb_one_line_says_what_to_install(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make("ogbn_arxiv").parent
    monkeypatch.setattr(ogb, "find_spec", lambda name: None)
    for attempt in (
        lambda: load("ogbn_arxiv", root),
        lambda: ogb.prepare(default("ogbn_arxiv"), root, quiet),
    ):
        with pytest.raises(UserError, match=r"pip install 'glt-cli\[ogb\]'$") as caught:
            attempt()
        assert "\n" not in str(caught.value)
    monkeypatch.setitem(sys.modules, "ogb", None)
    for loaded in [module for module in sys.modules if module.startswith("ogb.")]:
        monkeypatch.delitem(sys.modules, loaded)
    with pytest.raises(UserError, match=r"pip install 'glt-cli\[ogb\]'$"):
        imported("ogb.io.read_graph_raw")


# --- What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "file"), [(name, file) for name in NAMES for file in SOURCES[name].files]
)
@pytest.mark.parametrize("spoil", ["cut", "garbage", "empty"])
def test_damaged_file_is_named(name: str, file: str, spoil: str, make: Make) -> None:
    folder = make(name)
    content = (folder / file).read_bytes()
    other = {"cut": content[:-9], "garbage": b"<html>Log in</html>", "empty": b""}[spoil]
    (folder / file).write_bytes(other)
    for attempt in (
        lambda: ogb.prepare(default(name), folder.parent, quiet),
        lambda: load(name, folder.parent),
    ):
        with pytest.raises(UserError, match=Path(file).name) as caught:
            attempt()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "file", "text", "reason"),
    [
        ("ogbn_arxiv", "raw/edge.csv.gz", "0,99\n" * 200, "rows"),
        ("ogbn_arxiv", "raw/edge.csv.gz", "0,1\n", "rows"),
        ("ogbn_arxiv", "raw/edge.csv.gz", "from,to\n0,1\n", "not a number"),
        ("ogbn_arxiv", "raw/num-node-list.csv.gz", "31\n", "node-feat|node-label"),
        ("ogbn_arxiv", "raw/num-node-list.csv.gz", "15\n15\n", "num-node-list"),
        ("ogbn_arxiv", "raw/num-edge-list.csv.gz", "3\n", "edge.csv.gz has .* rows"),
        ("ogbn_arxiv", "raw/node-feat.csv.gz", "1.5,2\n" * 31, "31 rows"),
        ("ogbn_arxiv", "raw/node-feat.csv.gz", "1.5,\n" * 30, "gaps"),
        ("ogbn_arxiv", "raw/node-label.csv.gz", "1\n" * 31, "31 rows"),
        ("ogbn_arxiv", "raw/node-label.csv.gz", "40\n" * 30, "0 to 39"),
        ("ogbn_arxiv", "raw/node-label.csv.gz", "0,1\n" * 30, "0 to 39"),
        ("ogbn_arxiv", "raw/node-label.csv.gz", "0.5\n" * 30, "whole"),
        ("ogbn_arxiv", "split/time/test.csv.gz", "30\n", "belongs to different data"),
        ("ogbn_arxiv", "split/time/valid.csv.gz", "-1\n", "belongs to different data"),
        ("ogbn_arxiv", "split/time/train.csv.gz", "3\n3\n", "twice"),
        ("ogbn_proteins", "raw/node-label.csv.gz", "0,2\n" * 30, "0 and 1"),
        ("ogbn_proteins", "raw/edge-feat.csv.gz", "0.5\n" * 30, "rows"),
        ("ogbl_collab", "raw/edge_weight.csv.gz", "1\n" * 300, "rows"),
    ],
)
def test_file_of_other_data_is_named(
    name: str, file: str, text: str, reason: str, make: Make
) -> None:
    folder = make(name)
    pack(folder / file, text)
    with pytest.raises(UserError, match=reason) as caught:
        load(name, folder.parent)
    assert str(folder) in str(caught.value)
    if file.startswith("split") or ("rows" in reason and "num" not in file):
        assert file in str(caught.value)


def test_edges_to_nodes_that_are_not_there_are_refused(make: Make) -> None:
    folder = make("ogbn_arxiv")
    edges = pd.read_csv(folder / "raw" / "edge.csv.gz", header=None)
    edges.iloc[4, 1] = NODES
    table(folder / "raw" / "edge.csv.gz", edges)
    with pytest.raises(UserError, match=r"edge\.csv\.gz contains node 30, .* 0 to 29"):
        load("ogbn_arxiv", folder.parent)


@pytest.mark.parametrize("weight", [0, -1])
def test_weight_that_is_not_positive_is_refused(make: Make, weight: int) -> None:
    folder = make("ogbl_collab")
    weights = pd.read_csv(folder / "raw" / "edge_weight.csv.gz", header=None)
    weights.iloc[0] = weight
    table(folder / "raw" / "edge_weight.csv.gz", weights)
    with pytest.raises(UserError, match=r"edge_weight\.csv\.gz"):
        load("ogbl_collab", folder.parent)


@pytest.mark.parametrize(
    ("part", "content", "reason"),
    [
        ("train", {"edge": np.zeros((3, 2), dtype=np.int64)}, "different data"),
        ("valid", {"edge": np.zeros((3, 2), dtype=np.int64)}, "no 'edge_neg'"),
        ("test", {"edge": np.zeros((2, 3), dtype=np.int64)}, "not pairs"),
        ("test", {"edge": np.zeros((2, 2))}, "not pairs"),
        ("test", {"edge": np.full((2, 2), 30)}, "belongs to different data"),
        ("valid", [1, 2], "dictionary of arrays"),
    ],
)
def test_split_of_other_links_is_named(part: str, content: object, reason: str, make: Make) -> None:
    folder = make("ogbl_collab")
    save_as_ogb_did(content, folder / "split" / "time" / f"{part}.pt")
    with pytest.raises(UserError, match=rf"{part}\.pt.*{reason}"):
        load("ogbl_collab", folder.parent)


class Trap:
    """Pickled, it is a program that makes a folder when the pickle is opened."""

    def __init__(self, target: Path) -> None:
        self.target = str(target)

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self.target,)


@pytest.mark.parametrize("kind", ["torch", "pickle", "inside an array"])
@pytest.mark.parametrize("part", ["train", "valid", "test"])
def test_foreign_pickle_is_never_opened(kind: str, part: str, make: Make, tmp_path: Path) -> None:
    folder, sprung = make("ogbl_collab"), tmp_path / "sprung"
    path = folder / "split" / "time" / f"{part}.pt"
    trap: Any = Trap(sprung)
    if kind == "pickle":
        path.write_bytes(pickle.dumps(trap))
    else:
        torch.save({"edge": np.array([trap]) if kind != "torch" else trap}, path)
    for attempt in (ogb.prepare, lambda config, root, say: ogb.load(config, root)):
        with pytest.raises(UserError, match=rf"{part}\.pt is "):
            attempt(default("ogbl_collab"), folder.parent, quiet)
    assert not sprung.exists()


# --- Which content it is ------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_checksum_is_of_the_files_that_are_read(name: str, make: Make, tmp_path: Path) -> None:
    folder, config = make(name), default(name)
    root = folder.parent
    before = ogb.checksum(config, root)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(folder, elsewhere / "ogb" / name)
    (folder / "RELEASE_v1.txt").unlink()
    assert before == ogb.checksum(config, root) == ogb.checksum(config, elsewhere)
    file = folder / SOURCES[name].files[0]
    file.write_bytes(file.read_bytes() + b"\0")
    assert ogb.checksum(config, root) != before
    with pytest.raises(UserError, match=f"glt datasets prepare {name}"):
        ogb.checksum(config, None)
