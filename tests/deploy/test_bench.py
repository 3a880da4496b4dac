"""What is measured, and beside what; never how long it takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import glt_cli
from glt_cli.deploy.bench import bench, quartiles
from tests.deploy.supplier_runs import Glt, run_of

SMALL = "small dense, as many weights"


@pytest.mark.parametrize("backbone", ["gcn", "gin", "gat", "resgcn"])
def test_the_contenders(glt: Glt, backbone: str) -> None:
    layers = ["backbone.layers=3"] if backbone == "resgcn" else []
    folder = run_of(glt, "dataset=cora", f"backbone={backbone}", *layers, "sparsity.weight=0.6")
    found = bench(folder, repetitions=2)
    by_name = {timing.contender.name: timing.contender for timing in found.timings}
    assert {
        "dense, torch-geometric",
        "ticket, torch-geometric",
        "ticket, glt",
        "dense, exported",
        "ticket, exported",
        SMALL,
        "ticket, exported, no edges (ceiling)",
    } <= set(by_name)
    ticket = glt_cli.load_ticket(folder)
    weights = {name: mask for name, mask in ticket.masks.items() if name != "edge"}
    assert by_name["ticket, glt"].weights == sum(int(mask.sum()) for mask in weights.values())
    whole = sum(mask.numel() for mask in weights.values())
    assert by_name["dense, torch-geometric"].weights == whole
    assert by_name["ticket, exported"].size < by_name["dense, exported"].size
    if backbone in ("gcn", "gin"):
        assert by_name["dense, exported"].weights == whole
        assert by_name["ticket, exported"].hidden <= 8
        # The control has no more weights than the ticket keeps.
        assert by_name[SMALL].weights <= by_name["ticket, glt"].weights
    for timing in found.timings:
        assert len(timing.seconds) == len(timing.ratios) == 2
        assert all(second > 0 for second in timing.seconds)
    assert found.timings[0].ratios == [1, 1]
    assert found.roofline == found.least_bytes / found.bandwidth


def test_what_the_command_prints_and_writes(glt: Glt) -> None:
    folder = run_of(glt, "dataset=cora")
    code, out, err = glt("bench", str(folder), "--repetitions", "2", "--output", "b.json")
    assert (code, err) == (0, "")
    assert "ticket, exported" in out
    assert "2 repetitions, 1 thread(s)" in out
    (about,) = json.loads(Path("b.json").read_text())
    assert about["run"] == str(folder)
    assert {"seconds", "times_as_fast", "bytes", "hidden"} < set(about["models"][0])


def test_mistakes(glt: Glt) -> None:
    folder = str(run_of(glt, "dataset=cora"))
    for words, message in (
        ((folder, "--repetitions", "1"), "must be at least 2"),
        ((folder, "--threads", "0"), "must be at least 1"),
        ((folder, "--repetitions", "many"), "invalid int value"),
        (("nowhere",), "there is no such folder"),
        ((folder, "--output", "nowhere/b.json"), "there is no folder"),
    ):
        code, _, err = glt("bench", *words)
        assert code == 2
        assert message in err


def test_nodes_with_embeddings_and_weighted_graphs(glt: Glt, shared_data: Path) -> None:
    folder = run_of(glt, "dataset=ca_astroph", f"data_root={shared_data}")
    assert len(bench(folder, str(shared_data), repetitions=2).timings) >= 6


def test_quartiles() -> None:
    assert quartiles([1, 2, 3, 4, 5]) == (2, 3, 4)
