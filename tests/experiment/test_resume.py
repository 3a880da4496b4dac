"""Grids that are killed, and grids that several processes do together."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from glt_cli.experiment import resume as memory
from glt_cli.experiment.checkpoint import Checkpoint, PhaseCheckpoint, RunCost
from glt_cli.experiment.history import HistoryRecorder
from glt_cli.experiment.locks import BusyError, locked
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.ticket import SavedTicket
from glt_cli.pruning import methods
from glt_cli.pruning.masks import clone
from glt_cli.training.loop import Epoch
from tests.conftest import REPOSITORY, TINY, TINY_FASTGLT
from tests.experiment.test_experiment import PROVENANCE

Glt = Callable[..., tuple[int, str, str]]

IMP = [*TINY, "method=imp", "method.epochs=60", "backbone.hidden=16"]
IMP += ["sparsity.graph=0.2", "sparsity.weight=0.5", "quiet=true"]


def contents(folder: Path) -> dict[str, object]:
    """All that a run leaves, but for what tells of time, memory and machine."""
    files: dict[str, object] = {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.name not in ("record.json", "log.txt", "config.yaml")
    }
    record = json.loads((folder / "record.json").read_text())
    files["record"] = {k: v for k, v in record.items() if k not in {*PROVENANCE, "find_seconds"}}
    return files


def start(*words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "glt_cli", "run", *words]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def folder_of(root: str, method: str) -> Path:
    (folder,) = Path(root).glob(f"{method}-*")
    return folder


def test_a_killed_search_goes_on_at_its_last_round_with_the_same_bytes(glt: Glt) -> None:
    assert glt("run", *IMP, "output_dir=whole")[0] == 0
    killed = start(*IMP, "output_dir=killed")
    deadline = time.monotonic() + 120
    while not list(Path("killed").glob("imp-*/checkpoint.safetensors")):
        assert killed.poll() is None, killed.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    folder = folder_of("killed", "imp")
    assert not (folder / "record.json").exists()
    rounds = len(Checkpoint.read(folder / "checkpoint.safetensors").stages)
    assert 1 <= rounds <= 4
    code, _, err = glt("run", *IMP, "output_dir=killed")
    assert (code, err) == (0, "")
    assert f"round {rounds}" in (folder / "log.txt").read_text()
    assert contents(folder) == contents(folder_of("whole", "imp"))
    assert not (folder / "checkpoint.safetensors").exists()


def test_an_interrupted_retraining_does_not_search_again(
    glt: Glt, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glt_cli.experiment import results

    assert glt("run", *TINY_FASTGLT, "output_dir=whole")[0] == 0
    with monkeypatch.context() as patch:
        honest = results.write_ticket

        def not_for_tickets(ticket: SavedTicket, folder: RunFolder) -> str:
            if not ticket.masks["edge"].all():
                _stop()
            return honest(ticket, folder)

        patch.setattr(results, "write_ticket", not_for_tickets)
        assert glt("run", *TINY_FASTGLT, "output_dir=cut")[0] == 1
    monkeypatch.setattr(methods, "find", lambda search, config: _found_only(search, config))
    code, _, err = glt("run", *TINY_FASTGLT, "output_dir=cut")
    assert (code, err) == (0, "")
    assert contents(folder_of("cut", "fastglt")) == contents(folder_of("whole", "fastglt"))


def _stop(*_: object) -> None:
    raise RuntimeError("stopped")


def _found_only(search: object, config: object) -> object:
    from glt_cli.pruning.methods import fastglt

    def forbidden(*_: object) -> None:
        raise AssertionError("searched again")

    original = fastglt._denoised
    fastglt._denoised = forbidden  # type: ignore[assignment]
    try:
        return fastglt.find(search, config)  # type: ignore[arg-type]
    finally:
        fastglt._denoised = original


@pytest.mark.parametrize(
    ("words", "epochs"),
    [
        (["method=fastglt", "method.pretrain_epochs=2", "method.epochs=7"], 13),
        (["method=fastglt", "method.epochs=8", "method.interval=3", "method.warmup_exchanges=1",
          "method.warmup_start=0.5", "sparsity=weights", "method.pretrain_epochs=0",
          "backbone=gat"], 12),
        (["experiment=agreement", "method.pretrain_epochs=0", "method.epochs=7"], 11),
        (["method=oneshot", "method.pretrain_epochs=3", "trainer.partitions=2"], 7),
        (["method=imp", "method.epochs=3", "sparsity.graph=0.08", "sparsity.weight=0.3",
          "method.retrain_each_round=true"], 18),  # with its dense baseline, trained otherwise
        (["method=teddy"], 4),
        (["method=guided", "method.rounds=2", "method.epochs=7", "method.distill=1",
          "method.edge_weight=2"], 18),
        (["method=oneshot", "method.pretrain_epochs=3", "method.edges=order"], 7),
        (["method=random", "backbone=resgcn", "backbone.layers=3"], 4),
        (["method=random", "retrain.control=reinit", "retrain.distill=1"], 4),
        (["method=dense"], 4),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)  # fmt: skip
def test_a_phase_goes_on_in_its_midst_with_the_same_bytes(
    glt: Glt, monkeypatch: pytest.MonkeyPatch, words: list[str], epochs: int
) -> None:
    words = [*TINY, *words, "quiet=true"]
    method = next((w[7:] for w in words if w.startswith("method=")), "fastglt")
    assert glt("run", *words, "output_dir=whole")[0] == 0
    if method != "dense":  # so that the first epoch of the other is the run's own
        assert glt("run", *TINY, *_needed(words), "method=dense", "output_dir=cut")[0] == 0
    if "retrain.control=reinit" in words:
        assert glt("run", *[w for w in words if w[:4] != "retr"], "output_dir=cut")[0] == 0

    attempts = _attempts(glt, monkeypatch, [*words, "output_dir=cut"], epochs)
    assert attempts == math.ceil(epochs / 2) - 1  # two epochs each time, none of them twice
    for folder in Path("whole").glob(f"{method}-*"):
        assert contents(Path("cut") / folder.name) == contents(folder)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("method", ["fastglt", "imp"])
def test_a_phase_goes_on_in_its_midst_on_cuda(
    glt: Glt, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    cpu = [word for word in TINY if not word.startswith("device")]
    words = [*cpu, f"method={method}", "method.epochs=7", "device=cuda"]
    words += ["sparsity.graph=0.08", "sparsity.weight=0.3"]
    assert _attempts(glt, monkeypatch, words, most=30) > 3
    record = json.loads((folder_of("outputs", method) / "record.json").read_text())
    assert record["status"] == "done"


def _attempts(glt: Glt, monkeypatch: pytest.MonkeyPatch, words: list[str], most: int) -> int:
    """Stop a run at the third epoch of each attempt until it ends; how often that was."""
    told = HistoryRecorder.epoch
    trained = attempts = 0

    def stop_at_the_third(self: HistoryRecorder, epoch: Epoch, graph: float, weight: float) -> None:
        nonlocal trained
        trained += 1
        if trained == 3:
            raise RuntimeError("stopped")
        told(self, epoch, graph, weight)

    monkeypatch.setattr(memory, "INTERVAL", 0.0)
    monkeypatch.setattr(HistoryRecorder, "epoch", stop_at_the_third)
    while glt("run", *words)[0] == 1:
        attempts, trained = attempts + 1, 0
        assert attempts <= most
    return attempts


def _needed(words: list[str]) -> list[str]:
    return [word for word in words if word.startswith(("backbone", "trainer"))]


def test_force_forgets_how_far_a_run_had_come(glt: Glt) -> None:
    glt("run", *TINY_FASTGLT)
    folder = folder_of("outputs", "fastglt")
    cost = RunCost(find_epochs=99)
    Checkpoint(folder / "checkpoint.safetensors", {"denoise": {}}, cost=cost).write()
    glt("run", *TINY_FASTGLT, "force=true")
    assert json.loads((folder / "record.json").read_text())["find_epochs"] == 9


def test_two_processes_share_a_grid(glt: Glt) -> None:
    words = ["-m", *TINY, "method=random", "seed=0,1,2,3", "trainer.epochs=80", "quiet=true"]
    processes = [start(*words) for _ in range(2)]
    ends = [process.communicate(timeout=180) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], ends
    folders = sorted(Path("outputs").glob("random-*"))
    assert len(folders) == 4
    for folder in folders:
        assert json.loads((folder / "record.json").read_text())["status"] == "done"
        assert (folder / "log.txt").read_text().count("started") == 1  # done once
    shared = {folder.name: contents(folder) for folder in folders}
    assert glt("run", *words, "output_dir=alone")[0] == 0
    assert {folder.name: contents(folder) for folder in Path("alone").glob("random-*")} == shared


def test_a_lock_is_held_by_one_and_freed_by_its_end(tmp_path: Path) -> None:
    path = tmp_path / "locks" / "run.lock"
    waited: list[bool] = []
    with (
        locked(path, wait=False, on_wait=lambda: waited.append(True)),
        pytest.raises(BusyError, match="run"),
        locked(path, wait=False, on_wait=lambda: waited.append(True)),
    ):
        pass
    with locked(path, wait=True, on_wait=lambda: waited.append(True)):
        pass
    assert waited == []


def test_a_checkpoint_reads_back_and_a_broken_one_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    assert Checkpoint.read(path).stages == {}
    rows: list[dict[str, object]] = [{"phase": "round 1", "val": 0.1 + 0.2}]
    masks = {"edge": torch.tensor([True, False]), "w.weight": torch.eye(2, dtype=torch.bool)}
    cost = RunCost(7, {"find": 1.5}, costs_teacher=True)
    mark = PhaseCheckpoint(3, {"trained.0.value": torch.tensor([0.1]), "count": torch.tensor(2)})
    Checkpoint(path, {"round 1": masks}, {"retrain": mark}, rows, cost).write(
        later=PhaseCheckpoint(3, clone(mark.tensors))
    )
    again = Checkpoint.read(path)
    assert (again.history, again.cost) == (rows, cost)
    assert list(again.stages) == ["round 1"]
    assert all(torch.equal(again.stages["round 1"][name], masks[name]) for name in masks)
    assert list(again.phases) == ["retrain", "later"]
    for read in again.phases.values():
        assert read.epochs == 3
        assert all(torch.equal(read.tensors[name], mark.tensors[name]) for name in mark.tensors)
    whole = path.read_bytes()
    for broken in (whole[:20], whole[:-1], b"", b"\x00" * 64):
        path.write_bytes(broken)
        assert Checkpoint.read(path).stages == {}
