"""How far a grid has come, by its files alone; and grids whose processes die."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from glt_cli.experiment.paths import RunFolder
from glt_cli.sweep import display
from glt_cli.sweep.display import Display
from glt_cli.sweep.progress import Counts, Grid
from glt_cli.training.loop import Epoch
from tests.conftest import REPOSITORY, TINY

Glt = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A record of a finished run, as glt writes it."""
    from glt_cli.experiment.record import Record

    folder = RunFolder(tmp_path_factory.mktemp("run"))
    Record("random", "gcn", "cora", "nodes", "accuracy", 0, "0", 0.1, 0.1, status="done").write(
        folder
    )
    return folder.record.read_text()


def begin(folder: Path) -> None:
    """Leave what a run leaves that begins."""
    folder.mkdir(exist_ok=True)
    (folder / "record.json").unlink(missing_ok=True)
    (folder / "log.txt").write_text("started\n")


def end(folder: Path, record: str, status: str = "done") -> None:
    folder.mkdir(exist_ok=True)
    # As write_whole does: another file in its place.
    (folder / "new").write_text(json.dumps(json.loads(record) | {"status": status}))
    (folder / "new").replace(folder / "record.json")


def counts(grid: Grid) -> tuple[int, int, int, int]:
    seen = grid.look()
    return seen.total, seen.done, seen.failed, seen.running


def test_counts_come_from_the_files_of_whoever_does_the_runs(record: str) -> None:
    folders = [Path(name) for name in "abcd"]
    end(folders[0], record)
    end(folders[1], record, "failed")  # before: it will be done again
    begin(folders[2])  # by a process that was killed
    grid = Grid(folders, {folders[0]})
    assert counts(grid) == (4, 1, 0, 0)
    assert grid.look().seconds_left is None
    begin(folders[1])
    assert counts(grid) == (4, 1, 0, 1)
    end(folders[1], record, "failed")
    begin(folders[2])
    assert counts(grid) == (4, 1, 1, 1)
    assert grid.ended() == ["b"]
    left = grid.look().seconds_left
    assert left is not None
    assert left > 0
    begin(folders[1])  # again, by another process
    end(folders[2], record, "interrupted")
    assert counts(grid) == (4, 1, 0, 1)
    for folder in folders[1:]:
        end(folder, record)
    assert counts(grid) == (4, 4, 0, 0)
    assert grid.look().seconds_left is None


def test_runs_that_are_forced_do_not_count_before_they_are_done_again(record: str) -> None:
    end(Path("a"), record)
    grid = Grid([Path("a")])
    assert counts(grid) == (1, 0, 0, 0)
    end(Path("a"), record)
    assert counts(grid) == (1, 1, 0, 0)


def test_runs_of_dead_processes_do_not_run(record: str) -> None:
    grid = Grid([Path("a")])
    begin(Path("a"))
    assert counts(grid)[-1] == 1
    grid.forget_running()
    assert counts(grid)[-1] == 0


def test_a_record_is_read_only_when_it_changes(
    record: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = Grid([Path("a")])
    end(Path("a"), record, "failed")
    assert counts(grid) == (1, 0, 1, 0)
    monkeypatch.setattr(Path, "read_text", None)
    assert counts(grid) == (1, 0, 1, 0)


def test_figures_say_what_there_is() -> None:
    assert Counts(20, 6, 1, 2, 290.0).figures(True) == "2 running, 1 failed, about 5 min left"
    assert Counts(20, 6, 1, 2, 290.0).figures(False) == "1 failed, about 5 min left"
    assert Counts(20, 0, 0, 0, None).figures(True) == ""


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """A terminal of 80 columns: what was drawn on it, without colours and movements."""
    file = io.StringIO()

    def console(quiet: bool = False) -> Console:
        return Console(file=file, force_terminal=True, width=80, quiet=quiet)

    monkeypatch.setattr(display, "console", console)
    return lambda: re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", file.getvalue())


def test_the_grids_bar_stands_below_those_of_the_run(
    record: str, screen: Callable[[], str]
) -> None:
    folders = [Path(name) for name in "abc"]
    grid = Grid(folders)
    end(folders[0], record)
    end(folders[1], record, "failed")
    begin(folders[2])
    with Display(quiet=False, grid=grid) as shown:
        for _ in range(2):
            shown.begin_run()
            shown.begin("denoise", 400)
            for number in range(1, 401):
                shown.epoch(Epoch("denoise", number, 0.5, 0.4), 0.35, 0.985)
        end(folders[2], record)
    lines = [line.rstrip() for line in screen().splitlines()]
    assert all(len(line) <= 80 for line in lines)
    assert any(re.search(r"^grid .* 2/3 +1 running, 1 failed, about \d+ s left$", x) for x in lines)
    assert re.search(r"^denoise .*400/400 val 40.0%", lines[-2])
    assert re.search(r"^grid .* 3/3 +1 failed +0:00:\d\d$", lines[-1])
    assert "run 1" not in screen()


def test_without_a_terminal_each_end_elsewhere_is_a_line(
    record: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "_INTERVAL", 60.0)
    grid = Grid([Path(name) for name in "abc"])
    with Display(quiet=False, grid=grid):
        end(Path("a"), record)
        end(Path("b"), record, "failed")
    said = capsys.readouterr().out
    assert re.fullmatch(r"2 of 3 ended, 1 failed, about \d+ s left: a, b\n", said)
    with Display(quiet=True, grid=Grid([Path("c")])):
        end(Path("c"), record)
    assert capsys.readouterr().out == ""


def test_a_grid_says_before_each_run_how_far_it_has_come(glt: Glt) -> None:
    words = ["-m", *TINY, "method=dense", "trainer.lr=1e30,0.1,0.2"]
    assert glt("run", *TINY, "method=dense", "trainer.lr=0.1")[0] == 0
    out = glt("run", *words)[1]
    assert "3 runs, 1 finished already\nrun 1 of 3\n" in out
    assert re.search(r"^run 3 of 3, 1 failed, about \d+ s left$", out, re.MULTILINE)
    assert "ended" not in out
    assert glt("run", *words, "quiet=true", "force=true")[1].startswith("Comparison")


#: Ends its process, as a lack of memory would, where a run of seed 1 begins to write.
DEADLY = """
import os, signal, sys

def watch(event, arguments):
    if event == "open" and "seed1" in str(arguments[0]) and str(arguments[0]).endswith("log.txt"):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
"""


@pytest.mark.slow
def test_a_run_that_kills_its_process_costs_no_other(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(DEADLY)
    words = ["-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", *TINY]
    done = subprocess.run(
        [sys.executable, "-m", "glt_cli", "run", *words, "method=dense", "seed=1,0"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    first, *_, died, last = done.stderr.splitlines()
    assert "the launcher broke off (TerminatedWorkerError" in first
    assert re.search(r"dense-gcn-cora-seed1-\S+: its process died \(SIGKILL\)", died)
    assert "seed1" in last
    assert "left no record" in last
    (folder,) = Path("outputs").glob("dense-*-seed0-*")
    assert json.loads((folder / "record.json").read_text())["status"] == "done"


def test_what_a_run_raises_in_this_process_is_not_the_launchers(
    glt: Glt, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glt_cli.experiment import experiment

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(experiment, "_clear", full)
    with pytest.raises(OSError, match="No space left"):
        glt("run", "-m", *TINY, "method=dense", "seed=0,1")
    assert display.current is None
