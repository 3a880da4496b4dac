"""Finding a ticket from Python, on a graph in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from omegaconf import OmegaConf

from glt_cli.config import Config, RetrainConfig
from glt_cli.config.datasets import InMemoryConfig
from glt_cli.config.request import read
from glt_cli.data.graph_data import NodeData
from glt_cli.data.in_memory import checksum, node_data
from glt_cli.deploy.loaded_ticket import LoadedTicket
from glt_cli.errors import UserError
from glt_cli.experiment import results
from glt_cli.experiment.checkpoint import Checkpoint
from glt_cli.experiment.device import resolve
from glt_cli.experiment.experiment import dense_config, headline
from glt_cli.experiment.history import HistoryRecorder
from glt_cli.experiment.identity import identify
from glt_cli.experiment.log import Log
from glt_cli.experiment.observer import Lines, RunObserver, Silent
from glt_cli.experiment.paths import write_whole
from glt_cli.experiment.pipeline import FoundMasks, RunResult, find_and_retrain, is_plain
from glt_cli.experiment.provenance import Provenance
from glt_cli.experiment.record import Record, run_folder
from glt_cli.experiment.teacher import DenseModel
from glt_cli.models import build
from glt_cli.models.backbone import Backbone
from glt_cli.pruning.context import SearchResult
from glt_cli.training.tasks import Task, make_task


def find_ticket(
    data: Any,
    backbone: str = "gcn",
    method: str = "fastglt",
    graph_sparsity: float = 0.35,
    weight_sparsity: float = 0.93,
    seed: int = 0,
    *,
    device: str = "auto",
    output_dir: str | None = None,
    quiet: bool = False,
    **settings: Any,
) -> tuple[LoadedTicket, Record]:
    """Find a graph lottery ticket on a torch-geometric `Data`: what `glt run` does, in memory.

    The dense baseline is trained first, then the method finds masks, and the ticket is retrained
    from Θ₀ under them. Masks are chosen on validation nodes; test is read once.

    Args:
        data: With `x` [N, F], `edge_index` [2, M], `y` (classes [N] or labels [N, L]),
            `train_mask`, `val_mask`, `test_mask` [N], and perhaps `edge_weight` [M]. Where
            `edge_index` holds both directions of every edge the graph is undirected.
        backbone: As `backbone=` of `glt run`.
        method: As `method=` of `glt run`.
        graph_sparsity: Share of the edges to remove, met exactly; 0 keeps all.
        weight_sparsity: Share of the prunable weights to remove, likewise.
        seed: Of everything random.
        device: `auto`, `cpu`, `cuda` or `cuda:k`.
        output_dir: A folder in which the run is left as `glt run` leaves it; None writes nothing.
        quiet: Print nothing.
        settings: Any other key of `glt run`, as a mapping of a group, `trainer={"epochs": 50}`,
            or by its dotted name, `**{"trainer.epochs": 50}`. Of the data set there are
            `dataset.transform` (none, row_normalise, standardise), `dataset.title`, and
            `dataset.metric` (accuracy, roc_auc).

    Returns:
        The ticket, and the run's record (`glt_cli.load_runs` has the same fields).

    Raises:
        UserError: The data or a setting is not right; the message says what would be.
    """
    raw = node_data(data)
    config = _config(
        raw, backbone, method, graph_sparsity, weight_sparsity, seed, device, output_dir, settings
    )
    torch_device = resolve(config.device)
    measured = Provenance(torch_device)
    identity = identify(config, torch_device.type, checksum(raw))
    task = make_task(raw, config.dataset, torch_device)
    observer: RunObserver = Silent() if quiet else Lines()
    _report(raw, task, observer)

    dense = _dense_model(config, task, observer) if config.method.prunes else None
    earlier = None if is_plain(config) else _found_before(config, task, dense, observer)
    observer.say(headline(config))
    recorder = HistoryRecorder(observer, Log(None, ""))
    result = find_and_retrain(config, task, dense, earlier, recorder, Checkpoint(None))

    ticket = results.ticket_of(config, task, result, checksum(raw), None)
    record = results.finished_record(config, identity, measured, task, result, None)
    if output_dir is not None:
        folder = run_folder(output_dir, identity.folder)
        folder.path.mkdir(parents=True, exist_ok=True)
        record = replace(record, ticket_sha256=results.write_ticket(ticket, folder))
        results.write_rounds(result.rounds, folder)
        results.write_tables(folder, record, config, result)
        write_whole(folder.config, OmegaConf.to_yaml(OmegaConf.structured(config)))
        write_whole(folder.history, recorder.history())
        record.write(folder)
        observer.say(f"Results: {folder.path}")
    return LoadedTicket(**vars(ticket), task=task), record


def _config(
    raw: NodeData,
    backbone: str,
    method: str,
    graph_sparsity: float,
    weight_sparsity: float,
    seed: int,
    device: str,
    output_dir: str | None,
    settings: Mapping[str, Any],
) -> Config:
    """Compose and check the settings as `glt run` does."""
    several = raw.y.ndim == 2
    kind = InMemoryConfig(
        name="in_memory",
        task="multi-label node classification" if several else "node classification",
        metric="roc_auc" if several else "accuracy",
    )
    given = dict(_flat(settings))
    for key in ("method", "backbone", "dataset", "seed", "sparsity.graph", "sparsity.weight"):
        if key in given:
            raise UserError(f"{key}: is an argument of find_ticket, or follows from the data")
    words = ["dataset=in_memory", f"backbone={backbone}", f"method={method}"]
    given |= {
        "sparsity.graph": graph_sparsity,
        "sparsity.weight": weight_sparsity,
        "seed": seed,
        "device": device,
    }
    if output_dir is not None:
        given["output_dir"] = str(output_dir)
    words += [f"{key}={_value(value)}" for key, value in given.items()]
    (point,) = read(words, multirun=False, config_dir=None, dataset=kind).points
    return point.config


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _value(value: Any) -> str:
    """Write a value as the command line has it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_value, value))}]"
    return str(value)


