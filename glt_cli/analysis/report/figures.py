"""Figures of one cell of a grid: scores over sparsities and MACs, seeds, and time."""

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
    Drawn,
    Style,
    legend_below,
    log_scale,
    sheet,
    styles,
)
from glt_cli.analysis.report.series import Baseline, CurvePoint, GridCell, points_of
from glt_cli.experiment.record import metric_name

_REMOVED = {"graph": "edges", "weight": "weights"}
_OTHER = {"graph": "weight", "weight": "graph"}
_BAND = "Bands and bars: ± one standard deviation over seeds. Small points: single seeds."


def cell_figures(cell: GridCell) -> list[Drawn]:
    """Draw what a cell's runs give something to draw for."""
    if not cell.settings:
        return []
    drawn = [over_sparsity(cell, "graph"), over_sparsity(cell, "weight"), over_macs(cell)]
    return [figure for figure in [*drawn, seeds(cell), find_time(cell)] if figure]


@dataclass(frozen=True)
class _Curve:
    """Points of one method at one target of the other side."""

    label: str
    method: str
    points: list[CurvePoint]
    is_first: bool

    def at(self, axis: str) -> list[float]:
        """Sparsities in per cent."""
        return [100 * float(getattr(point, axis)) for point in self.points]


def over_sparsity(cell: GridCell, axis: str) -> Drawn | None:
    """Draw scores against graph or weight sparsity; None where there is but one of it."""
    curves = _curves(cell, axis)
    if not any(len({round(x, 1) for x in curve.at(axis)}) > 1 for curve in curves):
        return None
    look = styles(cell.methods)
    with sheet(height=2.9) as (figure, [axes]):
        for curve in curves:
            _draw_curve(axes, curve, axis, look[curve.method])
        _draw_dense(axes, cell.baselines)
        _label(axes, cell, f"{_REMOVED[axis]} removed, %", f"{_metric(cell)}, %")
        legend_below(figure, axes)
    told = [
        f"{curve.label}: "
        + ", ".join(
            f"{100 * np.mean(p.scores):.1f} at {x:.0f}"
            for p, x in zip(curve.points, curve.at(axis), strict=True)
        )
        for curve in curves
    ]
    other = _OTHER[axis]
    along = [c.label for c in curves if len({round(x, 1) for x in c.at(other)}) > 1]
    further = f" Along {', '.join(along)} {_REMOVED[other]} are removed too." if along else ""
    return Drawn(
        name=f"{cell.name}-over-{_REMOVED[axis]}",
        title=f"T{_metric(cell)[1:]} against {axis} sparsity",
        alt=f"Per cent, by share of {_REMOVED[axis]} removed. {_sentence([*told, *_dense(cell)])}",
        caption=_BAND + further + _own_baselines(cell),
        figure=figure,
    )


def _curves(cell: GridCell, axis: str) -> list[_Curve]:
    other = _OTHER[axis]
    lines: dict[tuple[str, float | None], list[CurvePoint]] = {}
    for setting in cell.settings:
        points = points_of(setting)
        # Rounds move both sides at once; settings are joined where the other side stands still.
        fixed = None if len(points) > 1 else setting.targets[axis == "graph"]
        lines.setdefault((setting.method, fixed), []).extend(points)
    lines = _joined(lines, axis)
    curves = []
    order = cell.methods
    for (method, fixed), points in sorted(lines.items(), key=lambda item: order.index(item[0][0])):
        alike = [value for name, value in lines if name == method]
        label = method
        if len(alike) > 1:
            label += f", {_beside(_REMOVED[other], fixed)}"
        points.sort(key=lambda point: (getattr(point, axis), getattr(point, other)))
        curves.append(_Curve(label, method, points, fixed == alike[0]))
    return curves


def _joined(
    lines: dict[tuple[str, float | None], list[CurvePoint]], axis: str
) -> dict[tuple[str, float | None], list[CurvePoint]]:
    """Join a method's single points to one line where they are a ladder: both sides move up.

    Those that have removed nothing on this axis belong to the figure of the other.
    """
    other = _OTHER[axis]
    joined = {key: points for key, points in lines.items() if len(points) > 1}
    alone = {key: points[0] for key, points in lines.items() if len(points) == 1}
    for method in dict.fromkeys(name for name, _ in alone):
        own = {key: point for key, point in alone.items() if key[0] == method}
        rungs = [point for point in own.values() if getattr(point, axis)]
        rungs.sort(key=lambda point: getattr(point, axis))
        steps = [getattr(point, other) for point in rungs]
        if steps == sorted(steps):
            joined.setdefault((method, None), []).extend(rungs)
        else:
            joined |= {key: [point] for key, point in own.items() if point in rungs}
    return joined


def _beside(what: str, removed: float | None) -> str:
    if removed is None:
        return f"{what} along"
    return f"{what} −{100 * removed:g}%" if removed else f"all {what}"


def _draw_curve(axes: Axes, curve: _Curve, axis: str, style: Style) -> None:
    x = np.array(curve.at(axis))
    scores = [100 * np.array(point.scores) for point in curve.points]
    mean = np.array([s.mean() for s in scores])
    std = np.array([_std(s) for s in scores])
    face = style.color if curve.is_first else "white"
    for place, values in zip(x, scores, strict=True):
        spots = np.full(len(values), place)
        axes.plot(spots, values, style.marker, color=style.color, ms=2.5, alpha=0.45, mew=0)
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


def _own_baselines(cell: GridCell) -> str:
    """Say what a second dense line is."""
    if len(cell.baselines) == 1:
        return ""
    return " Dense of a method: its settings train the dense baseline differently."


