"""A ticket's folder, and the data that the ticket was found on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from glt_cli import data as data_sets
from glt_cli.config.datasets import DatasetConfig, FilesConfig
from glt_cli.data.graph_data import GraphData
from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.ticket import SavedTicket
from glt_cli.training.tasks import Task, make_task


def folder_of(path: Path) -> RunFolder:
    """Return the folder of a ticket, from its own path or that of its `ticket.json`."""
    return RunFolder(path.parent if path.is_file() else path)


def load_original(
    ticket: SavedTicket,
    dataset: DatasetConfig,
    data_root: str | None,
    device: torch.device,
    advice: str,
    say: Callable[[str], None] | None = None,
) -> Task:
    """Load what a ticket was found on as a task on a device; see `original_graph`."""
    return make_task(original_graph(ticket, dataset, data_root, advice, say), dataset, device)


def original_graph(
    ticket: SavedTicket,
    dataset: DatasetConfig,
    data_root: str | None,
    advice: str,
    say: Callable[[str], None] | None = None,
) -> GraphData:
    """Load the data set or files that a ticket was found on.

    Args:
        ticket: A ticket; not one of data in memory.
        dataset: Its data set, with the present paths of its files.
        data_root: Folder with data sets.
        advice: What to do about another version of the data: the end of the error.
        say: Receives the progress messages of a download.

    Raises:
        UserError: The data is missing, or differs from what the ticket was found on.
    """
    if data_sets.checksum(dataset, data_root) != ticket.data_checksum:
        raise UserError(
            f"the ticket was found on another version of {dataset.shown} (data checksums differ): "
            f"{advice}"
        )
    if say is not None:
        data_sets.prepare(dataset, data_root, say)
    return data_sets.load(dataset, data_root)


def with_files(dataset: DatasetConfig, files: dict[str, str]) -> DatasetConfig:
    """Change the paths of the user's own files, `nodes` and `edges`, which may have moved.

    Raises:
        UserError: The data set isn't the user's own files.
    """
    if not files:
        return dataset
    if not isinstance(dataset, FilesConfig):
        raise UserError(
            f"--{' --'.join(files)}: the ticket was found on {dataset.shown}, not on files"
        )
    return replace(dataset, **files)  # type: ignore[arg-type]
