"""What is on disk about one run beside its scores: epochs, exchanges, and which edges survived."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from glt_cli import data
from glt_cli.analysis.collect import StoredRun
from glt_cli.config.datasets import DatasetConfig, default
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """Share of edges that join two nodes of one class; None where there are no such edges."""

    kept: float | None
    removed: float | None
    all: float


@dataclass(frozen=True)
class Moved:
    """How far the selected masks are from the first ones, those of the one shot.

    Attributes:
        epoch: The denoising epoch whose masks were selected.
        edges: Share of the kept edges that the first masks had removed; None if none are pruned.
        weights: Likewise.
    """

    epoch: int
    edges: float | None
    weights: float | None


@dataclass(frozen=True)
class RunDetail:
    """One run, as far as its files tell.

    Attributes:
        run: The run.
        history: Rows of `history.csv`; None where it is missing or damaged.
        degrees: [E] of each edge, the smaller degree of its two ends in the full graph.
        kept: [E] whether the ticket keeps the edge; None, like `degrees`, without a ticket.
        agreement: Of classes, or a sentence that says why it can't be told.
        exchanges: Rows of the history after which elements were exchanged: epoch, shares of the
            kept that entered, and that the first masks had removed.
        moved: None without exchanges.
    """

    run: StoredRun
    history: pd.DataFrame | None
    degrees: NDArray[np.int64] | None
    kept: Bools | None
    agreement: Agreement | str
    exchanges: pd.DataFrame
    moved: Moved | None


#: Columns of the history that tell of exchanges; runs of older versions lack them.
_SHARES = ("edges_exchanged", "weights_exchanged", "edges_moved", "weights_moved")


def tell(run: StoredRun, data_root: str | None) -> RunDetail:
    """Read what a run left.

    Args:
        run: A finished run.
        data_root: Folder with data sets, for class labels.
    """
    history = _history(run.folder)
    exchanges = (
        pd.DataFrame(columns=["epoch", *_SHARES]) if history is None else _exchanges(history)
    )
    moved = None if history is None else _moved(history, exchanges)
    edges = _edges(run.folder)
    if edges is None:
        reason = "The ticket's file is missing or damaged, so its edges can't be shown."
        return RunDetail(run, history, None, None, reason, exchanges, moved)
    ends, kept = edges
    degree = np.bincount(ends.ravel())
    return RunDetail(
        run=run,
        history=history,
        degrees=degree[ends].min(axis=0),
        kept=kept,
        agreement=_agreement(run.folder, ends, kept, data_root),
        exchanges=exchanges,
        moved=moved,
    )


def _history(folder: RunFolder) -> pd.DataFrame | None:
    columns = ["phase", "epoch", "loss", "val", "graph_sparsity", "weight_sparsity"]
    try:
        rows = pd.read_csv(folder.history, dtype=dict.fromkeys([*columns[2:], *_SHARES], float))
        rows = rows.reindex(columns=[*rows[columns], *_SHARES])
    except (OSError, ValueError, KeyError):
        return None
    return rows if len(rows) else None


def _edges(folder: RunFolder) -> tuple[NDArray[np.int64], Bools] | None:
    try:
        with safe_open(folder.tensors, framework="numpy") as tensors:
            ends, kept = tensors.get_tensor("edge_index"), tensors.get_tensor("mask.edge")
    except (OSError, SafetensorError):
        return None
    if kept.dtype != bool or ends.shape != (2, *kept.shape) or not kept.size or ends.min() < 0:
        return None
    return ends, kept


def _agreement(
    folder: RunFolder, ends: NDArray[np.int64], kept: Bools, root: str | None
) -> Agreement | str:
    try:
        about = json.loads(folder.ticket.read_text())
        dataset: DatasetConfig = default(**about["dataset"])
        checksum = about["data_checksum"]
    except (OSError, ValueError, KeyError, TypeError):
        return "The ticket does not say of which data it is, so classes can't be told."
    try:
        if not data.is_present(dataset, root):
            return f"Classes of nodes need the data set {dataset.shown}, which is not here."
        if data.checksum(dataset, root) != checksum:
            return f"The data set {dataset.shown} here is another version, so classes are left out."
        raw = data.load(dataset, root)
    except UserError as error:
        return f"Classes of nodes need the data set {dataset.shown}: {error}"
    if not isinstance(raw, NodeData) or raw.y.ndim != 1:
        return f"Nodes of {dataset.shown} have no single class each, so agreement is left out."
    if ends.max() >= len(raw.y):
        return f"The ticket's edges are not those of {dataset.shown}, so classes are left out."
    classes = raw.y[ends]
    known: Bools = np.min(classes, axis=0) >= 0
    same: Bools = np.equal(classes[0], classes[1])
    return Agreement(
        _share(same, known & kept), _share(same, known & ~kept), _share(same, known) or 0.0
    )


def _share(what: Bools, among: Bools) -> float | None:
    return float(what[among].mean()) if among.any() else None


def _exchanges(history: pd.DataFrame) -> pd.DataFrame:
    rows = history[history["phase"] == "denoise"]
    return rows.dropna(how="all", subset=list(_SHARES))[["epoch", *_SHARES]]


def _moved(history: pd.DataFrame, exchanges: pd.DataFrame) -> Moved | None:
    """Look up the selected epoch, the best at the targets, and the last exchange before it."""
    rows = history[history["phase"] == "denoise"]
    if exchanges.empty:
        return None
    sparsities = ["graph_sparsity", "weight_sparsity"]
    at_targets = rows[(rows[sparsities] >= rows[sparsities].iloc[-1]).all(axis=1)]
    epoch = int(at_targets["epoch"].iloc[int(at_targets["val"].to_numpy().argmax())])
    before = exchanges[exchanges["epoch"] < epoch]
    if before.empty:
        return Moved(epoch, 0.0, 0.0)
    edges, weights = before[["edges_moved", "weights_moved"]].iloc[-1]
    return Moved(epoch, _known(edges), _known(weights))


def _known(share: float) -> float | None:
    return None if np.isnan(share) else float(share)
