"""Finding a ticket from Python, on a graph in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from omegaconf import OmegaConf

from glt_cli.config import Config
from glt_cli.config.datasets import BINARY_METRICS, InMemoryConfig
from glt_cli.config.keywords import config_of
from glt_cli.data import checksums
from glt_cli.data.graph_data import NodeData
from glt_cli.data.in_memory import node_data
from glt_cli.deploy.loaded_ticket import Ticket
from glt_cli.errors import UserError, given_path
from glt_cli.experiment import results
from glt_cli.experiment.checkpoint import Checkpoint
from glt_cli.experiment.device import resolve
from glt_cli.experiment.experiment import dense_config, headline, plain_config
from glt_cli.experiment.history import HistoryRecorder
from glt_cli.experiment.identity import identify
from glt_cli.experiment.log import Log
from glt_cli.experiment.observer import Lines, RunObserver, Silent
from glt_cli.experiment.paths import RunFolder, write_whole
from glt_cli.experiment.pipeline import FoundMasks, RunResult, find_and_retrain, is_plain
from glt_cli.experiment.provenance import Provenance
from glt_cli.experiment.record import Record, run_folder
from glt_cli.experiment.teacher import DenseModel
from glt_cli.experiment.ticket import SavedTicket
from glt_cli.models import rebuild
from glt_cli.models.backbone import Backbone
from glt_cli.pruning.context import SearchResult
from glt_cli.training.tasks import Task, make_task

if TYPE_CHECKING:
    from torch_geometric.data import Data


def find_ticket(
    data: Data,
    backbone: str = "gcn",
    method: str = "fastglt",
    graph_sparsity: float = 0.35,
    weight_sparsity: float = 0.93,
    seed: int = 0,
    *,
    device: str | torch.device = "auto",
    output_dir: str | Path | None = None,
    quiet: bool = False,
    **settings: Any,
) -> tuple[Ticket, Record]:
    """Find a graph lottery ticket on a torch-geometric `Data`: `glt run` for a graph in memory.

    The dense baseline is trained first; then the method finds masks, and the ticket is retrained
    from Θ₀ under them. Masks are chosen on validation nodes; test nodes are read once. The same
    arguments give the same ticket, bit for bit, on the same machine with the same number of
    threads. The state of torch's random number generators is restored afterwards.

    Args:
        data: With `x` [N, F], `edge_index` int64 [2, M], `y` (classes int64 [N], or labels of 0
            and 1 [N, L]), `train_mask`, `val_mask`, `test_mask` bool [N], and optionally
            `edge_weight` [M], above 0. The graph is undirected if `edge_index` holds both
            directions of every edge, with equal weights. Values of `y` outside the masks are
            ignored, and so is `edge_attr`.
        backbone: As in `glt run`: gcn, gin, gat or resgcn.
        method: As in `glt run`: fastglt, guided, imp, teddy, oneshot, random, dense, no_edges or
            small_dense.
        graph_sparsity: Share of the edges to remove, at least 0 and below 1; the number of
            removed edges is exact.
        weight_sparsity: Share of the prunable weights to remove, likewise.
        seed: Seed of all random numbers.
        device: `auto`, `cpu`, `cuda` or `cuda:k`.
        output_dir: Folder for the run's own folder, with all files of `glt run` except its log;
            None writes nothing.
        quiet: Print nothing.
        settings: Any other key of `glt run`: as a mapping for its group, `trainer={"epochs": 50}`,
            or by its dotted name, `**{"trainer.epochs": 50}`. For the data there are
            `dataset.transform` (none, row_normalise, standardise), `dataset.title` and
            `dataset.metric` (accuracy, f1_macro; with two classes roc_auc, average_precision).

    Returns:
        The ticket, on CPU, and the run's record: scores, sparsities and savings as fractions,
        times in seconds, memory in MiB (the fields of `glt_cli.load_runs`).

    Raises:
        UserError: The data or a setting is wrong; the message says what would be right.
    """
    folder_for_runs = None if output_dir is None else given_path("output_dir", output_dir)
    raw = node_data(data)
    words = {
        "backbone": backbone,
        "method": method,
        "sparsity.graph": graph_sparsity,
        "sparsity.weight": weight_sparsity,
        "seed": seed,
        "device": str(device),
    }
    config = config_of(_dataset(raw), words, settings)
    _check_metric(config, raw)
    where = resolve(config.device)
    if folder_for_runs is not None:
        _make(folder_for_runs)
    observer: RunObserver = Silent() if quiet else Lines()

    measured, data_checksum = Provenance(where), checksums.of_graph(raw)
    task = make_task(raw, config.dataset, where)
    _report(raw, task, observer)
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        dense = _dense_model(config, task, observer) if config.method.prunes else None
        earlier = None if is_plain(config) else _found_before(config, task, dense, observer)
        observer.say(headline(config))
        result, history = _run(config, task, dense, earlier, observer)

    ticket = results.ticket_of(config, task, result, data_checksum, None)
    identity = identify(config, where.type, data_checksum)
    record = results.finished_record(config, identity, measured, task, result, None)
    if folder_for_runs is not None:
        folder = run_folder(str(folder_for_runs), identity.folder)
        record = _write(folder, config, ticket, record, result, history)
        observer.say(f"Results: {folder.path}")
    return _loaded(ticket, task), record


def _dataset(raw: NodeData) -> InMemoryConfig:
    """Return the settings that follow from the data."""
    if raw.y.ndim == 2:
        return InMemoryConfig(
            name="in_memory", task="multi-label node classification", metric="roc_auc"
        )
    return InMemoryConfig(name="in_memory")


def _check_metric(config: Config, raw: NodeData) -> None:
    """Raise UserError if the metric can't be measured on these labels."""
    assert isinstance(config.dataset, InMemoryConfig)
    metric, several = config.dataset.metric, raw.y.ndim == 2
    if several and metric != "roc_auc":
        raise UserError(f"dataset.metric={metric}: labels [N, L] can only be scored by roc_auc")
    if metric not in BINARY_METRICS:
        return
    if not several and raw.num_classes != 2:
        raise UserError(f"dataset.metric={metric}: needs two classes; y has {raw.num_classes}")
    for split in ("val", "test"):
        y = raw.y[getattr(raw, split)]
        if bool((y == y[:1]).all()):
            raise UserError(
                f"data.{split}_mask: all its nodes have the same labels, but {metric} needs nodes "
                "with a label and nodes without it"
            )


