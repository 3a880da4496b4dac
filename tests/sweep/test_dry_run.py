import json
from collections.abc import Callable
from pathlib import Path

from glt_cli.experiment.locks import locked
from glt_cli.experiment.paths import RunFolder
from tests.conftest import TINY
from tests.data.files.customers import write

Glt = Callable[..., tuple[int, str, str]]


def test_a_dry_run_says_what_is_finished_and_does_nothing(glt: Glt) -> None:
    words = ["run", *TINY, "method=random", "-m", "seed=0,1"]
    code, out, err = glt(*words, "--dry-run")
    assert (code, err) == (0, "")
    assert out.count("to do") == 2
    assert "2 runs, 0 finished" in out
    assert "The time of 2 is unknown" in out
    assert list(Path().iterdir()) == []
    glt("run", *TINY, "method=random", "seed=0")
    out = glt(*words, "--dry-run")[1]
    assert "2 runs, 1 finished. 1 takes about 0 s" in out
    assert out.count("to do") == 1
    assert "unknown" not in out
    forced = glt(*words, "force=true", "--dry-run")[1]
    assert "2 runs, 0 finished" in forced


def test_the_time_of_another_method_is_told_by_its_epochs(glt: Glt) -> None:
    glt("run", *TINY, "method=random")
    for path in Path("outputs").glob("*/record.json"):  # a minute for each of four epochs
        record = json.loads(path.read_text()) | {"find_seconds": 0.0, "retrain_seconds": 240.0}
        path.write_text(json.dumps(record))
    words = ["method=imp", "method.epochs=10", "sparsity.graph=0", "sparsity.weight=0.488"]
    out = glt("run", *TINY, *words, "--dry-run")[1]
    # Three rounds of ten epochs, and the retraining.
    assert "1 takes about 34 min" in out


def test_what_another_process_is_doing_is_running(glt: Glt) -> None:
    glt("run", *TINY, "method=random")
    words = ["run", *TINY, "method=random", "-m", "seed=0,1", "--dry-run"]
    folder = next(Path("outputs").glob("random-*"))
    (folder / "record.json").unlink()
    with locked(RunFolder(folder).lock, wait=False, on_wait=lambda: None):
        out = glt(*words)[1]
        assert (out.count("running"), out.count("to do")) == (1, 1)
    out = glt(*words)[1]  # a killed run leaves no record
    assert (out.count("interrupted"), out.count("to do")) == (1, 1)


def test_a_plan_is_no_list_of_commands(glt: Glt) -> None:
    code, out, err = glt("run", *TINY, "--dry-run", "--print")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "not allowed with" in err


def test_own_files_are_read_once_and_nothing_is_made(glt: Glt) -> None:
    write()
    words = ["run", "-m", "dataset=files", "dataset.nodes=nodes.csv", "dataset.edges=edges.csv"]
    words += ["dataset.label=churned", "seed=0,1", "--dry-run"]
    code, out, err = glt(*words)
    assert (code, err) == (0, "")
    assert out.count("nodes.csv: 12 nodes, ids from 'id'") == 1
    assert "2 runs, 0 finished" in out
    write(edges="from,to\n007,nobody\n")
    code, out, err = glt(*words)
    assert code == 2
    assert err.startswith("glt: edges.csv, line 2, column 'to': 'nobody' is not a node")
    assert sorted(path.name for path in Path().iterdir()) == ["edges.csv", "nodes.csv"]
