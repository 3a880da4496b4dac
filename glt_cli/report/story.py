"""What is on disk about one run beside its scores: epochs, exchanges, and which edges survived."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from glt_cli import data
from glt_cli.collect import Run
from glt_cli.config.datasets import DatasetConfig, default
from glt_cli.data.forms import NodeData
from glt_cli.errors import UserError
from glt_cli.paths import RunFolder
from glt_cli.pruning.schedules import SCHEDULES, exchange_count
from glt_cli.report.words import recorded

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Agreement:
    """Share of edges that join two nodes of one class; None where there are no such edges."""

    kept: float | None
    removed: float | None
    all: float


@dataclass(frozen=True)
class Exchange:
    """One exchange of a denoising phase: after which of its epochs, and which shares of the kept.

    A share is None where nothing of that kind is pruned.
    """

    epoch: int
    edges: float | None
    weights: float | None


@dataclass(frozen=True)
class Moved:
    """How far the kept edges are from those of the one-shot run that began the same way.

    Attributes:
        other: Its folder's name.
        share: Of the edges kept in the end, those which that run had removed.
        chance: What that share would be for edges kept at random.
    """

    other: str
    share: float
    chance: float


@dataclass(frozen=True)
class Story:
    """One run, as far as its files tell.

    Attributes:
        run: The run.
        history: Rows of `history.csv`; None where it is missing or damaged.
        degrees: [E] of each edge, the smaller degree of its two ends in the full graph.
        kept: [E] whether the ticket keeps the edge; None, like `degrees`, without a ticket.
        agreement: Of classes, or a sentence that says why it can't be told.
        exchanges: Planned exchanges, empty where the method has none.
        moved: None where no run to compare with is at hand.
    """

    run: Run
    history: pd.DataFrame | None
    degrees: NDArray[np.int64] | None
    kept: Bools | None
    agreement: Agreement | str
    exchanges: list[Exchange]
    moved: Moved | None


def tell(run: Run, others: Iterable[Run], data_root: str | None) -> Story:
    """Read what a run left.

    Args:
        run: A finished run.
        others: Runs among which may be the one-shot run that began the same way.
        data_root: Folder with data sets, for class labels.
    """
    config = recorded(run.folder) or {}
    history = _history(run.folder)
    denoised = history is not None and "denoise" in set(history["phase"])
    edges = _edges(run.folder)
    if edges is None:
        reason = "The ticket's file is missing or damaged, so its edges can't be shown."
        return Story(run, history, None, None, reason, [], None)
    ends, kept = edges
    degree = np.bincount(ends.ravel())
    return Story(
        run=run,
        history=history,
        degrees=degree[ends].min(axis=0),
        kept=kept,
        agreement=_agreement(run.folder, ends, kept, data_root),
        exchanges=_exchanges(config, _counts(run.folder)) if denoised else [],
        moved=_moved(run, config, kept, others) if denoised else None,
    )


def _history(folder: RunFolder) -> pd.DataFrame | None:
    columns = ["phase", "epoch", "loss", "val", "graph_sparsity", "weight_sparsity"]
    try:
        rows = pd.read_csv(folder.history, dtype=dict.fromkeys(columns[2:], float))[columns]
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


def _counts(folder: RunFolder) -> dict[str, tuple[int, int]]:
    """Kept and all elements of each mask."""
    with safe_open(folder.tensors, framework="numpy") as tensors:
        masks = {k: tensors.get_tensor(k) for k in tensors.keys() if k.startswith("mask.")}  # noqa: SIM118
    return {name.removeprefix("mask."): (int(m.sum()), m.size) for name, m in masks.items()}


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


def _exchanges(config: dict[str, Any], counts: dict[str, tuple[int, int]]) -> list[Exchange]:
    """Follow the schedule: how many elements each exchange swaps is fixed by settings alone.

    A warm-up shifts the counts between exchanges; such a run's are left out.
    """
    method = config.get("method", {})
    wanted = ("epochs", "interval", "alpha", "schedule")
    if not all(key in method for key in wanted) or method.get("warmup_exchanges"):
        return []
    epochs, interval, alpha, schedule = (method[key] for key in wanted)
    if schedule not in SCHEDULES:
        return []
    edges = [count for name, count in counts.items() if name == "edge"]
    weights = [count for name, count in counts.items() if name != "edge"]
    return [
        Exchange(
            t, *(_swapped(of, SCHEDULES[schedule](alpha, t, epochs)) for of in (edges, weights))
        )
        for t in range(interval, epochs, interval)
    ]


def _swapped(counts: Sequence[tuple[int, int]], fraction: float) -> float | None:
    if all(kept == total for kept, total in counts):
        return None
    swapped = sum(exchange_count(fraction, kept, total - kept) for kept, total in counts)
    return swapped / max(1, sum(kept for kept, _ in counts))


def _moved(run: Run, config: dict[str, Any], kept: Bools, others: Iterable[Run]) -> Moved | None:
    """Compare with a one-shot run of the same seed: its masks are those that denoising began with.

    So it is where all settings that the two methods share are equal.
    """
    method = config.get("method", {})
    same_start = method.get("initial_mask") == "magnitude" and not method.get("warmup_exchanges")
    if not same_start or kept.all():
        return None
    for other in others:
        mine, its = run.record, other.record
        if its.method != "oneshot" or (its.seed, its.device) != (mine.seed, mine.device):
            continue
        begun = recorded(other.folder) or {}
        cut = begun.get("method", {})
        alike = all(method.get(k) == v for k, v in cut.items() if k != "name")
        parts = ("backbone", "dataset", "sparsity", "trainer", "retrain")
        if not alike or any(begun.get(part) != config.get(part) for part in parts):
            continue
        edges = _edges(other.folder)
        if edges is not None and edges[1].shape == kept.shape:
            removed = ~edges[1]
            return Moved(other.folder.path.name, float(removed[kept].mean()), float(removed.mean()))
    return None
