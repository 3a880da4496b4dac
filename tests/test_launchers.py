"""Grids on Hydra's launchers, and as commands for any other queue."""

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


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_a_grid_on_another_launcher(launcher: str) -> None:
    words = ["-m", f"hydra/launcher={launcher}", *TINY, "method=random", "seed=0,1"]
    done = subprocess.run(
        [sys.executable, "-m", "glt_cli", "run", *words],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert "Joint table" in done.stdout
    folders = list(Path("outputs").glob("random-*"))
    assert len(folders) == 2
    for folder in folders:
        assert json.loads((folder / "record.json").read_text())["status"] == "done"


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