def _report(raw: NodeData, task: Task, observer: RunObserver) -> None:
    kind = "directed" if task.graph.directed else "undirected"
    observer.say(
        f"data: {raw.num_nodes:,} nodes, {task.graph.num_edges:,} {kind} edges, "
        f"{task.num_features:,} features, {raw.num_classes} "
        f"{'labels' if raw.y.ndim == 2 else 'classes'}; {raw.train.size:,} / {raw.val.size:,} / "
        f"{raw.test.size:,} nodes to train, validate and test"
    )
    for line in task.cleaned:
        observer.say(line)


def _dense_model(config: Config, task: Task, observer: RunObserver) -> DenseModel:
    """Train the dense baseline of the same settings."""
    dense = dense_config(config)
    observer.say(headline(dense))
    recorder = HistoryRecorder(observer, Log(None, ""))
    found: RunResult = find_and_retrain(dense, task, None, None, recorder, Checkpoint(None))

    def model() -> Backbone:
        with torch.random.fork_rng(devices=[]):
            made = build(config.backbone, task.num_features, task.num_outputs, task.embedded_nodes)
        made.load_state_dict(found.trained.state)
        return made.eval()

    trained = found.trained
    return DenseModel(
        val=trained.val,
        test=trained.test,
        second_test=trained.second,
        seconds=found.retrain_seconds,
        reused=False,
        model=model,
    )


def _found_before(
    config: Config, task: Task, dense: DenseModel | None, observer: RunObserver
) -> FoundMasks:
    """Find masks for an ordinary retraining, which the control or the distillation then use."""
    plain = deepcopy(config)
    plain.retrain = RetrainConfig()
    recorder = HistoryRecorder(observer, Log(None, ""))
    result = find_and_retrain(plain, task, dense, None, recorder, Checkpoint(None))
    return FoundMasks(
        SearchResult(result.trained.masks),
        result.found.seconds,
        result.found.epochs,
        result.distill,
    )
