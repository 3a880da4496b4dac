"""Configuration files are data: nothing in them may run code or move folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from glt_cli.config.request import read
from glt_cli.errors import UserError

HEADER = "# @package _global_\n"

REFUSED = {
    "hydra.callbacks.x._target_": "hydra: {callbacks: {x: {_target_: os.getcwd}}}",
    "hydra.job_logging.handlers.h.class": "hydra: {job_logging: {handlers: {h: {class: x.Y}}}}",
    "hydra.hydra_logging.handlers.h.()": "hydra: {hydra_logging: {handlers: {h: {(): os.getcwd}}}}",
    "hydra.run.dir": "hydra: {run: {dir: elsewhere}}",
    "hydra.sweep.dir": "hydra: {sweep: {dir: elsewhere}}",
    "hydra.sweep.subdir": "hydra: {sweep: {subdir: elsewhere}}",
    "hydra.job.chdir": "hydra: {job: {chdir: true}}",
    "hydra.job.env_set.PYTHONPATH": "hydra: {job: {env_set: {PYTHONPATH: elsewhere}}}",
    "hydra.output_subdir": "hydra: {output_subdir: .hydra}",
    "hydra.launcher._target_": "hydra: {launcher: {_target_: os.getcwd}}",
    "hydra.sweeper._target_": "hydra: {sweeper: {_target_: os.getcwd}}",
    "hydra.verbose": "hydra: {verbose: true}",
}


def experiment(folder: Path, text: str, name: str = "mine") -> str:
    (folder / "experiment").mkdir(exist_ok=True)
    (folder / "experiment" / f"{name}.yaml").write_text(HEADER + text + "\n")
    return str(folder)


@pytest.mark.parametrize("key", REFUSED)
def test_a_file_sets_nothing_that_runs_code_or_moves_folders(key: str, tmp_path: Path) -> None:
    folder = experiment(tmp_path, REFUSED[key])
    with pytest.raises(UserError) as caught:
        read(["experiment=mine"], True, folder)
    message = str(caught.value)
    assert key in message
    assert "experiment/mine.yaml" in message
    assert "\n" not in message


def test_each_point_of_a_grid_is_checked(tmp_path: Path) -> None:
    folder = experiment(tmp_path, REFUSED["hydra.job.chdir"], "evil")
    experiment(tmp_path, "seed: 3", "good")
    with pytest.raises(UserError, match=r"evil\.yaml: hydra\.job\.chdir"):
        read(["experiment=good,evil"], True, folder)


def test_points_that_a_file_adds_are_checked(tmp_path: Path) -> None:
    folder = experiment(tmp_path, REFUSED["hydra.job.chdir"], "evil")
    experiment(
        tmp_path, "hydra: {mode: MULTIRUN, sweeper: {params: {dataset: 'cora,mine'}}}", "grid"
    )
    (tmp_path / "dataset").mkdir()
    evil = "# @package _global_\ndefaults: [/dataset/cora@dataset]\nhydra: {job: {chdir: true}}\n"
    (tmp_path / "dataset" / "mine.yaml").write_text(evil)
    with pytest.raises(UserError, match=r"mine\.yaml: hydra\.job\.chdir"):
        read(["experiment=grid"], False, folder)


def test_a_launcher_of_somebodys_own_is_none(tmp_path: Path) -> None:
    (tmp_path / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "hydra" / "launcher" / "evil.yaml").write_text("_target_: os.getcwd\n")
    with pytest.raises(UserError, match=r"launcher/evil\.yaml: hydra\.launcher\._target_"):
        read(["hydra/launcher=evil"], True, str(tmp_path))


def test_neither_does_the_command_line_name_code() -> None:
    with pytest.raises(UserError, match=r"the command line: hydra\.launcher\._target_"):
        read(["hydra.launcher._target_=os.getcwd"], True, None)


def test_a_file_runs_no_commands_of_a_launcher(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    text = (
        "defaults: [override /hydra/launcher: submitit_slurm]\n"
        "hydra: {launcher: {setup: ['touch PWNED']}}"
    )
    folder = experiment(tmp_path, text)
    with pytest.raises(UserError, match=r"hydra\.launcher\.setup"):
        read(["experiment=mine"], True, folder)
    typed = ["experiment=mine", "hydra.launcher.setup=[module]"]
    assert read(typed, True, folder).points


def test_a_file_may_be_a_grid_and_choose_an_installed_launcher(tmp_path: Path) -> None:
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    text = (
        "defaults: [override /hydra/launcher: joblib]\n"
        "hydra: {mode: MULTIRUN, launcher: {n_jobs: 2}, sweeper: {params: {seed: '0,1'}}}"
    )
    request = read(["experiment=mine"], False, experiment(tmp_path, text))
    assert [point.config.seed for point in request.points] == [0, 1]
