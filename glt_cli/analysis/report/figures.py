"""Figures of one cell of a grid: scores against sparsity and MACs, seeds, find time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from glt_cli.analysis.report.drawing import (
    DENSE_COLOR,
    ReportFigure,
    Style,
    legend_below,
    log_scale,
    new_figure,
    styles,
)
from glt_cli.analysis.report.series import Baseline, CurvePoint, GridCell, curve_points
from glt_cli.experiment.record import metric_name

_ELEMENTS = {"graph": "edges", "weight": "weights"}
_OTHER = {"graph": "weight", "weight": "graph"}
_CAPTION = "Bands and bars: ± one standard deviation over seeds. Small points: single seeds."


def cell_figures(cell: GridCell) -> list[ReportFigure]:
    """Draw all figures for which a cell has enough runs."""
    if not cell.settings:
        return []
    curves = [
        score_by_sparsity(cell, "graph"),
        score_by_sparsity(cell, "weight"),
        score_by_macs(cell),
    ]
    return [figure for figure in [*curves, scores_of_seeds(cell), find_time(cell)] if figure]


@dataclass(frozen=True)
class _Curve:
    """Points of one method at one sparsity of the other kind."""

    label: str
    method: str
    points: list[CurvePoint]
    is_first: bool

    def sparsities(self, axis: str) -> list[float]:
        """Graph or weight sparsities in per cent."""
        return [100 * _sparsity(point, axis) for point in self.points]


def _sparsity(point: CurvePoint, axis: str) -> float:
    return point.graph_sparsity if axis == "graph" else point.weight_sparsity


def score_by_sparsity(cell: GridCell, axis: str) -> ReportFigure | None:
    """Draw scores against graph or weight sparsity; None if there is only one sparsity."""
    curves = _curves(cell, axis)
    if not any(len({round(x, 1) for x in curve.sparsities(axis)}) > 1 for curve in curves):
        return None
    method_styles = styles(cell.methods, cell.distilled)
    with new_figure(height=2.9) as (figure, [axes]):
        for curve in curves:
            _draw_curve(axes, curve, axis, method_styles[curve.method])
        _draw_dense(axes, cell.baselines)
        _label(axes, cell, f"{axis} sparsity, %", f"{_metric(cell)}, %")
        legend_below(figure, axes)
    descriptions = [
        f"{curve.label}: "
        + ", ".join(
            f"{100 * np.mean(p.scores):.1f} at {x:.0f}"
            for p, x in zip(curve.points, curve.sparsities(axis), strict=True)
        )
        for curve in curves
    ]
    other = _OTHER[axis]
    moving = [c.label for c in curves if len({round(x, 1) for x in c.sparsities(other)}) > 1]
    note = f" The {other} sparsity of {', '.join(moving)} rises too." if moving else ""
    return ReportFigure(
        name=f"{cell.name}-over-{_ELEMENTS[axis]}",
        title=f"T{_metric(cell)[1:]} against {axis} sparsity",
        alt=f"Per cent, by {axis} sparsity. {_sentence([*descriptions, *_dense(cell)])}",
        caption=_CAPTION + note + _remarks(cell),
        figure=figure,
    )


def _curves(cell: GridCell, axis: str) -> list[_Curve]:
    other = _OTHER[axis]
    lines: dict[tuple[str, float | None], list[CurvePoint]] = {}
    for setting in cell.settings:
        points = curve_points(setting)
        # Rounds change both sparsities; other settings are joined if the other sparsity is equal.
        fixed = None if len(points) > 1 else setting.targets[axis == "graph"]
        lines.setdefault((setting.method, fixed), []).extend(points)
    lines = _join_ladders(lines, axis)
    curves = []
    order = cell.methods
    for (method, fixed), points in sorted(lines.items(), key=lambda item: order.index(item[0][0])):
        fixed_values = [value for name, value in lines if name == method]
        label = method
        if len(fixed_values) > 1:
            label += f", {_other_sparsity(_ELEMENTS[other], fixed)}"
        points.sort(key=lambda point: (_sparsity(point, axis), _sparsity(point, other)))
        curves.append(_Curve(label, method, points, fixed == fixed_values[0]))
    return curves


def _join_ladders(
    lines: dict[tuple[str, float | None], list[CurvePoint]], axis: str
) -> dict[tuple[str, float | None], list[CurvePoint]]:
    """Join a method's single points to one line if both sparsities rise along it.

    Points with sparsity 0 on this axis are left to the figure of the other axis.
    """
    other = _OTHER[axis]
    joined = {key: points for key, points in lines.items() if len(points) > 1}
    single = {key: points[0] for key, points in lines.items() if len(points) == 1}
    for method in dict.fromkeys(name for name, _ in single):
        own = {key: point for key, point in single.items() if key[0] == method}
        rungs = [point for point in own.values() if _sparsity(point, axis)]
        rungs.sort(key=lambda point: _sparsity(point, axis))
        others = [_sparsity(point, other) for point in rungs]
        if others == sorted(others):
            joined.setdefault((method, None), []).extend(rungs)
        else:
            joined |= {key: [point] for key, point in own.items() if point in rungs}
    return joined


def _other_sparsity(elements: str, sparsity: float | None) -> str:
    if sparsity is None:
        return f"{elements} too"
    return f"{elements} −{100 * sparsity:g}%" if sparsity else f"all {elements}"


def _draw_curve(axes: Axes, curve: _Curve, axis: str, style: Style) -> None:
    x = np.array(curve.sparsities(axis))
    scores = [100 * np.array(point.scores) for point in curve.points]
    mean = np.array([s.mean() for s in scores])
    std = np.array([_std(s) for s in scores])
    face = style.face if curve.is_first else "white"
    for sparsity, values in zip(x, scores, strict=True):
        axes.plot(
            np.full(len(values), sparsity),
            values,
            style.marker,
            color=style.color,
            ms=2.5,
            alpha=0.45,
            mew=0,
        )
    axes.plot(
        x, mean, marker=style.marker, color=style.color, ls=style.line, ms=6, mfc=face,
        lw=1.6, label=curve.label,
    )  # fmt: skip
    if len(x) > 1:
        axes.fill_between(x, mean - std, mean + std, color=style.color, alpha=0.13, lw=0)
    else:
        axes.errorbar(x, mean, std, color=style.color, capsize=3, lw=1, fmt="none")


_DENSE_DASHES = [(7, 3), (3, 3), (1, 2), (7, 3, 1, 3), (12, 3), (3, 2, 1, 2, 1, 2)]


def _draw_dense(axes: Axes, baselines: Sequence[Baseline]) -> None:
    lines = [(0, dashes) for dashes in _DENSE_DASHES]
    for i, baseline in enumerate(baselines):
        scores = 100 * np.array(list(baseline.by_seed.values()))
        mean, std = scores.mean(), _std(scores)
        label = _dense_label(baseline, baselines)
        axes.axhline(mean, color=DENSE_COLOR, ls=lines[i % len(lines)], lw=1.2, label=label)
        axes.axhspan(mean - std, mean + std, color=DENSE_COLOR, alpha=0.07, lw=0)


def _remarks(cell: GridCell) -> str:
    """Explain a second dense line, and hollow markers."""
    remarks = ""
    if len(cell.baselines) > 1:
        remarks += " 'dense of' a method: its settings train the dense baseline differently."
    return remarks + about_distilled(cell)


def about_distilled(cell: GridCell) -> str:
    """Explain hollow markers, if there are any."""
    if not cell.distilled:
        return ""
    return " Hollow, 'distilled': trained on the dense model's outputs, not on labels alone."


def _dense_label(baseline: Baseline, baselines: Sequence[Baseline]) -> str:
    return "dense" if baseline is baselines[0] else f"dense of {', '.join(baseline.methods)}"


def score_by_macs(cell: GridCell) -> ReportFigure | None:
    """Draw scores against multiply-adds, with the Pareto front."""
    settings = [s for s in cell.settings if np.isfinite(s.mean("ticket_macs"))]
    if not settings:
        return None
    method_styles = styles(cell.methods, cell.distilled)
    points = [(s.mean("ticket_macs") / 1e6, 100 * s.mean("ticket_test")) for s in settings]
    dense = [(s.mean("dense_macs") / 1e6, 100 * s.mean("dense_test")) for s in settings]
    front = _pareto_front([*points, *dense])
    with new_figure(height=2.9) as (figure, [axes]):
        axes.plot(
            *np.array(front).T, color="#999999", lw=1, drawstyle="steps-post", label="Pareto front"
        )
        in_legend: set[str] = set()
        for setting, (x, y) in zip(settings, points, strict=True):
            style = method_styles[setting.method]
            label = None if setting.method in in_legend else setting.method
            in_legend.add(setting.method)
            deviation = _std(100 * setting.values("ticket_test"))
            axes.errorbar(
                x, y, deviation, fmt=style.marker, color=style.color, mfc=style.face, ms=6,
                capsize=3, lw=1, label=label,
            )  # fmt: skip
        for i, point in enumerate(sorted(set(dense))):
            axes.plot(*point, "*", color=DENSE_COLOR, ms=11, label=None if i else "dense")
        log_scale(axes)
        _label(
            axes, cell, "multiply-adds of one forward pass, millions (log)", f"{_metric(cell)}, %"
        )
        legend_below(figure, axes, columns=3)
    descriptions = [
        f"{s.method}: {y:.1f} at {x:,.0f} million"
        for s, (x, y) in zip(settings, points, strict=True)
    ]
    return ReportFigure(
        name=f"{cell.name}-over-macs",
        title=f"T{_metric(cell)[1:]} against multiply-adds",
        alt=f"Per cent. {_sentence([*descriptions, *_dense(cell)])}",
        caption="Means over seeds, bars ± one standard deviation. No other model is better in both "
        "than one on the Pareto front. Multiply-adds assume a perfect sparse kernel; they are no "
        "measured time." + about_distilled(cell),
        figure=figure,
    )


def _pareto_front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    front: list[tuple[float, float]] = []
    for x, y in sorted(set(points), key=lambda point: (point[0], -point[1])):
        if not front or y > front[-1][1]:
            front.append((x, y))
    return front


def scores_of_seeds(cell: GridCell) -> ReportFigure:
    """Draw the score of every seed as a point, and the means."""
    method_styles = styles(cell.methods, cell.distilled)
    rows = [(s.name, method_styles[s.method], 100 * s.values("ticket_test")) for s in cell.settings]
    rows += [
        (_dense_label(b, cell.baselines), Style(DENSE_COLOR, "*", "-", ""),
         100 * np.array(list(b.by_seed.values())))
        for b in cell.baselines
    ]  # fmt: skip
    with new_figure(height=_height(rows)) as (figure, [axes]):
        _strip(axes, rows)
        if len(cell.baselines) == 1:
            axes.axvline(rows[-1][2].mean(), color=DENSE_COLOR, ls=(0, (7, 3)), lw=1)
        _label(axes, cell, f"{_metric(cell)}, %", "")
    descriptions = [f"{name}: {', '.join(f'{v:.1f}' for v in values)}" for name, _, values in rows]
    return ReportFigure(
        name=f"{cell.name}-seeds",
        title=f"T{_metric(cell)[1:]} of every seed",
        alt=f"Per cent. {_sentence(descriptions)}",
        caption="Points: seeds. Vertical bars: means. "
        "After the method: target graph sparsity / weight sparsity." + _remarks(cell),
        figure=figure,
    )


def find_time(cell: GridCell) -> ReportFigure | None:
    """Draw the wall time of finding the masks."""
    settings = [s for s in cell.settings if np.isfinite(s.mean("find_seconds"))]
    if not settings:
        return None
    method_styles = styles(cell.methods, cell.distilled)
    rows = [(s.name, method_styles[s.method], s.values("find_seconds")) for s in settings]
    with new_figure(height=_height(rows)) as (figure, [axes]):
        _strip(axes, rows)
        log_scale(axes)
        _label(axes, cell, "seconds (log)", "")
    descriptions = [f"{name}: {_seconds(values.mean())} s" for name, _, values in rows]
    devices = sorted({run.record.device for s in settings for run in s.runs})
    return ReportFigure(
        name=f"{cell.name}-find-time",
        title="Time to find the masks",
        alt=f"Means. {_sentence(descriptions)}",
        caption="Wall time of finding the masks, without training the dense baseline and without "
        f"retraining. Measured on {'; '.join(devices)}; other processes may have run alongside.",
        figure=figure,
    )


#: Row names are wrapped after this many characters, to leave room for the figure.
_NAME_WIDTH = 28


def _height(rows: Sequence[tuple[str, Style, NDArray[np.floating[Any]]]]) -> float:
    """The height in inches; names of rows may take several lines."""
    lines = max(_wrapped(name).count("\n") + 1 for name, _, _ in rows)
    return 1.2 + (0.12 + 0.18 * lines) * len(rows)


def _wrapped(name: str) -> str:
    return fill(name.replace(" / ", "\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}"), _NAME_WIDTH)


def _strip(axes: Axes, rows: Sequence[tuple[str, Style, NDArray[np.floating[Any]]]]) -> None:
    for i, (_, style, values) in enumerate(rows):
        y = i + np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else [i]
        axes.plot(
            values, y, style.marker, color=style.color, mfc=style.face, ms=5, alpha=0.7,
            mew=1 if style.is_hollow else 0,
        )  # fmt: skip
        axes.plot([values.mean()] * 2, [i - 0.34, i + 0.34], "-", color=style.color, lw=2.4)
    axes.set_yticks(range(len(rows)), [_wrapped(name) for name, _, _ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)


def _label(axes: Axes, cell: GridCell, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_title(f"{cell.backbone} on {cell.dataset}", loc="left", fontsize=11)


def _metric(cell: GridCell) -> str:
    return f"test {metric_name(cell.metric)}"


def _std(values: NDArray[np.floating[Any]]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _dense(cell: GridCell) -> list[str]:
    return [
        f"{_dense_label(b, cell.baselines)}: {100 * np.mean(list(b.by_seed.values())):.1f}"
        for b in cell.baselines
    ]


def _sentence(parts: Sequence[str]) -> str:
    return "; ".join(parts) + "."


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value >= 0.1 else "below 0.1"