def _dense_label(baseline: Baseline, among: Sequence[Baseline]) -> str:
    return "dense" if baseline is among[0] else f"dense of {', '.join(baseline.methods)}"


def over_macs(cell: GridCell) -> Drawn | None:
    """Draw scores against multiply-adds, with the front of what nothing else beats in both."""
    known = [s for s in cell.settings if np.isfinite(s.mean("ticket_macs"))]
    if not known:
        return None
    look = styles(cell.methods)
    places = [(s.mean("ticket_macs") / 1e6, 100 * s.mean("ticket_test")) for s in known]
    dense = [(s.mean("dense_macs") / 1e6, 100 * s.mean("dense_test")) for s in known]
    front = _front([*places, *dense])
    with sheet(height=2.9) as (figure, [axes]):
        axes.plot(*np.array(front).T, color="#999999", lw=1, drawstyle="steps-post", label="front")
        shown: set[str] = set()
        for setting, (x, y) in zip(known, places, strict=True):
            style = look[setting.method]
            label = None if setting.method in shown else setting.method
            shown.add(setting.method)
            spread = _std(100 * setting.values("ticket_test"))
            axes.errorbar(
                x, y, spread, fmt=style.marker, color=style.color, ms=6, capsize=3, lw=1,
                label=label,
            )  # fmt: skip
        for i, place in enumerate(sorted(set(dense))):
            axes.plot(*place, "*", color=DENSE_COLOR, ms=11, label=None if i else "dense")
        log_scale(axes)
        _label(
            axes, cell, "multiply-adds of one forward pass, millions (log)", f"{_metric(cell)}, %"
        )
        legend_below(figure, axes, columns=3)
    told = [
        f"{s.method}: {y:.1f} at {x:,.0f} million" for s, (x, y) in zip(known, places, strict=True)
    ]
    return Drawn(
        name=f"{cell.name}-over-macs",
        title=f"T{_metric(cell)[1:]} against multiply-adds",
        alt=f"Per cent. {_sentence([*told, *_dense(cell)])}",
        caption="Means over seeds, bars ± one standard deviation. The front joins what nothing "
        "else beats in both. Unstructured multiply-adds are an ideal, no measured time.",
        figure=figure,
    )


def _front(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    front: list[tuple[float, float]] = []
    for x, y in sorted(set(places), key=lambda place: (place[0], -place[1])):
        if not front or y > front[-1][1]:
            front.append((x, y))
    return front


def seeds(cell: GridCell) -> Drawn:
    """Draw every seed's score as a point, and means."""
    look = styles(cell.methods)
    rows = [(s.name, look[s.method], 100 * s.values("ticket_test")) for s in cell.settings]
    rows += [
        (_dense_label(b, cell.baselines), Style(DENSE_COLOR, "*", "-", ""),
         100 * np.array(list(b.by_seed.values())))
        for b in cell.baselines
    ]  # fmt: skip
    with sheet(height=_height(rows)) as (figure, [axes]):
        _strip(axes, rows)
        if len(cell.baselines) == 1:
            axes.axvline(rows[-1][2].mean(), color=DENSE_COLOR, ls=(0, (7, 3)), lw=1)
        _label(axes, cell, f"{_metric(cell)}, %", "")
    told = [f"{name}: {', '.join(f'{v:.1f}' for v in values)}" for name, _, values in rows]
    return Drawn(
        name=f"{cell.name}-seeds",
        title=f"T{_metric(cell)[1:]} of every seed",
        alt=f"Per cent. {_sentence(told)}",
        caption="Points: seeds. Upright bars: means. "
        "Behind the method: shares of edges / weights removed." + _own_baselines(cell),
        figure=figure,
    )


def find_time(cell: GridCell) -> Drawn | None:
    """Draw the wall time that finding the masks took."""
    known = [s for s in cell.settings if np.isfinite(s.mean("find_seconds"))]
    if not known:
        return None
    look = styles(cell.methods)
    rows = [(s.name, look[s.method], s.values("find_seconds")) for s in known]
    with sheet(height=_height(rows)) as (figure, [axes]):
        _strip(axes, rows)
        log_scale(axes)
        _label(axes, cell, "seconds (log)", "")
    told = [f"{name}: {_seconds(values.mean())} s" for name, _, values in rows]
    devices = sorted({run.record.device for s in known for run in s.runs})
    return Drawn(
        name=f"{cell.name}-find-time",
        title="Time to find the masks",
        alt=f"Means. {_sentence(told)}",
        caption="Wall time of all that was needed to find the masks; the dense baseline and "
        f"retraining are apart. Measured on {'; '.join(devices)}, beside whatever else ran.",
        figure=figure,
    )


#: Characters of a row's name in a line: more would leave no room for the figure.
_NAME_WIDTH = 28


def _height(rows: Sequence[tuple[str, Style, NDArray[np.floating[Any]]]]) -> float:
    """Inches for so many rows, whose names may take several lines."""
    lines = max(_folded(name).count("\n") + 1 for name, _, _ in rows)
    return 1.2 + (0.12 + 0.18 * lines) * len(rows)


def _folded(name: str) -> str:
    return fill(name.replace(" / ", "\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}"), _NAME_WIDTH)


def _strip(axes: Axes, rows: Sequence[tuple[str, Style, NDArray[np.floating[Any]]]]) -> None:
    for i, (_, style, values) in enumerate(rows):
        spots = i + np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else [i]
        axes.plot(values, spots, style.marker, color=style.color, ms=5, alpha=0.7, mew=0)
        axes.plot([values.mean()] * 2, [i - 0.34, i + 0.34], "-", color=style.color, lw=2.4)
    axes.set_yticks(range(len(rows)), [_folded(name) for name, _, _ in rows])
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
