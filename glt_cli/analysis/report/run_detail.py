"""One run in detail, from its files: epochs, exchanges, and which edges were kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from glt_cli import data
from glt_cli.analysis.collect import StoredRun
from glt_cli.config.datasets import DatasetConfig, schema
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.typed_json import parse, typed

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """Shares of edges that join two nodes of one class; None if there are no edges of that kind."""

    kept: float | None
    removed: float | None
    all: float


@dataclass(frozen=True)
class MaskChange:
    """How much the selected masks differ from the first ones.

    Attributes:
        epoch: The denoising epoch whose masks were selected.
        edges: Share of the kept edges that the first masks removed; None if edges are not pruned.
        weights: The same for weights.
    """

    epoch: int
    edges: float | None
    weights: float | None


@dataclass(frozen=True)
class RunDetail:
    """One run in detail, as far as its files are there.

    Attributes:
        run: The run.
        history: Rows of `history.csv`; None if it is missing or damaged.
        degrees: [E] the smaller degree of each edge's two nodes in the full graph.
        kept: [E] whether the ticket keeps the edge; None, like `degrees`, without a ticket.
        agreement: Agreement of classes along edges, or a sentence on why it is not known.
        exchanges: Epochs with an exchange: shares of the kept elements that are new, and that the
            first masks removed.
        mask_change: None without exchanges.
    """

    run: StoredRun
    history: pd.DataFrame | None
    degrees: NDArray[np.int64] | None
    kept: Bools | None
    agreement: Agreement | str
    exchanges: pd.DataFrame
    mask_change: MaskChange | None


#: Columns of the history about exchanges; older versions did not write them.
_EXCHANGE_COLUMNS = ("edges_exchanged", "weights_exchanged", "edges_moved", "weights_moved")


def read_detail(run: StoredRun, data_root: str | None) -> RunDetail:
    """Read the files of a run.

    Args:
        run: A finished run.
        data_root: Folder with data sets, for the classes of nodes.
    """
    history = _history(run.folder)
    exchanges = (
        pd.DataFrame(columns=["epoch", *_EXCHANGE_COLUMNS])
        if history is None
        else _exchanges(history)
    )
    change = None if history is None else _mask_change(history, exchanges)
    ticket_edges = _ticket_edges(run.folder)
    if ticket_edges is None:
        reason = "The ticket's file is missing or damaged, so its edges can't be shown."
        return RunDetail(run, history, None, None, reason, exchanges, change)
    edges, kept = ticket_edges
    degree = np.bincount(edges.ravel())
    return RunDetail(
        run=run,
        history=history,
        degrees=degree[edges].min(axis=0),
        kept=kept,
        agreement=_agreement(run.folder, edges, kept, data_root),
        exchanges=exchanges,
        mask_change=change,
    )


def _history(folder: RunFolder) -> pd.DataFrame | None:
    columns = ["phase", "epoch", "loss", "val", "graph_sparsity", "weight_sparsity"]
    try:
        rows = pd.read_csv(
            folder.history, dtype=dict.fromkeys([*columns[2:], *_EXCHANGE_COLUMNS], float)
        )
        rows = rows.reindex(columns=[*rows[columns], *_EXCHANGE_COLUMNS])
    except (OSError, ValueError, KeyError):
        return None
    return rows if len(rows) else None


def _ticket_edges(folder: RunFolder) -> tuple[NDArray[np.int64], Bools] | None:
    try:
        with safe_open(folder.tensors, framework="numpy") as tensors:
            edges, kept = tensors.get_tensor("edge_index"), tensors.get_tensor("mask.edge")
    except (OSError, SafetensorError):
        return None
    if kept.dtype != bool or edges.shape != (2, *kept.shape) or not kept.size or edges.min() < 0:
        return None
    return edges, kept


def _agreement(
    folder: RunFolder, edges: NDArray[np.int64], kept: Bools, root: str | None
) -> Agreement | str:
    try:
        ticket = parse(folder.ticket.read_bytes())
        dataset: DatasetConfig = typed(schema(ticket["dataset"]["name"]), ticket["dataset"])
        checksum = ticket["data_checksum"]
    except (OSError, ValueError, KeyError, TypeError):
        return "The ticket does not say which data set it belongs to, so classes are not known."
    try:
        if not data.is_present(dataset, root):
            return f"The classes of nodes need the data set {dataset.shown}, which is not here."
        if data.checksum(dataset, root) != checksum:
            return f"The data set {dataset.shown} is another version here, so classes are left out."
        raw = data.load(dataset, root)
    except UserError as error:
        return f"The classes of nodes need the data set {dataset.shown}: {error}"
    if not isinstance(raw, NodeData) or raw.y.ndim != 1:
        return f"Nodes of {dataset.shown} do not have one class each, so agreement is left out."
    if edges.max() >= len(raw.y):
        return f"The ticket's edges are not those of {dataset.shown}, so classes are left out."
    classes = raw.y[edges]
    known: Bools = np.min(classes, axis=0) >= 0
    same: Bools = np.equal(classes[0], classes[1])
    return Agreement(
        _share(same, known & kept), _share(same, known & ~kept), _share(same, known) or 0.0
    )


def _share(mask: Bools, among: Bools) -> float | None:
    return float(mask[among].mean()) if among.any() else None


def _exchanges(history: pd.DataFrame) -> pd.DataFrame:
    rows = history[history["phase"] == "denoise"]
    return rows.dropna(how="all", subset=list(_EXCHANGE_COLUMNS))[["epoch", *_EXCHANGE_COLUMNS]]


def _mask_change(history: pd.DataFrame, exchanges: pd.DataFrame) -> MaskChange | None:
    """Find the selected epoch, the best one at the targets, and the last exchange before it."""
    rows = history[history["phase"] == "denoise"]
    if exchanges.empty:
        return None
    sparsities = ["graph_sparsity", "weight_sparsity"]
    at_targets = rows[(rows[sparsities] >= rows[sparsities].iloc[-1]).all(axis=1)]
    epoch = int(at_targets["epoch"].iloc[int(at_targets["val"].to_numpy().argmax())])
    before = exchanges[exchanges["epoch"] < epoch]
    if before.empty:
        return MaskChange(epoch, 0.0, 0.0)
    edges, weights = before[["edges_moved", "weights_moved"]].iloc[-1]
    return MaskChange(epoch, _or_none(edges), _or_none(weights))


def _or_none(share: float) -> float | None:
    return None if np.isnan(share) else float(share)