def _make(folder: Path) -> None:
    """Make the folder for results, before anything is computed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"output_dir={folder}: can't be made ({error.strerror}); name another folder"
        ) from error


def _report(raw: NodeData, task: Task, observer: RunObserver) -> None:
    kind = "directed" if task.graph.directed else "undirected"
    observer.say(
        f"data: {raw.num_nodes:,} nodes, {task.graph.num_edges:,} {kind} edges, "
        f"{task.num_features:,} features, {raw.num_classes} "
        f"{'labels' if raw.y.ndim == 2 else 'classes'}; {raw.train.size:,} / {raw.val.size:,} / "
        f"{raw.test.size:,} nodes to train, validate and test"
    )
    for line in (*raw.report, *task.cleaned):
        observer.say(line)


def _run(
    config: Config,
    task: Task,
    dense: DenseModel | None,
    earlier: FoundMasks | None,
    observer: RunObserver,
) -> tuple[RunResult, HistoryRecorder]:
    recorder = HistoryRecorder(observer, Log(None, ""))
    return find_and_retrain(config, task, dense, earlier, recorder, Checkpoint(None)), recorder


def _dense_model(config: Config, task: Task, observer: RunObserver) -> DenseModel:
    """Train the dense baseline with the same settings."""
    dense = dense_config(config)
    observer.say(headline(dense))
    result, _ = _run(dense, task, None, None, observer)
    trained = result.trained

    def model() -> Backbone:
        made = rebuild(config.backbone, task.num_features, task.num_outputs, task.embedded_nodes)
        made.load_state_dict(trained.state)
        return made.eval()

    return DenseModel(
        val=trained.val,
        test=trained.test,
        second_test=trained.second,
        late_val=result.late_val,
        seconds=result.retrain_seconds,
        reused=False,
        model=model,
    )


def _found_before(
    config: Config, task: Task, dense: DenseModel | None, observer: RunObserver
) -> FoundMasks:
    """Find masks with plain retraining, for a control or a distillation to retrain."""
    result, _ = _run(plain_config(config), task, dense, None, observer)
    return FoundMasks(
        SearchResult(result.trained.masks, edge_weight=result.found.result.edge_weight),
        result.found.seconds,
        result.found.epochs,
        result.distill or result.found.distill,
    )


def _write(
    folder: RunFolder,
    config: Config,
    ticket: SavedTicket,
    record: Record,
    result: RunResult,
    history: HistoryRecorder,
) -> Record:
    """Write the run's files, its record last."""
    folder.path.mkdir(parents=True, exist_ok=True)
    record = replace(record, ticket_sha256=results.write_ticket(ticket, folder))
    results.write_rounds(result.rounds, folder)
    results.write_tables(folder, record, config, result)
    write_whole(folder.config, OmegaConf.to_yaml(config.stored()))
    write_whole(folder.history, history.history())
    record.write(folder)
    return record


def _loaded(ticket: SavedTicket, task: Task) -> Ticket:
    """Return the ticket on CPU, with the data that it was found on."""
    cpu = torch.device("cpu")

    def here(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {name: tensor.to(cpu) for name, tensor in tensors.items()}

    moved = replace(
        ticket,
        edge_index=ticket.edge_index.to(cpu),
        edge_weight=None if ticket.edge_weight is None else ticket.edge_weight.to(cpu),
        masks=here(ticket.masks),
        init=here(ticket.init),
        trained=here(ticket.trained),
    )
    return Ticket(**vars(moved), found_on=(task.x.to(cpu), task.graph.to(cpu)))
