"""What a run comes to: figures for its record, ticket, rounds and tables for its folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glt_cli import data
from glt_cli.config import Config
from glt_cli.experiment.macs import Macs, count_macs
from glt_cli.experiment.paths import RunFolder, write_whole
from glt_cli.experiment.record import Record
from glt_cli.experiment.tables import (
    accuracy_table,
    as_csv,
    macs_table,
    remarks_table,
    sentence,
    sparsity_table,
)
from glt_cli.experiment.ticket import Ticket, write_rounds, write_ticket
from glt_cli.pruning.context import PruningContext, PruningRound
from glt_cli.pruning.masks import EDGE, Masks, Targets, full, kept_counts, sparsities
from glt_cli.pruning.retrain import Trained


def compare(record: Record, dense: Record | None, trained: Trained) -> None:
    """Note the scores, beside those of the dense baseline; a dense run is its own."""
    record.ticket_val, record.ticket_test = trained.val, trained.test
    record.ticket_second_test = trained.second
    record.ticket_epoch = trained.epoch
    record.dense_val = dense.dense_val if dense else trained.val
    record.dense_test = dense.dense_test if dense else trained.test
    record.dense_second_test = dense.dense_second_test if dense else trained.second
    record.dense_seconds = dense.dense_seconds if dense else record.retrain_seconds
    record.dense_reused = dense.dense_reused if dense else False


def count(record: Record, context: PruningContext, masks: Masks) -> tuple[Macs, Macs]:
    """Note sparsities and multiply-adds; returns the latter of the dense model and the ticket."""
    kept = kept_counts(masks)
    record.graph_sparsity, record.weight_sparsity = sparsities(masks, kept)
    record.edges, record.edges_kept = masks[EDGE].numel(), kept.pop(EDGE)
    record.weights = sum(masks[name].numel() for name in kept)
    record.weights_kept = sum(kept.values())

    task, model = context.task, context.model
    decoder = task.decoder_macs(model.width)
    dense, ticket = (
        count_macs(model, task.x, task.graph, of, decoder) for of in (full(masks), masks)
    )
    record.dense_macs, record.ticket_macs = dense.total, ticket.total
    record.mac_saving = 1 - ticket.total / dense.total
    record.dense_macs_skipping_zeros = dense.total_skipping
    record.ticket_macs_skipping_zeros = ticket.total_skipping
    record.derived_features = task.derived
    record.second_metric = task.second_metric
    return dense, ticket


def leave_ticket(
    folder: RunFolder,
    config: Config,
    context: PruningContext,
    trained: Trained,
    preparation: dict[str, Any] | None,
) -> str:
    """Write the ticket; returns its checksum."""
    task = context.task
    ticket = Ticket(
        backbone=config.backbone,
        dataset=config.dataset,
        data_checksum=data.checksum(config.dataset, config.data_root),
        preparation=preparation,
        num_features=task.num_features,
        num_outputs=task.num_outputs,
        embedded_nodes=task.embedded_nodes,
        edge_index=task.graph.edge_index,
        masks=trained.masks,
        init=context.init,
        trained=trained.state,
    )
    return write_ticket(ticket, folder)


def leave_rounds(
    folder: RunFolder, rounds: list[PruningRound], scored: Sequence[tuple[PruningRound, Trained]]
) -> None:
    """Write the masks of earlier rounds, and the scores of those that were retrained."""
    write_rounds(rounds, folder)
    if not scored:
        return
    lines = ["round,graph_sparsity,weight_sparsity,val,test"]
    for pruned_round, trained in scored:
        graph, weight = sparsities(pruned_round.masks, kept_counts(pruned_round.masks))
        lines.append(f"{pruned_round.number},{graph!r},{weight!r},{trained.val!r},{trained.test!r}")
    write_whole(folder.rounds_table, "\n".join(lines) + "\n")


def leave_tables(
    folder: RunFolder, record: Record, config: Config, masks: Masks, macs: tuple[Macs, Macs]
) -> None:
    """Write the three tables, and what they come to."""
    targets = Targets(config.sparsity.graph, config.sparsity.weight)
    tables = [sparsity_table(masks, targets), accuracy_table(record), macs_table(*macs)]
    tables += remarks_table(record)
    verdict = sentence(record, config.tolerance) if config.method.prunes else ""
    heading = f"# {folder.path.name}\n"
    texts = [heading, *(table.markdown() for table in tables), verdict]
    write_whole(folder.tables_markdown, "\n".join(texts).rstrip() + "\n")
    write_whole(folder.tables_csv, as_csv(tables))
