"""Distilled runs stand apart from those trained on labels."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from glt_cli.analysis.collect import collect
from glt_cli.analysis.report.figures import cell_figures
from glt_cli.analysis.report.series import cells_of
from glt_cli.analysis.report.summary_text import cell_summary
from tests.analysis.report.runs import make_run
from tests.analysis.report.test_report_command import Reader, words

Glt = Callable[..., tuple[int, str, str]]


def make_both(root: Path) -> None:
    """A setting on labels, and a better one, on more seeds, that is distilled."""
    for seed in range(2):
        make_run(root, [f"seed={seed}"], 0.78)
    for seed in range(3):
        make_run(root, ["retrain.distill=1", f"seed={seed}"], 0.82, distill=1.0)


def test_the_run_in_detail_was_trained_on_labels(tmp_path: Path, glt: Glt) -> None:
    make_both(tmp_path / "o")
    page = tmp_path / "r.html"
    assert glt("report", str(tmp_path / "o"), "--output", str(page))[0] == 0
    text = words(Reader(page.read_text()).text)
    assert "fastglt, seed 0, 35 % of edges and 93 % of weights removed: the median seed" in text
    assert "fastglt (distilled 1), seed" not in text
    assert "Distilled from the dense model: test accuracy in per cent" in text


def test_a_distilled_run_is_shown_where_there_is_no_other(tmp_path: Path, glt: Glt) -> None:
    make_run(tmp_path / "o", ["retrain.distill=1"], 0.82, distill=1.0)
    page = tmp_path / "r.html"
    assert glt("report", str(tmp_path / "o"), "--output", str(page))[0] == 0
    assert "fastglt (distilled 1), seed 0" in words(Reader(page.read_text()).text)


def test_distilled_and_other_tickets_are_not_ranked_together(tmp_path: Path) -> None:
    make_both(tmp_path)
    [cell] = cells_of(collect([str(tmp_path)]), 0.005)
    assert "highest mean" not in " ".join(cell_summary(cell, 0.005))
    assert cell.methods == ["fastglt", "fastglt (distilled 1)"]


def test_markers_of_distilled_tickets_are_hollow(tmp_path: Path) -> None:
    make_both(tmp_path)
    [cell] = cells_of(collect([str(tmp_path)]), 0.005)
    [seeds] = [figure for figure in cell_figures(cell) if figure.name.endswith("seeds")]
    faces = {
        len(np.asarray(line.get_xydata())): line.get_markerfacecolor()
        for line in seeds.figure.axes[0].get_lines()
        if line.get_marker() in ("s", "o")
    }
    assert faces[3] == "white"
    assert faces[2] != "white"
    assert "distilled" in seeds.caption
