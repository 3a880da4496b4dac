"""A run and its folder: found finished or done now, on its dense baseline; results are written."""

from __future__ import annotations

import traceback
from copy import deepcopy
from dataclasses import asdict, dataclass

import torch
from omegaconf import OmegaConf

from glt_cli import data
from glt_cli.config import Config, RetrainConfig, SparsityConfig
from glt_cli.config.methods import DenseConfig
from glt_cli.config.variants import name_of
from glt_cli.experiment import fingerprint, results
from glt_cli.experiment.checkpoint import Checkpoint
from glt_cli.experiment.device import resolve
from glt_cli.experiment.history import HistoryRecorder
from glt_cli.experiment.identity import Identity, identify
from glt_cli.experiment.locks import locked
from glt_cli.experiment.log import Log
from glt_cli.experiment.observer import RunObserver
from glt_cli.experiment.paths import RunFolder, write_whole
from glt_cli.experiment.pipeline import FoundMasks, RunResult, find_and_retrain, is_plain
from glt_cli.experiment.provenance import Provenance
from glt_cli.experiment.record import Record, finished, run_folder
from glt_cli.experiment.teacher import DenseModel
from glt_cli.experiment.ticket import read_ticket
from glt_cli.pruning.context import SearchResult
from glt_cli.training.tasks import make_task


class NeededRunFailedError(Exception):
    """A run that this one builds on, such as its dense baseline, could not be done."""


@dataclass(frozen=True)
class RunOutcome:
    """A run's record and folder, and whether it had been finished before."""

    record: Record
    folder: RunFolder
    found_finished: bool


def run(config: Config, observer: RunObserver, wait: bool = True) -> RunOutcome:
    """Run one configuration, unless its finished run is found.

    Whatever goes wrong is written to the record, which then has status `failed`.

    Args:
        config: What to run.
        observer: Told of the progress.
        wait: Whether to wait where another process is doing this very run.

    Raises:
        BusyError: Another process is doing it, and `wait` is false.
        KeyboardInterrupt: After writing a record with status `interrupted`.
    """
    device = resolve(config.device)
    identity = identify(config, device.type)
    folder = run_folder(config.output_dir, identity.folder)
    if not config.force and (done := finished(folder)):
        return RunOutcome(done, folder, found_finished=True)
    name = folder.path.name
    with locked(folder.lock, wait, lambda: observer.say(f"waiting for {name}, done elsewhere")):
        if not config.force and (done := finished(folder)):
            return RunOutcome(done, folder, found_finished=True)
        record = _run(config, device, identity, folder, observer)
    return RunOutcome(record, folder, found_finished=False)


def _run(
    config: Config,
    device: torch.device,
    identity: Identity,
    folder: RunFolder,
    observer: RunObserver,
) -> Record:
    measured = Provenance(device)
    _clear(folder, config)
    recorder = HistoryRecorder(observer, Log(folder.log, measured.started))
    record = results.unfinished_record(config, identity, measured, "failed", None)
    try:
        recorder.note(headline(config))
        record = _do(config, device, identity, folder, recorder, measured)
    except (KeyboardInterrupt, SystemExit):  # a cluster's worker is ended by the latter
        record = results.unfinished_record(config, identity, measured, "interrupted", "interrupted")
        raise
    except Exception as error:
        reason = f"{error}" or type(error).__name__
        record = results.unfinished_record(config, identity, measured, "failed", reason)
        recorder.log.write(traceback.format_exc())
    finally:
        write_whole(folder.history, recorder.history())
        recorder.log.write(f"{record.status}{f': {record.error}' if record.error else ''}")
        record.write(folder)
    if record.status == "done":  # until its record is there, a run may have to be resumed
        Checkpoint(folder.checkpoint).forget()
    return record


