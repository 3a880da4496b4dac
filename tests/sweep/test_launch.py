"""Launchers that break off: what is done then, by what they have brought."""

import json
import os
import signal
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path

import pytest

from glt_cli.config.plugins import load_plugins
from glt_cli.config.request import read
from glt_cli.errors import UserError
from glt_cli.experiment.record import Record
from glt_cli.sweep.display import Display
from glt_cli.sweep.launch import NextStep, launch, run_isolated
from glt_cli.sweep.progress import Grid
from tests.conftest import TINY
from tests.sweep import test_progress

Glt = Callable[..., tuple[int, str, str]]
RECORD = Record("random", "gcn", "cora", "nodes", "accuracy", 0, "0", 0.1, 0.1)
FOLDERS = [Path(name) for name in "abc"]


def end(folder: Path, status: str = "done") -> None:
    test_progress.end(folder, json.dumps(asdict(RECORD)), status)


def ended(folder: Path, when: str) -> None:
    path = folder / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"finished": when}))


def broken(*attempts: Callable[[], None], error: type[Exception]) -> Callable[[], None]:
    """A launcher that breaks off at the end of each attempt but the last."""
    left = list(attempts)

    def hand_over() -> None:
        left.pop(0)()
        if left:
            raise error("gone")

    return hand_over


def launched(hand_over: Callable[[], None], is_forced: bool = False) -> NextStep:
    grid = Grid(FOLDERS)
    with Display(quiet=True) as display:
        return launch(hand_over, grid, display, is_forced)


def test_it_begins_anew_as_long_as_runs_get_done_though_failed_ones_begin_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def one() -> None:
        end(FOLDERS[0], "failed")
        end(FOLDERS[1])

    def two() -> None:
        (FOLDERS[0] / "record.json").unlink()  # as a run leaves it that begins again
        end(FOLDERS[2])

    assert launched(broken(one, two, lambda: None, error=RuntimeError)) is NextStep.NOTHING
    assert capsys.readouterr().err.count("launching what is missing again") == 2


@pytest.mark.parametrize(
    ("error", "then"), [(BrokenProcessPool, NextStep.ISOLATE), (RuntimeError, NextStep.LATER)]
)
def test_what_brings_nothing_more_is_not_begun_again(
    error: type[Exception], then: NextStep, capsys: pytest.CaptureFixture[str]
) -> None:
    attempts = [lambda: end(FOLDERS[0]), lambda: None, lambda: None]
    assert launched(broken(*attempts, error=error)) is then
    assert capsys.readouterr().err.count("broke off") == 2


@pytest.mark.parametrize(
    ("error", "then"), [(BrokenProcessPool, NextStep.ISOLATE), (RuntimeError, NextStep.LATER)]
)
def test_forced_runs_are_not_done_again_and_again(error: type[Exception], then: NextStep) -> None:
    attempts = [lambda: end(FOLDERS[0]), lambda: end(FOLDERS[1]), lambda: None]
    assert launched(broken(*attempts, error=error), is_forced=True) is then


def test_a_launcher_that_brings_nothing_cannot_begin() -> None:
    with pytest.raises(UserError, match="can't start"):
        launched(broken(lambda: None, lambda: None, error=RuntimeError))


@pytest.mark.parametrize("error", [BrokenProcessPool, RuntimeError])
def test_old_results_do_not_pass_for_forced_ones(
    glt: Glt, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["run", "-m", *TINY, "method=dense", "seed=0,1"]
    assert glt(*words)[0] == 0
    [first] = Path("outputs").glob("*seed0*")
    [second] = Path("outputs").glob("*seed1*")
    ended(second, before := "2000-01-01T00:00:00+00:00")
    apart: list[str] = []
    monkeypatch.setattr("glt_cli.sweep.launch.run_isolated", lambda _, name: apart.append(name))

    def break_off(*_: object) -> None:
        ended(first, "9999-01-01T00:00:00+00:00")
        raise error("gone")

    monkeypatch.setattr("glt_cli.sweep.launch.launch_points", break_off)
    code, _, err = glt(*words, "force=true")
    assert json.loads((second / "record.json").read_text())["finished"] == before
    if error is BrokenProcessPool:
        assert apart == [second.name]
    else:
        assert code == 2
        assert f"not run again, although force=true: {second.name}" in err


def test_a_run_in_a_process_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    (point,) = read([*TINY, "method=random"], False, None).points
    run_isolated(point.config, "the run")
    assert capfd.readouterr() == ("", "")
    [folder] = Path("outputs").glob("random-*")
    assert json.loads((folder / "record.json").read_text())["status"] == "done"


def test_a_process_of_its_own_that_dies_is_reported(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (point,) = read([*TINY, "method=random"], False, None).points
    monkeypatch.setattr("glt_cli.sweep.launch._run", _die)
    run_isolated(point.config, "the run")
    assert capfd.readouterr().err == "glt: the run: its process died (SIGKILL)\n"


def _die(settings: object, name: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


KILLER = """
import os
import signal
from dataclasses import dataclass

import torch

import glt_cli

@dataclass
class KillerConfig(glt_cli.MethodConfig): ...

@glt_cli.register_method("killer", KillerConfig)
def find(context, config):
    if context.seed == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    generator = context.generator("killer")
    scores = {n: torch.rand(t.shape, generator=generator) for n, t in context.tensors().items()}
    return glt_cli.SearchResult(
        glt_cli.masks_of_largest(scores, context.targets, "uniform", generator)
    )
"""


@pytest.mark.usefixtures("unplugged")
def test_its_own_process_knows_the_plug_ins(capfd: pytest.CaptureFixture[str]) -> None:
    path = Path("killer.py")
    path.write_text(KILLER, encoding="utf-8")
    load_plugins(["killer.py"])
    words = [*TINY, "method=killer", "seed=0,1"]
    for point in read(words, True, None).points:
        run_isolated(point.config, f"seed {point.config.seed}")
    assert capfd.readouterr().err == "glt: seed 0: its process died (SIGKILL)\n"
    [folder] = Path("outputs").glob("killer-*seed1*")
    assert json.loads((folder / "record.json").read_text())["status"] == "done"
    path.unlink()
    run_isolated(point.config, "seed 1")
    assert capfd.readouterr().err == (
        f"glt: seed 1: plug-in {path.absolute()}: there is no such file\n"
    )
