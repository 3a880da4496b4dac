from pathlib import Path

import pytest

from glt_cli.analysis.collect import collect
from glt_cli.analysis.report.series import GridCell, cells_of, curve_points
from glt_cli.analysis.report.summary_text import cell_summary
from tests.analysis.report.runs import make_grid, make_run


def cell_of(root: Path, tolerance: float = 0.005) -> GridCell:
    [cell] = cells_of(collect([str(root)]), tolerance)
    return cell


def test_seeds_of_one_setting_are_together_and_methods_in_order(tmp_path: Path) -> None:
    make_grid(tmp_path)
    cell = cell_of(tmp_path)
    assert cell.methods == ["random", "oneshot", "fastglt", "imp"]
    assert [len(setting.runs) for setting in cell.settings] == [3] * 7
    assert all(setting.seeds == [0, 1, 2] for setting in cell.settings)


def test_dense_models_are_told_apart_by_their_scores(tmp_path: Path) -> None:
    make_grid(tmp_path)
    first, second = cell_of(tmp_path).baselines
    assert first.methods == ["random", "oneshot", "fastglt"]
    assert first.by_seed == {0: 0.8, 1: 0.801, 2: 0.802}
    assert second.methods == ["imp"]


def test_rounds_are_curve_points_their_curve(tmp_path: Path) -> None:
    make_grid(tmp_path)
    [imp] = [s for s in cell_of(tmp_path).settings if s.method == "imp"]
    points = curve_points(imp)
    assert [p.graph_sparsity for p in points] == pytest.approx([0.05, 0.1, 0.2])
    assert [p.round for p in points] == [1, 2, None]
    assert points[1].scores == [0.79] * 3


def test_a_method_set_in_two_ways_is_two(tmp_path: Path) -> None:
    for alpha in (0.1, 0.2):
        make_run(tmp_path, [f"method.alpha={alpha}"], 0.79)
    assert cell_of(tmp_path).methods == ["fastglt [alpha 0.1]", "fastglt [alpha 0.2]"]


def test_a_repeated_run_is_no_second_sample(tmp_path: Path) -> None:
    make_run(tmp_path / "a", [], 0.7, finished="2026-01-01")
    later = make_run(tmp_path / "b", [], 0.75, finished="2026-01-02")
    [setting] = cell_of(tmp_path).settings
    assert [run.folder for run in setting.runs] == [later]


@pytest.mark.parametrize("name", ["a b", "a/b", "ü"])
def test_names_of_files_are_plain_and_distinct(name: str, tmp_path: Path) -> None:
    make_run(tmp_path, [], 0.79, dataset=name)
    plain = cell_of(tmp_path).name
    assert plain.isascii()
    assert plain.replace("-", "").isalnum()
    assert plain != "a-b-gcn"


def test_one_seed_is_one_seed(tmp_path: Path) -> None:
    make_run(tmp_path, ["sparsity.graph=0.2"], 0.799)
    text = " ".join(cell_summary(cell_of(tmp_path), 0.005))
    assert "on 1 seed, which is no evidence of more than that seed" in text
    assert "interval" not in text
    assert "ertified" not in text


def test_what_wins_is_certified_only_by_its_interval(tmp_path: Path) -> None:
    for seed in range(3):
        make_run(tmp_path, ["method=oneshot", f"seed={seed}"], 0.8)
        make_run(tmp_path, ["method=imp", f"seed={seed}"], 0.78 + 0.02 * seed)
    certified, wins, *_ = cell_summary(cell_of(tmp_path), 0.005)
    assert certified.startswith("Certified")
    assert "oneshot" in certified
    assert "not certified: imp" in wins


def test_losing_and_chance_are_said(tmp_path: Path) -> None:
    for seed in range(2):
        make_run(tmp_path, ["method=oneshot", f"seed={seed}"], 0.6)
        make_run(tmp_path, ["method=random", f"seed={seed}"], 0.7)
    text = "\n".join(cell_summary(cell_of(tmp_path), 0.005))
    assert "Nothing here comes within 0.5 points of accuracy" in text
    assert "random has the highest mean, 70.0 %; then oneshot 60.0 (behind on 2 of 2 seeds)" in text
    assert "random masks do as well as or better than oneshot" in text


def test_methods_are_compared_on_the_seeds_that_they_share(tmp_path: Path) -> None:
    for seed, score in ((0, 0.7), (1, 0.9)):
        make_run(tmp_path, ["method=oneshot", f"seed={seed}"], score)
    make_run(tmp_path, ["method=imp", "seed=0"], 0.75)
    text = "\n".join(cell_summary(cell_of(tmp_path), 0.005))
    assert "imp has the highest mean, 75.0 %; then oneshot 70.0 (behind on 1 of 1 seed)" in text
    make_run(tmp_path, ["method=random", "seed=5"], 0.1)
    text = "\n".join(cell_summary(cell_of(tmp_path), 0.005))
    assert "no seed in common" in text
    assert "highest mean" not in text
