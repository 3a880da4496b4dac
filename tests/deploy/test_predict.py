"""Predictions of exported models: of their own graph, and of later files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import glt_cli
from tests.conftest import TINY
from tests.data.files.customers import EDGES, NODES

Glt = Callable[..., tuple[int, str, str]]


@pytest.fixture
def model(glt: Glt) -> Path:
    """A model of the twelve customers, exported."""
    Path("nodes.csv").write_text(NODES)
    Path("edges.csv").write_text(EDGES + "v,w\nw,z\na,z\n")
    words = ["dataset=files", "dataset.nodes=nodes.csv", "dataset.edges=edges.csv"]
    words += ["dataset.label=churned", "sparsity.graph=0.4", "sparsity.weight=0.3"]
    code, _, err = glt("run", *TINY, "method=random", *words, "trainer.epochs=30")
    assert (code, err) == (0, "")
    (folder,) = Path("outputs").glob("random-*")
    return glt_cli.export(folder).folder


def table(glt: Glt, *words: object) -> tuple[pd.DataFrame, str]:
    code, out, err = glt("predict", *map(str, words))
    assert code == 0, err
    return pd.read_csv(io.StringIO(out), dtype={"node": str}).set_index("node"), err


def files(nodes: str = NODES, edges: str | None = None) -> tuple[str, ...]:
    Path("n2.csv").write_text(nodes)
    Path("e2.csv").write_text(Path("edges.csv").read_text() if edges is None else edges)
    return ("--nodes", "n2.csv", "--edges", "e2.csv")


def test_its_own_graph(glt: Glt, model: Path) -> None:
    found, err = table(glt, model)
    assert err == ""
    ticket = glt_cli.load_ticket(model.parent)
    outputs = ticket.predict()
    loaded = glt_cli.load(model)
    expected = (outputs / loaded.temperature).softmax(1)
    torch.testing.assert_close(
        torch.tensor(found.iloc[:, 1:].to_numpy()).float(), expected, rtol=1e-4, atol=1e-4
    )
    assert list(found.columns) == ["class", "probability of no", "probability of yes"]
    assert list(found.index)[:3] == ["007", "7", "a"]
    assert list(found["class"]) == [loaded.classes[k] for k in outputs.argmax(1).tolist()]


def test_the_same_files_in_another_order(glt: Glt, model: Path) -> None:
    own, _ = table(glt, model)
    head, *rows = NODES.splitlines()
    edge_head, *edge_rows = Path("edges.csv").read_text().splitlines()
    shuffled = [rows[place] for place in np.random.default_rng(0).permutation(len(rows))]
    flipped = [",".join(reversed(row.split(","))) for row in reversed(edge_rows)]
    words = files("\n".join([head, *shuffled]) + "\n", "\n".join([edge_head, *flipped]) + "\n")
    found, err = table(glt, model, *words)
    pd.testing.assert_frame_equal(found.loc[own.index], own, atol=1e-5)
    assert "12 nodes, 0 of them new" in err
    loaded = glt_cli.load(model)
    counts = loaded.edges.shape[1], loaded.pruned.shape[1]
    assert f"{counts[0]} of the ticket's, {counts[1]} pruned ones left out, 0 new ones kept" in err


def test_pruned_edges_stay_away_and_new_ones_are_a_choice(glt: Glt, model: Path) -> None:
    own, _ = table(glt, model)
    loaded = glt_cli.load(model)
    assert loaded.nodes is not None
    edges = Path("edges.csv").read_text()
    # An edge that the ticket's graph hadn't.
    keep, err = table(glt, model, *files(edges=edges + "007,7\n"))
    assert "1 new ones kept" in err
    drop, err = table(glt, model, *files(edges=edges + "007,7\n"), "--new-edges", "drop")
    assert "1 new ones left out" in err
    pd.testing.assert_frame_equal(drop, own, atol=1e-5)
    assert not np.allclose(keep.iloc[:, 1], own.iloc[:, 1], atol=1e-5)
    # Without an edge that is pruned anyway nothing changes; without a kept one something does.
    for pairs, same in ((loaded.pruned, True), (loaded.edges, False)):
        u, v = (loaded.nodes[node] for node in pairs[:, 0].tolist())
        left = [line for line in edges.splitlines() if line not in (f"{u},{v}", f"{v},{u}")]
        assert len(left) == len(edges.splitlines()) - 1
        found, _ = table(glt, model, *files(edges="\n".join(left) + "\n"))
        assert np.allclose(found.iloc[:, 1], own.iloc[:, 1], atol=1e-5) == same


def test_missing_unseen_and_new(glt: Glt, model: Path) -> None:
    own, _ = table(glt, model)
    lines = NODES.splitlines()
    lines[1] = "007,,true,Rom,no"  # an age that is missing, and a city that training hadn't
    found, err = table(glt, model, *files("\n".join([*lines, "new,30,false,Bonn,"]) + "\n"))
    assert "13 nodes, 1 of them new" in err
    assert "missing: 1 in 'age', replaced by" in err
    assert "unseen: 1 in 'city' (Rom), taken as no category" in err
    assert "has to be measured, with labels" in err
    assert len(found) == 13
    assert found.loc["new", "class"] in ("no", "yes")
    assert found["class"]["B"] == own["class"]["B"]
    # Columns that the model doesn't read, and labels, needn't be there.
    without = "\n".join(line.rsplit(",", 1)[0] for line in NODES.splitlines()) + "\n"
    pd.testing.assert_frame_equal(table(glt, model, *files(without))[0], own, atol=1e-5)


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        (NODES.replace(",age,", ",years,"), None, "lacks 'age', which the model was trained on"),
        (NODES.replace("007,20", "007,twenty"), None, "'twenty' is not a number"),
        (NODES.replace("id,", "key,"), None, "there is no column 'id'"),
        (NODES, "from,to\n007,nobody\n", "'nobody' is not a node of n2.csv"),
        ("id,age,vip,city\n", None, "has column names but no rows"),
    ],
)
def test_mistakes(glt: Glt, model: Path, nodes: str, edges: str | None, message: str) -> None:
    code, out, err = glt("predict", str(model), *files(nodes, edges))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_unknown_ends_can_be_dropped(glt: Glt, model: Path) -> None:
    edges = Path("edges.csv").read_text() + "007,nobody\n"
    found, err = table(glt, model, *files(edges=edges), "--unknown", "drop")
    assert "1 left out because an endpoint is not a node" in err
    assert len(found) == 12


def test_flags_that_do_not_fit(glt: Glt, model: Path) -> None:
    for words, message in (
        (("--nodes", "nodes.csv"), "give both"),
        (("--pairs", "edges.csv"), "needs no pairs"),
        (("--output", "p.xlsx"), "name a .csv or .parquet file"),
        (("--output", "nowhere/p.csv"), "there is no folder"),
    ):
        code, _, err = glt("predict", str(model), *words)
        assert code == 2
        assert message in err
    assert "glt export RUN makes one" in glt("predict", str(model.parent))[2]


def test_output_as_csv_and_parquet(glt: Glt, model: Path) -> None:
    own, _ = table(glt, model)
    for name in ("p.csv", "p.parquet"):
        assert glt("predict", str(model), "--output", name)[:2] == (0, "")
    code, out, _ = glt("predict", str(model), "--output", "/dev/null")  # a device stays one
    assert (code, out) == (0, "")
    assert not Path("/dev/null").is_file()
    read = pd.read_parquet("p.parquet").set_index("node")
    pd.testing.assert_frame_equal(read, own, atol=1e-5, check_dtype=False)
    assert len(Path("p.csv").read_text().splitlines()) == 13


def test_known_data_sets_have_no_files(glt: Glt) -> None:
    glt("run", *TINY, "method=random", "dataset=cora")
    (folder,) = Path("outputs").glob("random-*")
    model = glt_cli.export(folder).folder
    assert len(table(glt, model)[0]) == 2708
    code, _, err = glt("predict", str(model), "--nodes", "n.csv", "--edges", "e.csv")
    assert code == 2
    assert "whose nodes are no files" in err


def test_links(glt: Glt, shared_data: Path) -> None:
    root = f"data_root={shared_data}"
    glt("run", *TINY, "method=random", "dataset=ca_astroph", root)
    (folder,) = Path("outputs").glob("random-*")
    model = glt_cli.export(folder, data_root=str(shared_data)).folder
    Path("pairs.csv").write_text("source,target\n0,1\n5,17\n")
    code, out, _ = glt("predict", str(model), "--pairs", "pairs.csv")
    assert code == 0
    found = pd.read_csv(io.StringIO(out))
    loaded = glt_cli.load(model)
    expected = loaded.links(loaded.outputs(), torch.tensor([[0, 5], [1, 17]]))
    assert found["probability"].tolist() == pytest.approx(expected.tolist(), rel=1e-4)
    Path("pairs.csv").write_text("source,target\n0,99999999\n")
    assert (
        "'99999999' is not a node of the model"
        in glt("predict", str(model), "--pairs", "pairs.csv")[2]
    )
    assert "name a file of pairs" in glt("predict", str(model))[2]
