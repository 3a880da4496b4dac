"""What a run leaves as numbers: one flat record."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from glt_cli.paths import RunFolder, write_whole


@dataclass
class Record:
    """One run. Scores and savings are fractions, times wall seconds, memory MiB.

    Fields after `error` are provenance: they differ between equal runs.
    """

    method: str
    backbone: str
    dataset: str
    task: str
    metric: str
    seed: int
    config_hash: str
    graph_sparsity_target: float
    weight_sparsity_target: float
    graph_sparsity: float | None = None
    weight_sparsity: float | None = None
    edges: int | None = None
    edges_kept: int | None = None
    weights: int | None = None
    weights_kept: int | None = None
    dense_val: float | None = None
    dense_test: float | None = None
    ticket_val: float | None = None
    ticket_test: float | None = None
    ticket_epoch: int | None = None
    dense_macs: int | None = None
    ticket_macs: int | None = None
    mac_saving: float | None = None
    dense_macs_skipping_zeros: int | None = None
    ticket_macs_skipping_zeros: int | None = None
    find_epochs: int | None = None
    status: str = "failed"
    error: str | None = None
    device: str = ""
    dense_seconds: float | None = None
    dense_reused: bool | None = None
    find_seconds: float | None = None
    retrain_seconds: float | None = None
    peak_memory_mb: float | None = None
    versions: str = ""
    commit: str | None = None
    started: str = ""
    finished: str = ""

    def write(self, folder: RunFolder) -> None:
        """Write it whole."""
        write_whole(folder.record, json.dumps(asdict(self), indent=2) + "\n")


def read_record(folder: RunFolder) -> Record | None:
    """Read a run's record, or None where there is none, or none of this form."""
    try:
        return Record(**json.loads(folder.record.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def finished(folder: RunFolder) -> Record | None:
    """Read the record of a run that is done, its ticket beside it; else None."""
    record = read_record(folder)
    complete = record is not None and record.status == "done" and folder.tensors.is_file()
    return record if complete else None


def run_folder(output_dir: str, name: str) -> RunFolder:
    """The folder of a run by its name."""
    return RunFolder(Path(output_dir) / name)
