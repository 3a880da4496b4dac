"""The command as a process: what it imports, how fast it answers, how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, TINY

#: Runs the command line and reports, at its end, which heavy modules it loaded.
_SPY = """
import atexit, sys
heavy = ("torch", "torch_geometric", "pandas", "scipy", "numpy")
def report():
    sys.stderr.write("\\nHEAVY " + " ".join(h for h in heavy if h in sys.modules))
atexit.register(report)
from glt_cli.__main__ import main
main()
"""


def run(*words: str, code: str = _SPY) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *words]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)


def heavy(done: subprocess.CompletedProcess[str]) -> set[str]:
    return set(done.stderr.rsplit("HEAVY", 1)[1].split())


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--help"], 0, "glt verify"),
        ([], 0, "glt run method=fastglt dataset=cora"),
        (["--version"], 0, "glt 0"),
        (["run", "--help"], 0, "method: dense, fastglt, guided, imp, "),
        (["run", "--cfg", "job"], 0, "sparsity:"),
        (["run", "method=nothing"], 2, "must be one of"),
        (["run", "sparsity.graph=7"], 2, "sparsity.graph=7"),
        (["run", "-m", "seed=0,x"], 2, "seed=x"),
        (["search", "--help"], 0, "sparser"),
        (["search", "edges", "sparsity.graph=0.1"], 2, "the ladder sets it"),
        (["datasets", "--help"], 0, "prepare"),
        (["completion", "bash"], 0, "complete"),
        (["completion", "bash", "--line", "glt run method="], 0, "method=fastglt"),
        (["completion", "zsh", "--line", "glt search "], 0, "weights"),
        (["completion", "bash", "--line", "glt table --metric di"], 0, "difference"),
        (["completion", "bash", "--line", "glt table --cols t"], 0, "targets"),
    ],
)
def test_answers_without_loading_torch(words: list[str], code: int, text: str) -> None:
    done = run(*words)
    assert done.returncode == code, done.stderr
    assert text in done.stdout + done.stderr
    assert not {"torch", "torch_geometric", "pandas"} & heavy(done)


def test_datasets_are_listed_without_loading_torch() -> None:
    done = run("datasets")
    assert done.returncode == 0
    for word in ("cora", "citeseer", "pubmed", "2,708", "5,278", "1,433", "140/500/1000"):
        assert word in done.stdout
    assert "in the package" in done.stdout
    assert not {"torch", "torch_geometric"} & heavy(done)


def test_a_run_does_not_load_torch_geometric() -> None:
    # It costs seconds, and the embedded Cora does not need it.
    done = run("run", *TINY, "method=random")
    assert done.returncode == 0, done.stderr
    assert "torch_geometric" not in heavy(done)


def test_unknown_commands_name_the_known_ones() -> None:
    done = run("frobnicate")
    assert done.returncode == 2
    assert "'run', 'search', 'datasets', 'verify'" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupt_from_outside_ends_with_130() -> None:
    command = [sys.executable, "-m", "glt_cli", "run", "method=dense", "device=cpu"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    words = ["trainer.epochs=100000", "backbone.hidden=8"]

    def heed_interrupts() -> None:  # a shell that starts the tests in the background ignores them
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(
        [*command, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    ) as process:
        deadline = time.monotonic() + 60
        while not list(Path("outputs").glob("dense-*/log.txt")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b"Traceback" not in err
    (folder,) = Path("outputs").glob("dense-*")
    assert json.loads((folder / "record.json").read_text())["status"] == "interrupted"
    assert {p.name for p in folder.iterdir()} == {
        "config.yaml",
        "history.csv",
        "log.txt",
        "record.json",
    }


def test_a_mistyped_command_gets_a_suggestion(glt: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = glt("tabel")
    assert code == 2
    assert "did you mean table?" in err
    assert "did you mean" not in glt("qqqq")[2]
