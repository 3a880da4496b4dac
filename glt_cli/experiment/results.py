"""Turn a run's result into its record, ticket, rounds and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glt_cli.config import Config
from glt_cli.config.variants import variant
from glt_cli.experiment import fingerprint
from glt_cli.experiment.identity import Identity
from glt_cli.experiment.paths import RunFolder, write_whole
from glt_cli.experiment.pipeline import RunResult
from glt_cli.experiment.provenance import Provenance
from glt_cli.experiment.record import Record
from glt_cli.experiment.tables import (
    accuracy_table,
    as_csv,
    macs_table,
    remarks_table,
    sentence,
    sparsity_table,
)
from glt_cli.experiment.ticket import SavedTicket, write_round_masks, write_ticket
from glt_cli.pruning.context import PruningRound
from glt_cli.pruning.masks import EDGE, Targets, kept_counts, sparsities
from glt_cli.pruning.retrain import Trained
from glt_cli.training.tasks import Task, metric_of, task_name

__all__ = [
    "finished_record",
    "ticket_of",
    "unfinished_record",
    "write_rounds",
    "write_tables",
    "write_ticket",
]


def unfinished_record(
    config: Config, identity: Identity, measured: Provenance, status: str, error: str | None
) -> Record:
    """The record of a run that failed or was interrupted: settings and provenance."""
    return Record(
        **_settings(config, identity),
        distill=config.retrain.distill,
        status=status,
        error=error,
        code=fingerprint.other_code(),
        **measured.fields(),
    )


def finished_record(
    config: Config,
    identity: Identity,
    measured: Provenance,
    task: Task,
    result: RunResult,
    ticket_sha256: str | None,
) -> Record:
    """The record of a finished run. A dense run is its own baseline."""
    trained, dense, masks = result.trained, result.dense, result.trained.masks
    kept = kept_counts(masks)
    graph_sparsity, _ = sparsities(masks, kept)
    weights_kept = sum(count for name, count in kept.items() if name != EDGE)
    return Record(
        **_settings(config, identity),
        distill=result.distill,
        search_distill=result.found.distill,
        derived_features=task.derived,
        graph_sparsity=graph_sparsity,
        weight_sparsity=1 - weights_kept / result.dense_weights,
        edges=masks[EDGE].numel(),
        edges_kept=kept[EDGE],
        weights=result.dense_weights,
        weights_kept=weights_kept,
        dense_val=dense.val if dense else trained.val,
        dense_test=dense.test if dense else trained.test,
        ticket_val=trained.val,
        dense_late_val=dense.late_val if dense else result.late_val,
        ticket_late_val=result.late_val,
        ticket_test=trained.test,
        ticket_epoch=trained.epoch,
        ticket_sha256=ticket_sha256,
        second_metric=task.second_metric,
        dense_second_test=dense.second_test if dense else trained.second,
        ticket_second_test=trained.second,
        dense_macs=result.dense_macs.total,
        ticket_macs=result.ticket_macs.total,
        mac_saving=1 - result.ticket_macs.total / result.dense_macs.total,
        dense_macs_skipping_zeros=result.dense_macs.total_skipping,
        ticket_macs_skipping_zeros=result.ticket_macs.total_skipping,
        find_epochs=result.found.epochs,
        status="done",
        dense_seconds=dense.seconds if dense else result.retrain_seconds,
        dense_reused=dense.reused if dense else False,
        find_seconds=result.found.seconds,
        retrain_seconds=result.retrain_seconds,
        peak_memory_mb=measured.peak_memory_mb(),
        code=fingerprint.other_code(),
        **measured.fields(),
    )


def _settings(config: Config, identity: Identity) -> dict[str, Any]:
    return {
        "method": config.method_name,
        "backbone": config.backbone_name,
        "dataset": config.dataset_name,
        "task": task_name(config.dataset),
        "metric": metric_of(config.dataset),
        "seed": config.seed,
        "config_hash": identity.config_hash,
        "graph_sparsity_target": config.sparsity.graph,
        "weight_sparsity_target": config.sparsity.weight,
        "variant": variant(config),
        "control": config.retrain.control,
    }


def ticket_of(
    config: Config,
    task: Task,
    result: RunResult,
    data_checksum: str,
    preparation: dict[str, Any] | None,
) -> SavedTicket:
    """The ticket of a run, with the settings that rebuild its model."""
    return SavedTicket(
        backbone=result.backbone,
        dataset=config.dataset,
        data_checksum=data_checksum,
        preparation=preparation,
        num_features=task.num_features,
        num_outputs=task.num_outputs,
        embedded_nodes=task.embedded_nodes,
        edge_index=task.graph.edge_index,
        masks=result.trained.masks,
        init=result.init,
        trained=result.trained.state,
        num_nodes=task.graph.num_nodes,
        directed=task.graph.directed,
        edge_weight=task.graph.edge_weight,
        kept_edge_weight=result.found.result.edge_weight,
        statistics=task.statistics,
        written={
            key.removeprefix("dataset."): text
            for key, text in config.written.items()
            if key.startswith("dataset.")
        },
    )


def write_rounds(rounds: Sequence[tuple[PruningRound, Trained | None]], folder: RunFolder) -> None:
    """Write the masks of earlier rounds, and the scores of retrained ones."""
    if rounds:
        write_round_masks([each for each, _ in rounds], folder)
    lines = ["round,graph_sparsity,weight_sparsity,val,test"]
    for each, trained in rounds:
        if trained is not None:
            graph, weight = sparsities(each.masks, kept_counts(each.masks))
            lines.append(f"{each.number},{graph!r},{weight!r},{trained.val!r},{trained.test!r}")
    if len(lines) > 1:
        write_whole(folder.rounds_table, "\n".join(lines) + "\n")


def write_tables(folder: RunFolder, record: Record, config: Config, result: RunResult) -> None:
    """Write the tables, and a sentence that sums them up."""
    targets = Targets(config.sparsity.graph, config.sparsity.weight)
    tables = [
        sparsity_table(result.trained.masks, targets, result.dense_weights),
        accuracy_table(record),
        macs_table(result.dense_macs, result.ticket_macs),
        *remarks_table(record),
    ]
    verdict = sentence(record, config.tolerance) if config.method.prunes else ""
    heading = f"# {folder.path.name}\n"
    texts = [heading, *(table.markdown() for table in tables), verdict]
    write_whole(folder.tables_markdown, "\n".join(texts).rstrip() + "\n")
    write_whole(folder.tables_csv, as_csv(tables))