def headline(config: Config) -> str:
    """Say what runs, and which presets took part."""
    names = [name for name in (config.preset.cell, config.preset.method) if name]
    presets = f"presets {' and '.join(names)}" if names else "no preset for this cell"
    targets = f"edges -{config.sparsity.graph:.1%}, weights -{config.sparsity.weight:.1%}"
    return (
        f"{name_of(config)} on {config.backbone_name}, {config.dataset_name}, seed {config.seed}: "
        f"{targets if config.method.prunes else 'all kept'} ({presets})"
    )


def _clear(folder: RunFolder, config: Config) -> None:
    """Make the folder, without the results of an earlier attempt, and say what will run."""
    folder.path.mkdir(parents=True, exist_ok=True)
    for path in folder.results():
        path.unlink(missing_ok=True)
    if config.force:
        Checkpoint(folder.checkpoint).forget()
    write_whole(folder.config, OmegaConf.to_yaml(asdict(config)))


def _do(
    config: Config,
    device: torch.device,
    identity: Identity,
    folder: RunFolder,
    recorder: HistoryRecorder,
    measured: Provenance,
) -> Record:
    """Do the runs that this one needs, read the data, find and retrain, and write the results."""
    dense = _dense_model(config, recorder) if config.method.prunes else None
    earlier = None if is_plain(config) else _found_before(config, device, recorder)

    raw = data.load(config.dataset, config.data_root)
    task = make_task(raw, config.dataset, device)
    for line in (*raw.report, *task.cleaned):
        recorder.note(line, once=True)
    result: RunResult = find_and_retrain(
        config, task, dense, earlier, recorder, Checkpoint.read(folder.checkpoint)
    )

    checksum = data.checksum(config.dataset, config.data_root)
    ticket = results.ticket_of(config, task, result, checksum, raw.preparation)
    sha256 = results.write_ticket(ticket, folder)
    results.write_rounds(result.rounds, folder)
    record = results.finished_record(config, identity, measured, task, result, sha256)
    results.write_tables(folder, record, config, result)
    return record


def _dense_model(config: Config, recorder: HistoryRecorder) -> DenseModel:
    """The dense baseline: a run of its own, shared by all methods."""
    outcome = _other_run(dense_config(config), "dense baseline", recorder)
    record, folder = outcome.record, outcome.folder
    assert record.ticket_val is not None
    assert record.ticket_test is not None
    return DenseModel(
        val=record.ticket_val,
        test=record.ticket_test,
        second_test=record.ticket_second_test,
        seconds=record.retrain_seconds or 0.0,
        reused=outcome.found_finished,
        model=lambda: read_ticket(folder).model(),
    )


def _found_before(config: Config, device: torch.device, recorder: HistoryRecorder) -> FoundMasks:
    """The masks that the same settings find for an ordinary retraining: a run of its own."""
    plain = deepcopy(config)
    plain.retrain = RetrainConfig()
    plain.force = False
    base = _other_run(plain, "search", recorder)
    masks = {name: mask.to(device) for name, mask in read_ticket(base.folder).masks.items()}
    record = base.record
    return FoundMasks(
        SearchResult(masks), record.find_seconds or 0.0, record.find_epochs or 0, record.distill
    )


def dense_config(config: Config) -> Config:
    """The configuration of the dense baseline that a run is compared with."""
    dense = deepcopy(config)
    dense.method = DenseConfig(name="dense")
    dense.names.method = None
    dense.sparsity = SparsityConfig(graph=0.0, weight=0.0)
    dense.retrain = RetrainConfig()
    dense.preset.method = None
    dense.force = False
    return dense


def _other_run(config: Config, what: str, recorder: HistoryRecorder) -> RunOutcome:
    """An ordinary run that this one needs: found finished, or done now."""
    outcome = run(config, recorder.shown)
    record = outcome.record
    if record.status != "done":
        raise NeededRunFailedError(f"the {what} failed: {record.error}")
    word = "reused" if outcome.found_finished else "done"
    recorder.log.write(f"{what} {word}: {outcome.folder.path.name}")
    if outcome.found_finished:
        recorder.shown.say(f"{what} reused, test {record.ticket_test:.1%}")
        for line in fingerprint.remarks([record]):
            recorder.shown.say(line)
    return outcome
