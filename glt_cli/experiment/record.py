"""The record of a run: settings, results and provenance as one flat object."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass

from glt_cli.config.variants import label
from glt_cli.data import checksums
from glt_cli.errors import at_home
from glt_cli.experiment.locks import BusyError, locked
from glt_cli.experiment.paths import RunFolder, write_whole
from glt_cli.experiment.typed_json import parse, typed


@dataclass(frozen=True)
class Record:
    """The record of one run. Scores and savings are fractions, times wall seconds, memory MiB.

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
    variant: str = ""
    control: str = "none"
    distill: float = 0.0
    search_distill: float = 0.0
    derived_features: bool = False
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
    #: Mean validation score of the last quarter of training, which no selection flatters.
    dense_late_val: float | None = None
    ticket_late_val: float | None = None
    ticket_epoch: int | None = None
    ticket_sha256: str | None = None
    second_metric: str | None = None
    dense_second_test: float | None = None
    ticket_second_test: float | None = None
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
    #: Fingerprint of glt's code besides the method's (see fingerprint.other_code).
    code: str = ""
    started: str = ""
    finished: str = ""

    @property
    def label(self) -> str:
        """The method's name in tables, with its variant and the differences in its retraining."""
        return label(self.method, self.control, self.distill, self.variant)

    def remarks(self) -> list[str]:
        """Remarks that a table with this run must show, one line each."""
        notes = []
        if self.distill:
            notes.append(
                f"Distilled: trained with {self.distill:g} times the divergence from the dense "
                "model's outputs on all nodes. Its score is no evidence about the edges."
            )
        if self.search_distill and self.search_distill != self.distill:
            notes.append(
                f"The masks come from a search distilled with λ = {self.search_distill:g}."
            )
        if self.control == "reinit":
            notes.append("Control: the found masks with other initial weights.")
        if self.control == "shuffle":
            notes.append("Control: as many kept elements as found, in random places.")
        if self.derived_features:
            notes.append(
                "Input features were computed once from edges of the full message graph and count "
                "as given."
            )
        return notes

    def write(self, folder: RunFolder) -> None:
        """Write it atomically."""
        write_whole(folder.record, json.dumps(asdict(self), indent=2) + "\n")


def metric_name(metric: str) -> str:
    """A metric's name as people write it."""
    names = {"roc_auc": "ROC-AUC", "f1_macro": "macro F1", "hits@50": "Hits@50"}
    return names.get(metric, metric.replace("_", " "))


def read_record(folder: RunFolder) -> Record | None:
    """Read a run's record; None if it is missing or of another format."""
    try:
        return typed(Record, parse(folder.record.read_bytes()))
    except (OSError, ValueError):
        return None


def finished(folder: RunFolder) -> Record | None:
    """Read the record of a finished run; None if it isn't done or a file is missing or damaged."""
    record = read_record(folder)
    if record is None or record.status != "done" or record.dense_test is None:
        return None
    complete = record.ticket_test is not None and all(p.is_file() for p in folder.needed())
    return record if complete and _ticket_is_whole(folder, record) else None


def tidy(folder: RunFolder) -> None:
    """Remove what a killed process left in the folder of a finished run, unless one is at work."""
    if not folder.checkpoint.exists() and not folder.leftovers():
        return
    # Somebody else's folder of runs may be read-only.
    with (
        contextlib.suppress(BusyError, OSError),
        locked(folder.lock, wait=False, on_wait=lambda: None),
    ):
        for path in (*folder.leftovers(), folder.checkpoint):
            path.unlink(missing_ok=True)


def _ticket_is_whole(folder: RunFolder, record: Record) -> bool:
    """Whether the ticket's files are those that the run wrote."""
    try:
        about = folder.ticket.read_bytes()
        tensors = parse(about)["tensors_sha256"]
        return checksums.of_bytes(about) == record.ticket_sha256 and (
            checksums.of_file(folder.tensors) == tensors
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def run_folder(output_dir: str, name: str) -> RunFolder:
    """The folder of a run by its name."""
    return RunFolder(at_home(output_dir, f"output_dir={output_dir}") / name)
