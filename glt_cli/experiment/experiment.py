"""Do a run in its folder, unless it is finished: dense baseline, data, pipeline, results."""

from __future__ import annotations

import traceback
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from omegaconf import OmegaConf

from glt_cli import data
from glt_cli.config import Config, RetrainConfig, SparsityConfig
from glt_cli.config.methods import DenseConfig
from glt_cli.config.variants import name_of
from glt_cli.errors import ExplainedError, UserError
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
from glt_cli.terminal import without_secrets
from glt_cli.training.tasks import make_task


class NeededRunFailedError(ExplainedError):
    """A run that this one depends on, such as its dense baseline, failed."""


@dataclass(frozen=True)
class RunOutcome:
    """A run's record and folder, and whether it was already finished."""

    record: Record
    folder: RunFolder
    found_finished: bool


def run(config: Config, observer: RunObserver, wait: bool = True) -> RunOutcome:
    """Run one configuration, unless it is already finished.

    Errors are written to the record, which then has the status `failed`.

    Args:
        config: The configuration.
        observer: Receives the progress.
        wait: Whether to wait if another process is doing the same run.

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
    with locked(
        folder.lock,
        wait,
        lambda: observer.say(f"waiting for {name}, done by another process"),
    ):
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
    except (KeyboardInterrupt, SystemExit, BrokenPipeError):  # the latter ends a cluster's worker
        record = results.unfinished_record(config, identity, measured, "interrupted", "interrupted")
        raise
    except Exception as error:
        reason = without_secrets(_reason(error))
        record = results.unfinished_record(config, identity, measured, "failed", reason)
        recorder.log.write(traceback.format_exc())
    finally:
        write_whole(folder.history, recorder.history())
        recorder.log.write(f"{record.status}{f': {record.error}' if record.error else ''}")
        record.write(folder)
    if record.status == "done":  # only after writing the record
        Checkpoint(folder.checkpoint).forget()
    return record


def _reason(error: Exception) -> str:
    """Say why a run failed; errors of ours explain themselves."""
    if isinstance(error, UserError | ExplainedError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def headline(config: Config) -> str:
    """Describe a run in one line, with the presets that were applied."""
    preset = config.preset
    names = [name for name in (preset.cell, preset.method, preset.trainer) if name]
    presets = f"presets {' and '.join(names)}" if names else "no preset"
    shares = {"edges": config.sparsity.graph, "weights": config.sparsity.weight}
    targets = ", ".join(f"{name} -{share:.1%}" for name, share in shares.items() if share)
    return (
        f"{name_of(config)} on {config.backbone_name}, {config.dataset_name}, seed {config.seed}: "
        f"{targets or 'all kept'} ({presets})"
    )


def _clear(folder: RunFolder, config: Config) -> None:
    """Create the folder, remove results of earlier attempts, and write the configuration."""
    folder.path.mkdir(parents=True, exist_ok=True)
    for path in (*folder.results(), *folder.leftovers()):
        path.unlink(missing_ok=True)
    if config.force:
        Checkpoint(folder.checkpoint).forget()
    write_whole(folder.config, OmegaConf.to_yaml(config.stored()))


def _do(
    config: Config,
    device: torch.device,
    identity: Identity,
    folder: RunFolder,
    recorder: HistoryRecorder,
    measured: Provenance,
) -> Record:
    """Do the runs that this one depends on, read the data, find and retrain, write the results."""
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
    """The dense baseline: a separate run, shared by all methods."""
    outcome = _other_run(dense_config(config), "dense baseline", recorder)
    record, folder = outcome.record, outcome.folder
    assert record.ticket_val is not None
    assert record.ticket_test is not None
    return DenseModel(
        val=record.ticket_val,
        test=record.ticket_test,
        second_test=record.ticket_second_test,
        late_val=record.ticket_late_val,
        seconds=record.retrain_seconds or 0.0,
        reused=outcome.found_finished,
        model=lambda: read_ticket(folder).model(),
    )


def _found_before(config: Config, device: torch.device, recorder: HistoryRecorder) -> FoundMasks:
    """The masks that the same settings find with ordinary retraining, from a separate run."""
    base = _other_run(plain_config(config), "search", recorder)
    ticket, record = read_ticket(base.folder), base.record
    masks = {name: mask.to(device) for name, mask in ticket.masks.items()}
    result = SearchResult(masks, edge_weight=ticket.kept_edge_weight)
    return FoundMasks(
        result,
        record.find_seconds or 0.0,
        record.find_epochs or 0,
        record.distill or record.search_distill,
    )


def dense_config(config: Config) -> Config:
    """The configuration of a run's dense baseline."""
    dense = deepcopy(config)
    dense.method = DenseConfig(name="dense")
    dense.names.method = None
    dense.sparsity = SparsityConfig(graph=0.0, weight=0.0)
    dense.retrain = RetrainConfig()
    dense.preset.method = dense.preset.trainer = None
    dense.force = False
    return dense


def plain_config(config: Config) -> Config:
    """The configuration of the run that finds a control's masks, or a distilled ticket's."""
    plain = deepcopy(config)
    plain.retrain = replace(config.retrain, control="none", distill=0.0)
    plain.force = False
    return plain


def _other_run(config: Config, what: str, recorder: HistoryRecorder) -> RunOutcome:
    """An ordinary run that this one depends on: already finished, or done now."""
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
