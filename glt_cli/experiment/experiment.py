"""One run, told top to bottom: dense, find, rewind, retrain, measure."""

from __future__ import annotations

import traceback
from copy import deepcopy
from dataclasses import asdict, dataclass

import torch
from omegaconf import OmegaConf

from glt_cli import data
from glt_cli.config import Config, RetrainConfig, SparsityConfig
from glt_cli.config.methods import DenseConfig
from glt_cli.config.variants import name_of, variant
from glt_cli.data.catalog import entry
from glt_cli.experiment import fingerprint, provenance, results
from glt_cli.experiment.checkpoint import Checkpoint
from glt_cli.experiment.device import resolve
from glt_cli.experiment.history import HistoryRecorder
from glt_cli.experiment.identity import Identity, identify
from glt_cli.experiment.locks import locked
from glt_cli.experiment.log import Log
from glt_cli.experiment.paths import RunFolder, write_whole
from glt_cli.experiment.record import Record, finished, run_folder
from glt_cli.experiment.resume import RunCheckpointer
from glt_cli.experiment.teacher import Teacher
from glt_cli.experiment.ticket import read_ticket
from glt_cli.models import build
from glt_cli.pruning import methods
from glt_cli.pruning.context import PruningContext, SearchResult
from glt_cli.pruning.controls import shuffled
from glt_cli.pruning.masks import Targets, kept_counts, sparsities
from glt_cli.pruning.retrain import Constraint, FixedMasks, Trained, retrain
from glt_cli.sweep.display import Display
from glt_cli.training.loop import Distillation, seed_stage, snapshot
from glt_cli.training.tasks import make_task, metric_of


class NeededRunFailedError(Exception):
    """A run that this one builds on, such as its dense baseline, could not be done."""


@dataclass(frozen=True)
class RunOutcome:
    """What became of a run: its record and folder, and whether it had been finished before."""

    record: Record
    folder: RunFolder
    found_finished: bool


