"""One run, told top to bottom: dense, find, rewind, retrain, measure."""

from __future__ import annotations

import time
import traceback
from copy import deepcopy
from dataclasses import asdict, dataclass

import torch
from omegaconf import OmegaConf

from glt_cli import data, methods, provenance
from glt_cli.backbones import build
from glt_cli.config import Config, DenseConfig, SparsityConfig
from glt_cli.data.catalog import entry
from glt_cli.device import resolve
from glt_cli.display import Display, Log
from glt_cli.identity import identify
from glt_cli.measure.macs import count_macs
from glt_cli.paths import RunFolder, write_whole
from glt_cli.pruning.masks import EDGE, Masks, Targets, full, kept_counts, sparsities
from glt_cli.records import Record, finished, run_folder
from glt_cli.search import Found, Search
from glt_cli.tables import accuracy_table, as_csv, macs_table, sentence, sparsity_table
from glt_cli.tasks import NodeClassification
from glt_cli.ticket import Ticket, write_rounds, write_ticket
from glt_cli.training import Trained, retrain, seed_stage, snapshot
from glt_cli.watcher import Watcher


class BaselineFailedError(Exception):
    """The dense baseline that a run is compared with could not be trained."""


@dataclass(frozen=True)
class Outcome:
    """What became of a run: its record, and whether it had been finished before."""

    record: Record
    found_finished: bool


def run(config: Config, display: Display) -> Outcome:
    """Run one configuration, unless its finished run is found.

    Whatever goes wrong is written to the record, which then has status `failed`.

    Raises:
        KeyboardInterrupt: After writing a record with status `interrupted`.
    """
    device = resolve(config.device)
    identity = identify(config, device.type)
    folder = run_folder(config.output_dir, identity.folder)
    if not config.force and (done := finished(folder)):
        return Outcome(done, found_finished=True)
    record = _blank(config, device, identity.config_hash)
    _clear(folder, config)
    watcher = Watcher(display, Log(folder.log, record.started))
    watcher.log.write(headline(config))
    display.say(headline(config))
    try:
        provenance.reset_peak_memory(device)
        _fill(record, config, device, folder, watcher)
        record.status = "done"
    except KeyboardInterrupt:
        record.status, record.error = "interrupted", "interrupted from the keyboard"
        raise
    except Exception as error:
        record.status, record.error = "failed", f"{error}" or type(error).__name__
        watcher.log.write(traceback.format_exc())
    finally:
        write_whole(folder.history, watcher.history())
        record.finished = provenance.now()
        watcher.log.write(f"{record.status}{f': {record.error}' if record.error else ''}")
        record.write(folder)
    return Outcome(record, found_finished=False)


def headline(config: Config) -> str:
    """Say what runs, and which presets took part."""
    names = [name for name in (config.preset.cell, config.preset.method) if name]
    presets = f"presets {' and '.join(names)}" if names else "no preset for this cell"
    targets = f"edges -{config.sparsity.graph:.1%}, weights -{config.sparsity.weight:.1%}"
    return (
        f"{config.method.name} on {config.backbone.name}, {config.dataset.name}, "
        f"seed {config.seed}: {targets if config.method.prunes else 'all kept'} ({presets})"
    )


def _blank(config: Config, device: torch.device, config_hash: str) -> Record:
    about = entry(config.dataset.name)
    return Record(
        method=config.method.name,
        backbone=config.backbone.name,
        dataset=config.dataset.name,
        task=about.task,
        metric=about.metric,
        seed=config.seed,
        config_hash=config_hash,
        graph_sparsity_target=config.sparsity.graph,
        weight_sparsity_target=config.sparsity.weight,
        device=provenance.device_name(device),
        versions=provenance.versions(),
        commit=provenance.commit(),
        started=provenance.now(),
    )


def _clear(folder: RunFolder, config: Config) -> None:
    """Make the folder, without the results of an earlier attempt, and say what will run."""
    folder.path.mkdir(parents=True, exist_ok=True)
    for path in folder.results():
        path.unlink(missing_ok=True)
    write_whole(folder.config, OmegaConf.to_yaml(asdict(config)))


