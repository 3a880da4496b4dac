"""The headline figure of a cell: what each ticket loses, against what it still computes."""

from __future__ import annotations

import numpy as np

from glt_cli.analysis.report.brief import in_brackets
from glt_cli.analysis.report.drawing import (
    DENSE_COLOR,
    ReportFigure,
    legend_below,
    log_scale,
    new_figure,
    styles,
)
from glt_cli.analysis.report.figures import about_distilled
from glt_cli.analysis.report.series import GridCell, Setting
from glt_cli.experiment.record import metric_name
from glt_cli.terminal import plural


def headline(cell: GridCell) -> ReportFigure | None:
    """Draw differences to dense against kept multiply-adds; None if no setting has both."""
    settings = [s for s in cell.settings if s.kept_macs > 0]
    if not settings:
        return None
    metric = metric_name(cell.metric)
    method_styles = styles(cell.methods, cell.distilled)
    descriptions = [_described(setting) for setting in settings]
    with new_figure(height=3.4) as (figure, [axes]):
        axes.axhline(0, color=DENSE_COLOR, ls=(0, (7, 3)), lw=1.2, label="dense")
        scores = 100 * np.array(list(cell.baselines[0].by_seed.values()))
        if len(scores) > 1:
            deviation = float(scores.std(ddof=1))
            axes.axhspan(
                -deviation, deviation, color=DENSE_COLOR, alpha=0.07, lw=0, label="its deviation"
            )
        in_legend: set[str] = set()
        for i, setting in enumerate(settings):
            difference = setting.result.estimates["difference"]
            x, y = 100 * setting.kept_macs, 100 * difference.mean
            style = method_styles[setting.method]
            if difference.lower is not None and difference.upper is not None:
                ends = [[y - 100 * difference.lower], [100 * difference.upper - y]]
                axes.errorbar(x, y, ends, color=style.color, fmt="none", capsize=3, lw=1)
            label = None if setting.method in in_legend else setting.method
            in_legend.add(setting.method)
            [mark] = axes.plot(
                x, y, style.marker, color=style.color, mfc=style.face, ms=8, label=label
            )
            mark.set_gid(_gid(i))
        log_scale(axes)
        axes.set_xlabel("multiply-adds kept, % of the dense model's (log)")
        axes.set_ylabel(f"{metric} against dense, points")
        axes.set_title(f"{cell.backbone} on {cell.dataset}", loc="left", fontsize=11)
        legend_below(figure, axes, columns=3)
    return ReportFigure(
        name=f"{cell.name}-headline",
        title=f"{metric[0].upper()}{metric[1:]} lost, and work left: "
        f"{cell.backbone} on {cell.dataset}",
        alt=f"{'; '.join(descriptions)}.",
        caption="Further left is less work, higher is better. Marks: means of paired differences "
        "to dense on test, with 95 % intervals over seeds; a single seed has none. Grey: ± one "
        "standard deviation of the dense model over seeds. Multiply-adds are no measured time."
        + about_distilled(cell),
        figure=figure,
        hovers={_gid(i): text for i, text in enumerate(descriptions)},
    )


def _gid(i: int) -> str:
    return f"mark-{i}"


def _described(setting: Setting) -> str:
    difference = setting.result.estimates["difference"]
    return (
        f"{setting.name}: {100 * difference.mean:+.2f} points{in_brackets(difference)}, "
        f"{100 * setting.kept_macs:.3g} % of multiply-adds, {plural(len(setting.seeds), 'seed')}"
    )