def run(config: Config, display: Display, wait: bool = True) -> RunOutcome:
    """Run one configuration, unless its finished run is found.

    Whatever goes wrong is written to the record, which then has status `failed`.

    Args:
        config: What to run.
        display: Shows the progress.
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
    with locked(folder.lock, wait, lambda: display.say(f"waiting for {name}, done elsewhere")):
        if not config.force and (done := finished(folder)):
            return RunOutcome(done, folder, found_finished=True)
        return _run(config, device, identity, folder, display)


def _run(
    config: Config, device: torch.device, identity: Identity, folder: RunFolder, display: Display
) -> RunOutcome:
    record = _blank(config, device, identity.config_hash)
    _clear(folder, config)
    recorder = HistoryRecorder(display, Log(folder.log, record.started))
    try:
        recorder.note(headline(config))
        provenance.reset_peak_memory(device)
        _fill(record, config, device, folder, recorder)
        record.peak_memory_mb = round(provenance.peak_memory_mb(device), 1)
        record.status = "done"
    except (KeyboardInterrupt, SystemExit):  # a cluster's worker is ended by the latter
        record.status, record.error = "interrupted", "interrupted"
        raise
    except Exception as error:
        record.status, record.error = "failed", f"{error}" or type(error).__name__
        recorder.log.write(traceback.format_exc())
    finally:
        write_whole(folder.history, recorder.history())
        record.finished = provenance.now()
        recorder.log.write(f"{record.status}{f': {record.error}' if record.error else ''}")
        record.write(folder)
    if record.status == "done":  # until its record is there, a run may have to be gone on with
        Checkpoint(folder.checkpoint).forget()
    return RunOutcome(record, folder, found_finished=False)


def headline(config: Config) -> str:
    """Say what runs, and which presets took part."""
    names = [name for name in (config.preset.cell, config.preset.method) if name]
    presets = f"presets {' and '.join(names)}" if names else "no preset for this cell"
    targets = f"edges -{config.sparsity.graph:.1%}, weights -{config.sparsity.weight:.1%}"
    return (
        f"{name_of(config)} on {config.backbone.name}, {config.dataset.shown}, seed {config.seed}: "
        f"{targets if config.method.prunes else 'all kept'} ({presets})"
    )


def _blank(config: Config, device: torch.device, config_hash: str) -> Record:
    return Record(
        method=config.method.name,
        backbone=config.backbone.name,
        dataset=config.dataset.shown,
        task=entry(config.dataset.name).task,
        metric=metric_of(config.dataset),
        seed=config.seed,
        config_hash=config_hash,
        graph_sparsity_target=config.sparsity.graph,
        weight_sparsity_target=config.sparsity.weight,
        variant=variant(config),
        control=config.retrain.control,
        distill=config.retrain.distill,
        device=provenance.device_name(device),
        versions=provenance.versions(),
        commit=provenance.commit(),
        code=fingerprint.other_code(),
        started=provenance.now(),
    )


def _clear(folder: RunFolder, config: Config) -> None:
    """Make the folder, without the results of an earlier attempt, and say what will run."""
    folder.path.mkdir(parents=True, exist_ok=True)
    for path in folder.results():
        path.unlink(missing_ok=True)
    if config.force:
        Checkpoint(folder.checkpoint).forget()
    write_whole(folder.config, OmegaConf.to_yaml(asdict(config)))


def _fill(
    record: Record,
    config: Config,
    device: torch.device,
    folder: RunFolder,
    recorder: HistoryRecorder,
) -> None:
    """Do the run; the record takes what it comes to."""
    dense = None
    if config.method.prunes:
        dense = _other_run(dense_config(config), "dense baseline", recorder)

    raw = data.load(config.dataset, config.data_root)
    task = make_task(raw, config.dataset, device)
    for line in (*raw.report, *task.cleaned):
        recorder.note(line, once=True)
    seed_stage(config.seed, "reinit" if config.retrain.control == "reinit" else "init")
    model = build(config.backbone, task.num_features, task.num_outputs, task.embedded_nodes)
    model = model.to(device)
    targets = Targets(config.sparsity.graph, config.sparsity.weight)
    teacher = Teacher(dense, task)
    context = PruningContext(
        task,
        model,
        snapshot(model),
        targets,
        config.trainer,
        config.seed,
        recorder,
        teacher.for_search,
    )

    # Find.
    memory = RunCheckpointer(Checkpoint.read(folder.checkpoint), recorder, teacher)
    context.memory = memory
    if config.retrain == RetrainConfig():
        found = _find(context, memory, teacher, config, record)
    else:
        found = _found_before(context, config, recorder, record)

    # Rewind and retrain.
    record.distill = config.retrain.distill or found.distill
    distillation = Distillation(teacher.outputs, record.distill) if record.distill else None
    constraint = found.constraint or FixedMasks(found.masks)
    phase = "retrain" if config.method.prunes else "dense"
    with memory.timed(phase):
        trained = _retrain(context, constraint, recorder, phase, distillation)
    record.retrain_seconds = memory.account.seconds[phase]

    # Measure, and leave it.
    results.compare(record, dense.record if dense else None, trained)
    macs = results.count(record, context, trained.masks)
    record.ticket_sha256 = results.leave_ticket(folder, config, context, trained, raw.preparation)
    if found.rounds:
        scored = [
            (
                pruned_round,
                _retrain(context, FixedMasks(pruned_round.masks), recorder, pruned_round.phase),
            )
            for pruned_round in (found.rounds if found.retrain_rounds else [])
        ]
        results.leave_rounds(folder, found.rounds, scored)
    results.leave_tables(folder, record, config, trained.masks, macs)


def _find(
    context: PruningContext,
    memory: RunCheckpointer,
    teacher: Teacher,
    config: Config,
    record: Record,
) -> SearchResult:
    """Let the method look for masks, and note what that cost."""
    with memory.timed("find"):
        found = methods.find(context, config.method)
    record.find_seconds = memory.account.seconds["find"]
    record.find_epochs = memory.account.find_epochs
    if teacher.was_used:
        record.find_seconds += teacher.seconds
        record.find_epochs += config.trainer.epochs
    return found


def _found_before(
    context: PruningContext, config: Config, recorder: HistoryRecorder, record: Record
) -> SearchResult:
    """Take the masks that the same settings find for an ordinary retraining."""
    plain = deepcopy(config)
    plain.retrain = RetrainConfig()
    plain.force = False
    base = _other_run(plain, "search", recorder)
    record.find_seconds, record.find_epochs = base.record.find_seconds, base.record.find_epochs
    record.search_distill = base.record.distill
    device = context.task.graph.edge_index.device
    masks = {name: mask.to(device) for name, mask in read_ticket(base.folder).masks.items()}
    if config.retrain.control == "shuffle":
        masks = shuffled(masks, context.generator("shuffle"))
    return SearchResult(masks)


def dense_config(config: Config) -> Config:
    """The configuration of the dense baseline that a run is compared with."""
    dense = deepcopy(config)
    dense.method = DenseConfig(name="dense")
    dense.sparsity = SparsityConfig(graph=0.0, weight=0.0)
    dense.retrain = RetrainConfig()
    dense.preset.method = None
    dense.force = False
    return dense


def _other_run(config: Config, what: str, recorder: HistoryRecorder) -> RunOutcome:
    """An ordinary run that this one needs: found finished, or done now."""
    outcome = run(config, recorder.display)
    record = outcome.record
    if record.status != "done":
        raise NeededRunFailedError(f"the {what} failed: {record.error}")
    record.dense_reused = outcome.found_finished
    word = "reused" if outcome.found_finished else "done"
    recorder.log.write(f"{what} {word}: {outcome.folder.path.name}")
    if outcome.found_finished:
        recorder.display.say(f"{what} reused, test {record.ticket_test:.1%}")
    return outcome


def _retrain(
    context: PruningContext,
    constraint: Constraint,
    recorder: HistoryRecorder,
    phase: str,
    distillation: Distillation | None = None,
) -> Trained:
    recorder.begin(phase, context.trainer.epochs)
    graph, weight = sparsities(constraint.masks, kept_counts(constraint.masks))
    return retrain(
        context.task,
        context.model,
        context.init,
        constraint,
        context.trainer,
        context.seed,
        observe=lambda epoch: recorder.epoch(epoch, graph, weight),
        phase=phase,
        distillation=distillation,
        checkpointer=context.memory,
    )
