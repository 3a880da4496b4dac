"""`glt verify`: does a saved ticket still do on its data what its record says?"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from glt_cli import data
from glt_cli.config.datasets import DatasetConfig, FilesConfig, InMemoryConfig
from glt_cli.data import checksums
from glt_cli.errors import UserError
from glt_cli.experiment.device import resolve
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, read_record
from glt_cli.experiment.ticket import read_ticket
from glt_cli.pruning.masks import EDGE, kept_counts, sparsities
from glt_cli.training.batches import Batches
from glt_cli.training.loop import test_scores
from glt_cli.training.tasks import make_task


@dataclass(frozen=True)
class Check:
    """A figure of a ticket, recorded and measured again.

    Attributes:
        name: Its field in the record.
        recorded: What the record says, a fraction; None without a record.
        measured: What it is now.
        slack: How far the two may differ.
    """

    name: str
    recorded: float | None
    measured: float
    slack: float

    @property
    def agrees(self) -> bool:
        """Whether it is what was recorded, or nothing was."""
        return self.recorded is None or abs(self.recorded - self.measured) < self.slack


def verify(
    folder: str, data_root: str | None, device_name: str, files: dict[str, str] | None = None
) -> list[Check]:
    """Rebuild the model on the physically smaller graph, score it, and compare with the record.

    Args:
        folder: With the ticket.
        data_root: Folder with data sets.
        device_name: As `device=` has it.
        files: Where the files of the user's own graph are now, by `nodes` and `edges`.

    Returns:
        A check for each figure of the record.

    Raises:
        UserError: The ticket is damaged, or of other data than this machine has.
    """
    path = Path(folder)
    run = RunFolder(path.parent if path.is_file() else path)
    device = resolve(device_name)
    ticket = read_ticket(run)
    record = _record_beside(run)
    dataset = _with_files(ticket.dataset, files or {})
    if isinstance(dataset, InMemoryConfig):
        raise UserError(
            f"{run.ticket}: was found on data in memory; glt verify checks tickets of data sets "
            "and files. In Python: glt_cli.load_ticket(folder).predict(data)"
        )
    if data.checksum(dataset, data_root) != ticket.data_checksum:
        raise UserError(
            f"{run.ticket}: the ticket was found on another version of {dataset.shown} "
            "(data checksums differ): verify it on the data that it was found on"
        )
    data.prepare(dataset, data_root, say=partial(print, file=sys.stderr))
    task = make_task(data.load(dataset, data_root), dataset, device)
    if not torch.equal(task.graph.edge_index.cpu(), ticket.edge_index):
        raise UserError(f"{run.tensors}: its edges are not those of {dataset.shown}")
    model = ticket.model().to(device)
    graph = task.graph.keep(ticket.masks[EDGE].to(device))
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
    # Another device adds in another order; a node on the edge may fall either way.
    slack = 1e-9 if device.type == "cpu" else 5e-3
    return [
        Check(name, getattr(record, name) if record else None, value, slack)
        for name, value in measured.items()
    ]


def _with_files(dataset: DatasetConfig, files: dict[str, str]) -> DatasetConfig:
    if not files:
        return dataset
    if not isinstance(dataset, FilesConfig):
        raise UserError(f"--{' --'.join(files)}: the ticket is of {dataset.shown}, not of files")
    return replace(dataset, **files)  # type: ignore[arg-type]


def _record_beside(run: RunFolder) -> Record | None:
    """Read the run's record, if there is one.

    Raises:
        UserError: It is damaged, or belongs to another ticket.
    """
    if not run.record.exists():
        return None
    record = read_record(run)
    if record is None:
        raise UserError(f"{run.record}: damaged, it can't be read as a run's record")
    if record.ticket_sha256 and record.ticket_sha256 != checksums.of_file(run.ticket):
        raise UserError(f"{run.ticket}: changed since the run, it is not what its record describes")
    return record
