"""Grids on Hydra's launchers, and as commands for any other queue."""

import importlib.util
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, TINY

Glt = Callable[..., tuple[int, str, str]]

#: Notes, where a process begins a run, how many threads it computes with.
PROBE = """
import os, sys

def watch(event, arguments):
    if event == "open" and str(arguments[0]).endswith("log.txt") and "torch" in sys.modules:
        name = os.path.join(os.path.dirname(__file__), f"threads-{os.getpid()}")
        threads = sys.modules["torch"].get_num_threads()
        os.close(os.open(f"{name}-{threads}", os.O_CREAT))

sys.addaudithook(watch)
"""


def start(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in a process that may use all threads."""
    inherited = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    return subprocess.run(
        [sys.executable, "-m", "glt_cli", "run", *words],
        env={**inherited, "PYTHONPATH": str(REPOSITORY), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local", "ray"])
def test_a_grid_on_another_launcher(launcher: str) -> None:
    words = ["-m", f"hydra/launcher={launcher}", *TINY, "method=random", "seed=0,1"]
    if launcher == "ray":
        if not importlib.util.find_spec("ray"):
            pytest.skip("needs Ray: pip install '.[ray]'")
        words += ["+hydra.launcher.ray.init.num_cpus=2"]
        words += ["+hydra.launcher.ray.init.include_dashboard=false"]
    done = start(*words, RAY_USAGE_STATS_ENABLED="0", RAY_AUTH_MODE="disabled")
    assert done.returncode == 0, done.stderr
    said, table = done.stdout.split("Comparison")
    first, *lines = said.splitlines()
    assert first == "2 runs, 0 finished already"
    # A line for each run that ends, or one for both, and nothing of the workers.
    assert lines[-1].startswith("2 of 2 ended: random-gcn-cora-seed")
    assert all(" of 2 ended" in line for line in lines)
    assert "random" in table
    folders = list(Path("outputs").glob("random-*"))
    assert len(folders) == 2
    for folder in folders:
        assert json.loads((folder / "record.json").read_text())["status"] == "done"


def test_joblibs_workers_have_no_more_threads_than_there_are_cores(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(PROBE)
    words = ["-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", *TINY]
    path = f"{tmp_path}{os.pathsep}{REPOSITORY}"
    done = start(*words, "method=dense", "seed=0,1", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    threads = {int(found.name.split("-")[-1]) for found in tmp_path.glob("threads-*")}
    assert threads
    assert 2 * max(threads) <= max(os.cpu_count() or 1, 2)


def test_a_launcher_that_cannot_begin_is_said_in_a_line() -> None:
    words = ["-m", "hydra/launcher=submitit_slurm", *TINY, "method=dense", "seed=0,1"]
    done = start(*words, PATH="")  # no sbatch, no srun
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("glt: the launcher can't start (RuntimeError: ")
    assert "srun" in line


def test_commands_for_other_queues_do_the_grid(glt: Glt) -> None:
    words = ["run", "-m", *TINY, "method=random,dense", "seed=0,1"]
    code, out, err = glt(*words, "--print")
    assert (code, err) == (0, "")
    assert list(Path().iterdir()) == []
    commands = [shlex.split(line) for line in out.splitlines()]
    assert len(commands) == 4
    assert all(command[:2] == ["glt", "run"] for command in commands)
    for command in commands[:2]:
        assert glt(*command[1:])[0] == 0
    # The dense runs were done as baselines.
    assert glt(*words, "--print")[1] == ""
