"""Figures of one run in detail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from glt_cli.analysis.report.drawing import ReportFigure, new_figure
from glt_cli.analysis.report.run_detail import RunDetail
from glt_cli.experiment.record import metric_name

_EDGES, _WEIGHTS = "#0b5fa5", "#c4500a"


def detail_figures(detail: RunDetail, name: str) -> list[ReportFigure]:
    """Draw all figures for which the run has files.

    Args:
        detail: The run.
        name: Prefix of the names of the figures.
    """
    return [figure for figure in (_epochs(detail, name), _degrees(detail, name)) if figure]


def _epochs(detail: RunDetail, name: str) -> ReportFigure | None:
    history = detail.history
    if history is None:
        return None
    metric = metric_name(detail.run.record.metric)
    x = np.arange(1, len(history) + 1)
    phases = _phases(list(history["phase"]))
    rows = 3 if detail.exchanges.empty else 5
    with new_figure(height=1.3 + 1.25 * rows, rows=rows, sharex=True) as (figure, axes):
        axes[0].plot(x, history["loss"], color="#1f1f1f", lw=1)
        axes[0].set_ylabel("loss")
        axes[1].plot(x, 100 * history["val"], color="#1f1f1f", lw=1)
        axes[1].set_ylabel(f"validation\n{metric}, %")
        _sparsities(axes[2], x, history)
        if not detail.exchanges.empty:
            offset = list(history["phase"]).index("denoise")
            _draw_exchanges(axes[3], detail.exchanges, offset, "exchanged")
            _draw_exchanges(axes[4], detail.exchanges, offset, "moved")
            axes[3].set_ylabel("exchanged,\n% of kept")
            axes[4].set_ylabel("not in first\nmasks, % of kept")
        for panel in axes:
            _shade(panel, [(start, stop) for _, start, stop in phases])
        _label_phases(axes[0], phases)
        axes[-1].set_xlabel("epoch, counted through all phases")
    best = history.iloc[int(history["val"].to_numpy().argmax())]
    listed = ", ".join(f"{label} ({stop - start} epochs)" for label, start, stop in phases)
    return ReportFigure(
        name=f"{name}-epochs",
        title="Loss, validation and sparsities by epoch",
        alt=f"Phases: {listed}. The best validation score is {100 * best['val']:.1f} per cent, in "
        f"epoch {int(best['epoch'])} of {best['phase']}.",
        caption="The phases of the run, every second one shaded. Masks and the reported score are "
        "selected by validation.",
        figure=figure,
    )


def _phases(names: Sequence[str]) -> list[tuple[str, int, int]]:
    """Phases as (label, first row, row after the last); numbered rounds count as one phase."""
    phases, start = [], 0
    for _, group in groupby(names, key=lambda phase: re.sub(r" \d+$", " ", phase)):
        members = list(group)
        first, last = members[0], members[-1]
        label = first if first == last else f"{first}–{last.rpartition(' ')[2]}"
        phases.append((label, start, start + len(members)))
        start += len(members)
    return phases


def _label_phases(panel: Axes, phases: Sequence[tuple[str, int, int]]) -> None:
    """Write labels above the phases; raise one if it would overlap the label before it."""
    is_raised = False
    letters = 62  # as many as fit above the panel
    for i, (label, start, _) in enumerate(phases):
        previous, previous_start, previous_stop = phases[i - 1]
        width = (previous_stop - previous_start) / phases[-1][2]
        is_raised = i > 0 and width < len(previous) / letters and not is_raised
        panel.text(
            start + 1,
            1.22 if is_raised else 1.05,
            label,
            fontsize=10,
            transform=panel.get_xaxis_transform(),
        )


def _shade(panel: Axes, spans: Sequence[tuple[int, int]]) -> None:
    for start, stop in spans[1::2]:
        panel.axvspan(start + 0.5, stop + 0.5, color="#f1f1f1", lw=0, zorder=0)
    panel.set_xlim(0.5, spans[-1][1] + 0.5)


def _sparsities(
    panel: Axes, x: np.ndarray[tuple[int], np.dtype[np.int64]], rows: pd.DataFrame
) -> None:
    panel.plot(x, 100 * rows["graph_sparsity"], color=_EDGES, lw=1.6, label="edges")
    panel.plot(
        x, 100 * rows["weight_sparsity"], color=_WEIGHTS, lw=1.6, ls=(0, (5, 2)), label="weights"
    )
    panel.set_ylim(-4, 104)
    panel.set_ylabel("sparsity, %")
    panel.legend(loc="best")


def _draw_exchanges(panel: Axes, exchanges: pd.DataFrame, offset: int, column: str) -> None:
    for label, marker, color in (("edges", "o", _EDGES), ("weights", "s", _WEIGHTS)):
        shares = exchanges[["epoch", f"{label}_{column}"]].dropna()
        if len(shares):
            face = color if label == "edges" else "white"
            x, values = offset + shares["epoch"], 100 * shares[f"{label}_{column}"]
            panel.plot(x, values, marker, color=color, mfc=face, ms=3, lw=0, label=label)
    panel.set_ylim(bottom=0)
    panel.legend(loc="best")


def _degrees(detail: RunDetail, name: str) -> ReportFigure | None:
    degrees, kept = detail.degrees, detail.kept
    if degrees is None or kept is None or kept.all() or not kept.any():
        return None
    limits = [1, 2, 3, 4, 5]
    while limits[-1] <= degrees.max():
        limits.append(2 * limits[-1] - 1)
    labels = [
        f"{low}" if high == low + 1 else f"{low}–{high - 1}" for low, high in pairwise(limits)
    ]
    shares = {
        name: 100 * np.histogram(degrees[mask], limits)[0] / mask.sum()
        for name, mask in (("kept", kept), ("removed", ~kept))
    }
    with new_figure(height=3.2) as (figure, [axes]):
        x = np.arange(len(labels))
        axes.bar(x - 0.2, shares["kept"], 0.4, color=_EDGES, label=f"kept ({kept.sum():,})")
        axes.bar(
            x + 0.2, shares["removed"], 0.4, color="white", edgecolor=_WEIGHTS, hatch="////",
            label=f"removed ({(~kept).sum():,})",
        )  # fmt: skip
        axes.set_xticks(x, labels)
        axes.set_xlabel("smaller degree of an edge's two nodes in the full graph")
        axes.set_ylabel("% of kept and of removed edges")
        axes.grid(axis="x", visible=False)
        axes.legend(loc="best")
    listed = "; ".join(
        f"{label}: {a:.0f} kept, {b:.0f} removed"
        for label, a, b in zip(labels, shares["kept"], shares["removed"], strict=True)
    )
    return ReportFigure(
        name=f"{name}-degrees",
        title="Degrees at kept and removed edges",
        alt=f"Per cent of edges by the smaller degree of their nodes. {listed}.",
        caption="If removed edges have smaller degrees than kept ones, weakly connected nodes lost "
        "their edges.",
        figure=figure,
    )
