from pathlib import Path

import numpy as np
import pytest

from glt_cli.analysis.collect import collect
from glt_cli.analysis.report.drawing import ReportFigure
from glt_cli.analysis.report.headline import headline
from glt_cli.analysis.report.series import cells_of
from tests.analysis.report.runs import make_run


def headline_of(root: Path) -> ReportFigure | None:
    [cell] = cells_of(collect([str(root)]), 0.005)
    return headline(cell)


def test_a_mark_for_each_setting_and_the_small_dense_control(tmp_path: Path) -> None:
    for seed in range(2):
        for weight in (0.5, 0.9):
            words = ["method=guided", f"sparsity.weight={weight}", f"seed={seed}"]
            make_run(tmp_path, words, 0.79 + seed / 100)
        make_run(tmp_path, ["method=small_dense", "sparsity.weight=0.9", f"seed={seed}"], 0.75)
    figure = headline_of(tmp_path)
    assert figure
    axes = figure.figure.axes[0]
    marks = {
        tuple(np.round(np.asarray(line.get_xydata())[0], 2))
        for line in axes.get_lines()
        if str(line.get_gid() or "").startswith("mark-")
    }
    assert marks == {(50, -0.5), (10, -0.5), (10, -5)}
    assert axes.get_xscale() == "log"
    assert {"dense", "small_dense"} <= set(axes.get_legend_handles_labels()[1])
    svg = figure.inline()
    assert svg.count("<title>") == 3
    assert "35% / 90%: -0.50 points (-6.85 to +5.85), 10 % of multiply-adds, 2 seeds</title>" in svg


def test_names_are_escaped_where_the_pointer_shows_them(tmp_path: Path) -> None:
    make_run(tmp_path, ["method=guided"], 0.79, variant="<script>")
    figure = headline_of(tmp_path)
    assert figure
    assert "<script>" not in figure.inline()
    assert "&lt;script&gt;" in figure.inline()


@pytest.mark.parametrize("macs", [None, 0])
def test_nothing_is_drawn_without_multiply_adds(macs: int | None, tmp_path: Path) -> None:
    make_run(tmp_path, ["method=guided"], 0.79, ticket_macs=macs)
    assert headline_of(tmp_path) is None
