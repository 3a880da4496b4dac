"""`glt verify`: whether a saved ticket still scores on its data what its record says."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from glt_cli.config.datasets import InMemoryConfig
from glt_cli.data import checksums
from glt_cli.deploy.original_data import folder_of, load_original, with_files
from glt_cli.errors import UserError
from glt_cli.experiment.device import resolve
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, read_record
from glt_cli.experiment.ticket import read_ticket
from glt_cli.pruning.masks import kept_counts, sparsities
from glt_cli.training.batches import Batches
from glt_cli.training.loop import test_scores


@dataclass(frozen=True)
class Check:
    """A figure of a ticket: as recorded, and as measured now.

    Attributes:
        name: Its field in the record.
        recorded: Its value in the record, a fraction; None if there is no record.
        measured: Its value now.
        slack: The difference below which the two agree.
    """

    name: str
    recorded: float | None
    measured: float
    slack: float

    @property
    def agrees(self) -> bool:
        """Whether both values agree; also if nothing was recorded."""
        return self.recorded is None or abs(self.recorded - self.measured) < self.slack


def verify(
    folder: str, data_root: str | None, device_name: str, files: dict[str, str] | None = None
) -> list[Check]:
    """Rebuild the model on the physically smaller graph, score it, and compare with the record.

    Args:
        folder: The folder of the ticket.
        data_root: Folder with data sets.
        device_name: A device, as in `device=`.
        files: Present paths of the files of the user's own graph, under `nodes` and `edges`.

    Returns:
        One check for each figure.

    Raises:
        UserError: The ticket is damaged, or was found on data that this machine doesn't have.
    """
    run = folder_of(Path(folder))
    device = resolve(device_name)
    ticket = read_ticket(run)
    record = _record_beside(run)
    dataset = with_files(ticket.dataset, files or {})
    if isinstance(dataset, InMemoryConfig):
        raise UserError(
            f"{run.ticket}: was found on data in memory; glt verify checks tickets that were found "
            "on data sets and files. In Python: glt_cli.load_ticket(folder).predict(data)"
        )
    task = load_original(
        ticket,
        dataset,
        data_root,
        device,
        advice="verify it on the data that it was found on",
        say=partial(print, file=sys.stderr),
    )
    if not torch.equal(task.graph.edge_index.cpu(), ticket.edge_index):
        raise UserError(f"{run.tensors}: its edges are not those of {dataset.shown}")
    model = ticket.model().to(device)
    graph = ticket.sparse(task.graph)
    batches, ones = Batches(task, graph, model.reach), graph.ones()
    with torch.no_grad():
        val = float(task.score(model(*batches["val"].inputs(ones)), "val"))
    test, _ = test_scores(model, batches, ones)
    graph_sparsity, weight_sparsity = sparsities(ticket.masks, kept_counts(ticket.masks))
    measured = {
        "graph_sparsity": graph_sparsity,
        "weight_sparsity": weight_sparsity,
        "ticket_val": val,
        "ticket_test": test,
    }
    # Other devices add numbers in a different order, which can change a prediction that is close.
    slack = 1e-9 if device.type == "cpu" else 5e-3
    return [
        Check(name, getattr(record, name) if record else None, value, slack)
        for name, value in measured.items()
    ]


def _record_beside(run: RunFolder) -> Record | None:
    """Read the run's record, if there is one.

    Raises:
        UserError: It is damaged, or is the record of another ticket.
    """
    if not run.record.exists():
        return None
    record = read_record(run)
    if record is None:
        raise UserError(f"{run.record}: damaged, it can't be read as a run's record")
    if record.ticket_sha256 and record.ticket_sha256 != checksums.of_file(run.ticket):
        raise UserError(f"{run.ticket}: changed since the run, it is not what its record describes")
    return record