def _fill(
    record: Record, config: Config, device: torch.device, folder: RunFolder, watcher: Watcher
) -> None:
    """Do the run; the record takes what it comes to."""
    dense = _dense_baseline(config, watcher) if config.method.prunes else None

    raw = data.load(config.dataset.name, config.data_root)
    task = NodeClassification.from_data(raw, config.dataset.transform, device)
    seed_stage(config.seed, "init")
    model = build(config.backbone, task.x.shape[1], task.num_outputs).to(device)
    init = snapshot(model)
    targets = Targets(config.sparsity.graph, config.sparsity.weight)

    # Find.
    search = Search(task, model, init, targets, config.trainer, config.seed, watcher)
    began = time.perf_counter()
    found = methods.find(search, config.method)
    record.find_seconds = time.perf_counter() - began
    record.find_epochs = search.epochs_spent

    # Rewind and retrain.
    began = time.perf_counter()
    trained = _retrain(search, found.masks, config, watcher)
    record.retrain_seconds = time.perf_counter() - began

    # Measure.
    macs = count_macs(model, task.x, task.graph, found.masks)
    dense_macs = count_macs(model, task.x, task.graph, full(found.masks))
    record.ticket_val, record.ticket_test = trained.val, trained.test
    record.ticket_epoch = trained.epoch
    record.dense_val = dense.dense_val if dense else trained.val
    record.dense_test = dense.dense_test if dense else trained.test
    record.dense_seconds = dense.dense_seconds if dense else record.retrain_seconds
    record.dense_reused = dense.dense_reused if dense else False
    record.dense_macs, record.ticket_macs = dense_macs.total, macs.total
    record.mac_saving = 1 - macs.total / dense_macs.total
    record.dense_macs_skipping_zeros = dense_macs.total_skipping
    record.ticket_macs_skipping_zeros = macs.total_skipping
    _count(record, found.masks)

    # Leave it.
    write_ticket(_ticket(config, task, found.masks, init, trained), folder)
    if found.milestones:
        write_rounds(found.milestones, folder)
    if found.retrain_milestones:
        write_whole(folder.rounds_table, _rounds_table(search, found, config, watcher))
    tables = [
        sparsity_table(found.masks, targets),
        accuracy_table(record),
        macs_table(dense_macs, macs),
    ]
    verdict = sentence(record, config.tolerance) if dense else ""
    heading = f"# {folder.path.name}\n"
    texts = [heading, *(table.markdown() for table in tables), verdict]
    write_whole(folder.tables_markdown, "\n".join(texts).rstrip() + "\n")
    write_whole(folder.tables_csv, as_csv(tables))
    record.peak_memory_mb = round(provenance.peak_memory_mb(device), 1)


def dense_config(config: Config) -> Config:
    """The configuration of the dense baseline that a run is compared with."""
    dense = deepcopy(config)
    dense.method = DenseConfig(name="dense")
    dense.sparsity = SparsityConfig(graph=0.0, weight=0.0)
    dense.preset.method = None
    dense.force = False
    return dense


def _dense_baseline(config: Config, watcher: Watcher) -> Record:
    """An ordinary run of method `dense`: found finished, or trained now."""
    outcome = run(dense_config(config), watcher.display)
    record = outcome.record
    if record.status != "done":
        raise BaselineFailedError(f"the dense baseline failed: {record.error}")
    record.dense_reused = outcome.found_finished
    word = "reused" if outcome.found_finished else "trained"
    watcher.log.write(f"dense baseline {word}: {record.config_hash}")
    if outcome.found_finished:
        watcher.display.say(f"dense      baseline reused, test {record.dense_test:.1%}")
    return record


def _retrain(
    search: Search, masks: Masks, config: Config, watcher: Watcher, phase: str = ""
) -> Trained:
    phase = phase or ("retrain" if config.method.prunes else "dense")
    watcher.begin(phase, config.trainer.epochs)
    graph, weight = sparsities(masks, kept_counts(masks))
    return retrain(
        search.task,
        search.model,
        search.init,
        masks,
        config.trainer,
        config.seed,
        observe=lambda epoch: watcher.epoch(epoch, graph, weight),
        phase=phase,
    )


def _count(record: Record, masks: Masks) -> None:
    kept = kept_counts(masks)
    record.graph_sparsity, record.weight_sparsity = sparsities(masks, kept)
    record.edges, record.edges_kept = masks[EDGE].numel(), kept.pop(EDGE)
    record.weights = sum(masks[name].numel() for name in kept)
    record.weights_kept = sum(kept.values())


def _ticket(
    config: Config,
    task: NodeClassification,
    masks: Masks,
    init: dict[str, torch.Tensor],
    trained: Trained,
) -> Ticket:
    return Ticket(
        backbone=config.backbone,
        dataset=config.dataset.name,
        data_checksum=entry(config.dataset.name).checksum,
        transform=config.dataset.transform,
        num_features=task.x.shape[1],
        num_outputs=task.num_outputs,
        edge_index=task.graph.edge_index,
        masks=masks,
        init=init,
        trained=trained.state,
    )


def _rounds_table(search: Search, found: Found, config: Config, watcher: Watcher) -> str:
    """Retrain the masks of every round; test is read once for each."""
    lines = ["round,graph_sparsity,weight_sparsity,val,test"]
    for milestone in found.milestones:
        phase = f"retrain {milestone.number}"
        trained = _retrain(search, milestone.masks, config, watcher, phase)
        graph, weight = sparsities(milestone.masks, kept_counts(milestone.masks))
        lines.append(f"{milestone.number},{graph!r},{weight!r},{trained.val!r},{trained.test!r}")
    return "\n".join(lines) + "\n"
