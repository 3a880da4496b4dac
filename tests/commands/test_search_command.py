"""Whole searches by the command line, on tiny trainings."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from glt_cli.__main__ import main
from glt_cli.pruning import methods
from glt_cli.training.loop import NonFiniteLossError
from tests.conftest import REPOSITORY, TINY

Glt = Callable[..., tuple[int, str, str]]

#: Three rungs, two seeds that decide, three for the test.
SMALL = ["--ladder", "0.2,0.4,0.6", "--seeds", "0,1", "--test-seeds", "5,6,7"]
EDGES = ["search", "edges", "method=random", *TINY, *SMALL]
#: Nobody loses this much: the last rung holds.
ALWAYS = ["--tolerance", "1"]


def records() -> Iterator[Path]:
    return Path("outputs").glob("*/record.json")


def contents() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in records()}


def change(method: str, seeds: set[int], rung: float | None = None, **scores: float) -> int:
    """Write other scores into some records."""
    changed = 0
    for path in records():
        record = json.loads(path.read_text())
        at = rung is None or record["graph_sparsity_target"] == rung
        if record["method"] == method and record["seed"] in seeds and at:
            path.write_text(json.dumps(record | scores))
            changed += 1
    return changed


def answer(glt: Glt, *words: str) -> dict[str, Any]:
    """The one search of a command, as JSON has it."""
    code, _, err = glt(*words, "--output", "answer.json")
    assert (code, err) == (0, "")
    (found,) = json.loads(Path("answer.json").read_text())["searches"]
    assert isinstance(found, dict)
    return found


def test_a_search_tries_rungs_tests_the_last_that_holds_and_shows_both(glt: Glt) -> None:
    code, out, err = glt(*EDGES, *ALWAYS)
    assert (code, err) == (0, "")
    lines = [line for line in out.splitlines() if line.startswith("gcn, cora, random: graph")]
    assert [re.split(r": | \(", line)[1] for line in lines] == [
        "graph sparsity 40.00%",
        "graph sparsity 60.00%",
        "graph sparsity 60.00%",
    ]
    assert re.search(r"validation [+-][\d.]+ ± [\d.]+ points \(2 seeds\): holds$", lines[0])
    assert re.search(r"test [+-][\d.]+ ± [\d.]+ points \(3 fresh seeds\): certified$", lines[2])
    table = out[out.index("Extreme graph sparsity") :]
    assert "tolerance 100 points" in table
    assert re.search(r"random +gcn +cora +60.00% .* certified +2 of 3 +7\n", table)
    assert re.search(r"tried 40.00% holds \(.*\), 60.00% holds \(.*\)\.", table)
    assert "may lie beyond" in table

    done = [json.loads(path.read_text()) for path in records()]
    tickets = [r for r in done if r["method"] == "random"]
    assert {r["weight_sparsity_target"] for r in tickets} == {0.0}, "not the preset's"
    ran = {(r["graph_sparsity_target"], r["seed"]) for r in tickets}
    assert ran == {(0.4, 0), (0.4, 1), (0.6, 0), (0.6, 1), (0.6, 5), (0.6, 6), (0.6, 7)}


def test_the_same_search_again_trains_nothing(glt: Glt, monkeypatch: pytest.MonkeyPatch) -> None:
    first = answer(glt, *EDGES, *ALWAYS)
    before = contents()

    def trained(*_: object) -> None:
        raise AssertionError("looked for masks again")

    monkeypatch.setattr(methods, "find", trained)
    assert answer(glt, *EDGES, *ALWAYS) == first
    assert contents() == before


@pytest.mark.parametrize(
    ("at_first", "following"), [("0.4", "${sparsity.graph}"), ("0.10", "0.1${seed}")]
)
def test_runs_whose_settings_follow_the_rung_or_the_seed_are_not_taken_for_others(
    glt: Glt, at_first: str, following: str
) -> None:
    plain = answer(glt, *EDGES, *ALWAYS, f"trainer.weight_decay={at_first}")
    words = [*EDGES, *ALWAYS, f"trainer.weight_decay={following}"]
    own = answer(glt, *words)
    hashes = [found["validation"][0]["config_hash"] for found in (plain, own)]
    assert hashes[0] == hashes[1], "the first run of both is the same"
    assert own["test"]["config_hash"] != plain["test"]["config_hash"]
    assert "answered" in glt(*words, "--dry-run")[1]


def test_runs_of_an_earlier_grid_are_found_and_tables_show_the_search(glt: Glt) -> None:
    words = ["method=random", *TINY, "sparsity.weight=0.0", "sparsity.graph=0.4"]
    assert glt("run", "-m", *words, "seed=0,1")[0] == 0
    before = contents()
    assert glt(*EDGES, *ALWAYS)[0] == 0
    assert {path: contents()[path] for path in before} == before
    assert len([path for path in records() if "random" in str(path)]) == 7
    code, out, _ = glt("table", "--where", "method=random", "--format", "csv")
    assert code == 0
    assert {row["seeds"] for row in csv.DictReader(out.splitlines())} == {"0 1", "0 1 5 6 7"}


def test_only_validation_decides(glt: Glt) -> None:
    first = answer(glt, *EDGES, *ALWAYS)
    # With a small tolerance the records alone decide: make the ladder hold up to 40 %.
    assert change("random", {0, 1}, 0.4, dense_late_val=0.5, ticket_late_val=0.5) == 2
    assert change("random", {0, 1}, 0.6, dense_late_val=0.5, ticket_late_val=0.1) == 2
    lower = answer(glt, *EDGES)
    assert first["graph_sparsity_target"] == 0.6
    assert lower["graph_sparsity_target"] == 0.4
    assert [trial["holds"] for trial in lower["validation"]] == [True, False]
    # Test scores of the runs that decide may be anything.
    assert change("random", {0, 1}, ticket_test=0.0, dense_test=1.0) == 4
    assert answer(glt, *EDGES) == lower
    assert change("random", {0, 1}, ticket_test=1.0, dense_test=0.0) == 4
    assert answer(glt, *EDGES) == lower
    # Those of the fresh ones are the verdict.
    assert change("random", {5, 6, 7}, 0.4, dense_test=0.5, ticket_test=0.4) == 3
    lost = answer(glt, *EDGES)
    assert lost["validation"] == lower["validation"]
    assert lost["verdict"] == "does not win"
    assert lost["test"]["difference"]["mean"] == pytest.approx(-0.1)
    assert lost["test"]["difference"]["n"] == 3


def test_where_no_rung_holds_the_answer_is_none(glt: Glt) -> None:
    glt(*EDGES, *ALWAYS)
    words = ["method=random", *TINY, "sparsity.weight=0.0", "sparsity.graph=0.2"]
    glt("run", "-m", *words, "seed=0,1")
    assert change("random", {0, 1}, dense_late_val=0.5, ticket_late_val=0.1) == 6
    found = answer(glt, *EDGES)
    assert found["graph_sparsity_target"] is None
    assert (found["test"], found["verdict"]) == (None, None)
    code, out, _ = glt(*EDGES)
    assert code == 0
    assert re.search(r"random +gcn +cora +none +- +- +- +- +2 of 3 +4\n", out)
    assert "not even graph sparsity 20.00% holds" in out


def test_both_sides_and_each_combination_of_values(glt: Glt) -> None:
    ladder = ["--ladder", "0.1:0.5,0.2:0.8", "--seeds", "3", "--test-seeds", "0"]
    code, out, err = glt(
        "search", "both", *ALWAYS, "method=random", *TINY, "trainer.lr=0.01,0.02", *ladder
    )
    assert (code, err) == (0, "")
    assert (
        "gcn, cora, random, trainer.lr=0.02: graph sparsity 20.00%, weight sparsity 80.00%: test"
        in out
    )
    table = out[out.index("Extreme graph and weight sparsity") :]
    for rate in ("0.01", "0.02"):
        assert re.search(
            rf"random +gcn +cora +{rate} +20.00% +80.00% .* within tolerance on 1 seed", table
        )


def test_the_other_side_may_be_set(glt: Glt) -> None:
    words = ["search", "weights", "sparsity.graph=0.25", "method=random", *TINY, *ALWAYS]
    code, out, _ = glt(*words, "--ladder", "0.5", "--seeds", "0", "--test-seeds", "1")
    assert code == 0
    assert re.search(r"random +gcn +cora +25.00% +50.00%", out)


def test_a_failing_search_says_why_and_stops_no_other(
    glt: Glt, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = methods.find

    def sometimes(search: Any, config: Any) -> Any:
        if search.seed == 1 and search.targets.graph_sparsity > 0.5 and config.name == "random":
            raise NonFiniteLossError("the loss became nan in epoch 3 of denoise")
        return honest(search, config)

    monkeypatch.setattr(methods, "find", sometimes)
    words = [word for word in EDGES if word != "method=random"]
    code, out, err = glt(*words, "method=random,teddy", *ALWAYS, "--output", "t.csv")
    assert code == 1
    assert "random-gcn-cora-seed1" in err
    assert (
        "stopped: graph sparsity 60.00%: 1 of 2 runs failed (the loss became nan in epoch 3" in err
    )
    assert "Traceback" not in err
    rows = {row["method"]: row for row in csv.DictReader(Path("t.csv").read_text().splitlines())}
    assert rows["random"]["verdict"] == "failed"
    assert rows["random"]["rungs_tried"] == "1"
    teddy = rows["teddy (distilled 10)"]
    assert (teddy["verdict"], teddy["graph_sparsity_target"]) == ("certified", "0.6")
    assert "Distilled" in out
    monkeypatch.setattr(methods, "find", honest)
    assert glt(*EDGES, *ALWAYS)[0] == 0, "the same command makes it good"


def test_an_interrupted_search_goes_on(
    glt: Glt, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    honest = methods.find

    def until(search: Any, config: Any) -> Any:
        if search.targets.graph_sparsity > 0.5:
            raise KeyboardInterrupt
        return honest(search, config)

    with monkeypatch.context() as patch:
        patch.setattr(methods, "find", until)
        patch.setattr("sys.argv", ["glt", *EDGES, *ALWAYS])
        with pytest.raises(SystemExit) as leaving:
            main()
    assert leaving.value.code == 130
    assert "Traceback" not in capsys.readouterr().err
    before = {path: data for path, data in contents().items() if b'"done"' in data}
    assert len([path for path in before if "random" in path]) == 2
    assert glt(*EDGES, *ALWAYS)[0] == 0
    assert {path: contents()[path] for path in before} == before


def test_a_dry_run_says_how_far_it_is_and_makes_nothing(glt: Glt) -> None:
    words = [*EDGES, *ALWAYS]
    code, out, err = glt(*words, "--dry-run")
    assert (code, err) == (0, "")
    assert list(Path().iterdir()) == []
    assert re.search(r"random +gcn +cora +40.00% +validation +0 of 2", out)
    assert "20.00%, 40.00%, 60.00%" in out
    assert "At most 7 runs" in out
    ran = ["method=random", *TINY, "sparsity.weight=0.0", "sparsity.graph=0.4"]
    glt("run", *ran, "seed=1")
    assert re.search(r"40.00% +validation +1 of 2", glt(*words, "--dry-run")[1])
    glt("run", *ran, "seed=0")
    assert re.search(r"60.00% +validation +0 of 2", glt(*words, "--dry-run")[1])
    glt(*words)
    assert re.search(r"answered +all", glt(*words, "--dry-run")[1])
    fresh = [*words[: words.index("5,6,7")], "5,6,8", *ALWAYS, "--dry-run"]
    assert re.search(r"60.00% +test +2 of 3", glt(*fresh)[1])


def test_quiet_shows_the_table_only(glt: Glt) -> None:
    code, out, _ = glt(*EDGES, *ALWAYS, "quiet=true")
    assert code == 0
    assert out.startswith("Extreme graph sparsity")


def test_the_table_in_every_format(glt: Glt) -> None:
    starts = {"md": "## Extreme", "tex": "% needs", "html": "<table", "txt": "Extreme", "csv": "m"}
    for ending, start in starts.items():
        code, out, _ = glt(*EDGES, *ALWAYS, "--output", f"t.{ending}")
        assert (code, out.splitlines()[-1]) == (0, f"Table: t.{ending}")
        assert Path(f"t.{ending}").read_text().startswith(start)
    (row,) = csv.DictReader(Path("t.csv").read_text().splitlines())
    assert (row["dataset"], row["graph_sparsity_target"], row["holds"]) == ("cora", "0.6", "true")
    assert (row["val_n"], row["test_n"], row["verdict"]) == ("2", "3", "certified")
    lower, mean, upper = (float(row[f"test_{name}"]) for name in ("lower", "mean", "upper"))
    assert lower < mean < upper
    assert "95 \\% interval" in Path("t.tex").read_text()


def test_a_grid_in_an_experiment_file_is_so_many_searches(glt: Glt) -> None:
    # Seeds and rungs of its own give way: a search has its own.
    folder = Path("mine/experiment")
    folder.mkdir(parents=True)
    (folder / "ladder.yaml").write_text(
        "# @package _global_\nhydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n"
        "      method: random,oneshot\n      sparsity.graph: 0.1,0.2\n"
        "      sparsity.weight: 0.5\n      seed: 0,1,2,3\n"
    )
    words = ["experiment=ladder", *TINY, *SMALL, "--config-dir", "mine"]
    code, out, err = glt("search", "edges", *words, "--dry-run")
    assert (code, err) == (0, "")
    assert out.startswith("2 searches")
    for method in ("random", "oneshot"):
        assert re.search(rf"{method} +gcn +cora +50.00% +40.00% +validation +0 of 2", out)
    code, out, _ = glt("search", "edges", *words, "method=random", *ALWAYS)
    assert code == 0
    assert re.search(r"random +gcn +cora +60.00% +50.00%", out)


def test_the_experiments_of_extremes(glt: Glt) -> None:
    whole = glt("search", "both", "experiment=extremes", "dataset=cora", "device=cpu", "--dry-run")
    assert whole[1].startswith("15 searches")
    code, out, _ = glt("search", "both", "experiment=extremes_laptop", "device=cpu", "--dry-run")
    assert code == 0
    assert out.startswith("4 searches")
    assert "At most 120 runs" in out


def test_rungs_run_on_another_launcher() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "glt_cli", *EDGES, *ALWAYS, "hydra/launcher=joblib"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"random +gcn +cora +60.00% .* certified +2 of 3 +7\n", done.stdout)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["say once what is pruned"]),
        (["edges", "weights"], ["say once what is pruned"]),
        (["vertices"], ["say once what is pruned"]),
        (["edges", "--sideways"], ["does not take --sideways"]),
        (["edges", "edges=1"], ["edges"]),
        (["edges", "seed=1,2"], ["--seeds"]),
        (["edges", "sparsity.graph=0.1,0.2"], ["the ladder sets it"]),
        (["both", "sparsity.weight=0.1"], ["the ladder sets it"]),
        (["edges", "sparsity=weights"], ["leave it out"]),
        (["edges", "tolerance=0.01"], ["--tolerance"]),
        (["edges", "force=true"], ["force=true"]),
        (["edges", "method=dense,random"], ["prunes nothing"]),
        (["edges", "method=nothing"], ["must be one of"]),
        (["edges", "trainer.lr=-1"], ["must be above 0"]),
        (["edges", "device=tpu"], ["device=tpu"]),
        (["edges", "data_root=nowhere"], ["nowhere"]),
        (["edges", "--seeds", "0,0"], ["twice"]),
        (["edges", "--seeds=-1,0"], ["whole numbers"]),
        (["edges", "--seeds", "0,x"], ["whole numbers"]),
        (["edges", "--seeds", ""], ["whole numbers"]),
        (["edges", "--seeds", "4294967295"], ["whole numbers"]),
        (["edges", "--test-seeds", "4,5"], ["4 decided"]),
        (["edges", "--test-seeds", "5,5"], ["twice"]),
        (["edges", "--tolerance", "much"], ["from 0 to 1"]),
        (["edges", "--tolerance", "-1"], ["from 0 to 1"]),
        (["edges", "--tolerance", "5"], ["half a point"]),
        (["edges", "--ladder", "0.2,0.1"], ["remove more"]),
        (["both", "--ladder", "0.2"], ["pairs"]),
        (["edges", "--output", "t.doc"], [".tex"]),
        (["edges", "--output", "no/such/t.csv"], ["no folder"]),
        (["edges", "--config-dir", "nowhere"], ["no such folder"]),
        (
            ["edges", "seed=1", "method=nothing", "--ladder", "2", "--seeds", "x"],
            ["--ladder", "--seeds x", "seed=1", "method=nothing"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_ends_with_2_a_line_each_and_leaves_nothing(
    glt: Glt, words: list[str], expected: list[str]
) -> None:
    code, out, err = glt("search", *(words if "device=tpu" in words else [*words, "device=cpu"]))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == len(expected)
    for line, text in zip(err.splitlines(), expected, strict=True):
        assert line.startswith("glt: ")
        assert text in line
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("word", ["output_dir=taken", "dataset=citeseer"])
def test_places_and_data_are_asked_for_before_anything_runs(glt: Glt, word: str) -> None:
    Path("taken").write_text("")
    code, out, err = glt(*EDGES, word)
    assert (code, out) == (2, "")
    assert word.partition("=")[2] in err.lower()
    assert "Traceback" not in err
    assert [path.name for path in Path().iterdir()] == ["taken"]
