"""`glt verify`: does a saved ticket still do on its data what its record says?"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import torch

from glt_cli import data
from glt_cli.data.catalog import entry
from glt_cli.device import resolve
from glt_cli.errors import UserError
from glt_cli.paths import RunFolder
from glt_cli.pruning.masks import EDGE, kept_counts, sparsities
from glt_cli.records import read_record
from glt_cli.tables import Table
from glt_cli.tasks import NodeClassification
from glt_cli.terminal import console
from glt_cli.ticket import read_ticket
from glt_cli.training import Views


def verify(folder: str, data_root: str | None, device_name: str) -> int:
    """Rebuild the model on the physically smaller graph, score it, and compare with the record.

    Returns:
        0 if everything agrees, 1 if a figure differs.

    Raises:
        UserError: The ticket is damaged, or of other data than this machine has.
    """
    path = Path(folder)
    run = RunFolder(path.parent if path.is_file() else path)
    ticket = read_ticket(run)
    device = resolve(device_name)
    if entry(ticket.dataset).checksum != ticket.data_checksum:
        raise UserError(
            f"{run.ticket}: the ticket was found on another version of {ticket.dataset} "
            "(data checksums differ)"
        )
    raw = data.load(ticket.dataset, data_root)
    task = NodeClassification.from_data(raw, ticket.transform, device)
    if not torch.equal(task.graph.edge_index.cpu(), ticket.edge_index):
        raise UserError(f"{run.tensors}: its edges are not those of {ticket.dataset}")
    model = ticket.model().to(device)
    graph = task.graph.keep(ticket.masks[EDGE].to(device))
    views = Views(task, graph, len(model.layers))
    with torch.no_grad():
        scores = {
            split: float(task.score(model(*views[split], graph.ones()), split))
            for split in ("val", "test")
        }
    graph_sparsity, weight_sparsity = sparsities(ticket.masks, kept_counts(ticket.masks))
    measured = {
        "graph_sparsity": graph_sparsity,
        "weight_sparsity": weight_sparsity,
        "ticket_val": scores["val"],
        "ticket_test": scores["test"],
    }
    record = read_record(run)
    rows = []
    agrees = True
    for name, value in measured.items():
        recorded = getattr(record, name) if record else None
        # Another device adds in another order; a node on the edge may fall either way.
        same = recorded is None or abs(recorded - value) < (1e-9 if device.type == "cpu" else 5e-3)
        agrees &= same
        rows.append(
            {
                "figure": name,
                "recorded": "-" if recorded is None else f"{recorded:.4%}",
                "measured": f"{value:.4%}",
                "": "-" if recorded is None else "agrees" if same else "DIFFERS",
            }
        )
    show = console()
    Table(f"Ticket in {folder}", pd.DataFrame(rows)).print(show)
    if record is None:
        show.print("The ticket is whole. There is no record beside it to compare it with.")
    elif agrees:
        show.print("The ticket is whole and does what its record says.")
    else:
        show.print("The ticket is whole, but does not do what its record says.")
    return 0 if agrees else 1
