from pathlib import Path

import numpy as np

from glt_cli.analysis.collect import collect
from glt_cli.analysis.report.figures import cell_figures
from glt_cli.analysis.report.series import cells_of
from tests.analysis.report.runs import make_run

Lines = dict[str, list[tuple[float, float]]]


def lines_over(root: Path, removed: str) -> Lines:
    """The labelled lines of a figure over edges or weights: (per cent removed, mean score)."""
    [cell] = cells_of(collect([str(root)]), 0.005)
    [figure] = [f.figure for f in cell_figures(cell) if f.name == f"cora-gcn-over-{removed}"]
    drawn = figure.axes[0].get_lines()
    return {
        str(line.get_label()): [
            (round(float(x), 2), round(float(y), 2)) for x, y in np.asarray(line.get_xydata())
        ]
        for line in drawn
        if not str(line.get_label()).startswith(("_", "dense"))
    }


def run_at(root: Path, graph: float, weight: float, test: float, method: str = "fastglt") -> None:
    words = [f"method={method}", f"sparsity.graph={graph}", f"sparsity.weight={weight}"]
    make_run(root, words, test)


def test_points_on_which_both_sides_move_are_one_line(tmp_path: Path) -> None:
    for graph, weight, test in ((0.1, 0.4, 0.8), (0.3, 0.8, 0.78), (0.5, 0.9, 0.7)):
        run_at(tmp_path, graph, weight, test)
    assert lines_over(tmp_path, "edges") == {"fastglt": [(10, 80), (30, 78), (50, 70)]}
    assert lines_over(tmp_path, "weights") == {"fastglt": [(40, 80), (80, 78), (90, 70)]}


def test_points_that_are_no_ladder_are_not_joined(tmp_path: Path) -> None:
    for graph, weight, test in ((0.1, 0.5, 0.8), (0.3, 0.0, 0.78), (0.35, 0.93, 0.7)):
        run_at(tmp_path, graph, weight, test)
    for graph, weight, test in ((0.1, 0.5, 0.6), (0.3, 0.7, 0.58)):
        run_at(tmp_path, graph, weight, test, "random")
    assert lines_over(tmp_path, "edges") == {
        "random": [(10, 60), (30, 58)],
        "fastglt, all weights": [(30, 78)],
        "fastglt, weights −50%": [(10, 80)],
        "fastglt, weights −93%": [(35, 70)],
    }


def test_a_ladder_with_the_other_side_still_is_a_line_of_its_own(tmp_path: Path) -> None:
    for graph, test in ((0.1, 0.8), (0.3, 0.79)):
        run_at(tmp_path, graph, 0.0, test)
        run_at(tmp_path, graph, 0.9, test - 0.1)
    assert lines_over(tmp_path, "edges") == {
        "fastglt, all weights": [(10, 80), (30, 79)],
        "fastglt, weights −90%": [(10, 70), (30, 69)],
    }


def test_a_lone_point_that_removed_nothing_here_is_left_to_the_other_figure(tmp_path: Path) -> None:
    for graph, weight, test in ((0.1, 0.4, 0.8), (0.3, 0.8, 0.78), (0.0, 0.95, 0.5)):
        run_at(tmp_path, graph, weight, test)
    assert lines_over(tmp_path, "edges") == {"fastglt": [(10, 80), (30, 78)]}


def test_long_names_stay_within_the_picture(tmp_path: Path) -> None:
    for alpha in (0.123456789, 0.23456789):
        for graph in (0.1, 0.3):
            for weight in (0.0, 0.9):
                words = [f"method.alpha={alpha}", "method.grad_epochs=1", "trainer.lr=0.0123456"]
                targets = [f"sparsity.graph={graph}", f"sparsity.weight={weight}"]
                make_run(tmp_path, [*words, *targets], 0.7, dense=0.8 + alpha / 10)
    make_run(tmp_path, ["method=imp"], 0.7)
    [cell] = cells_of(collect([str(tmp_path)]), 0.005)
    for drawn in cell_figures(cell):
        figure, [axes] = drawn.figure, drawn.figure.axes
        figure.savefig(tmp_path / "drawn.png")
        for part in [*figure.legends, axes.xaxis.label, *axes.get_yticklabels()]:
            box = part.get_window_extent()
            assert box.x0 >= 0, (drawn.name, part)
            assert box.x1 <= figure.bbox.x1, (drawn.name, part)
            assert box.y0 >= 0, (drawn.name, part)
        assert axes.get_window_extent().height > 100
