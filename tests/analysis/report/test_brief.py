from pathlib import Path
from typing import Any

import pytest

from glt_cli.analysis.collect import collect
from glt_cli.analysis.report.brief import MAX_ROWS, Brief, brief, share_text
from glt_cli.analysis.report.series import cells_of
from tests.analysis.report.runs import make_run


def brief_of(root: Path) -> Brief:
    return brief(cells_of(collect([str(root)]), 0.005), 0.005)


def make_seeds(root: Path, words: list[str], scores: list[float], **further: Any) -> None:
    for seed, score in enumerate(scores):
        make_run(root, [*words, f"seed={seed}"], score, **further)


def test_a_winner_with_a_small_dense_model_beside_it(tmp_path: Path) -> None:
    make_seeds(tmp_path, ["method=guided"], [0.796, 0.798, 0.8])
    make_seeds(tmp_path, ["method=small_dense"], [0.77, 0.772, 0.771], graph_sparsity=0.0)
    [paragraph] = brief_of(tmp_path).paragraphs
    assert paragraph == (
        "guided removes 93 % of the weights and 35 % of the edges of gcn on cora and loses 0.20 "
        "points of accuracy (95 % interval: 0.70 worse to 0.30 better, 3 seeds). A small dense "
        "model with as many weights and all edges loses 2.90 points of accuracy (95 % interval: "
        "3.15 to 2.65 worse, 3 seeds), 2.70 points behind guided (more than chance explains)."
    )


def test_a_small_dense_model_that_is_ahead_is_said_to_be(tmp_path: Path) -> None:
    make_seeds(tmp_path, ["method=guided"], [0.796, 0.798])
    make_seeds(tmp_path, ["method=small_dense"], [0.80, 0.81], weight_sparsity=0.8)
    [paragraph] = brief_of(tmp_path).paragraphs
    assert "with 20 % of the weights and all edges gains 0.50 points" in paragraph
    assert "0.80 points ahead of guided (no more than chance explains)" in paragraph


def test_no_seed_in_common(tmp_path: Path) -> None:
    make_run(tmp_path, ["method=guided", "seed=0"], 0.8)
    make_run(tmp_path, ["method=small_dense", "seed=1"], 0.8)
    [paragraph] = brief_of(tmp_path).paragraphs
    assert "no seed is common to both" in paragraph
    assert "ahead" not in paragraph
    assert "behind" not in paragraph


def test_no_winner(tmp_path: Path) -> None:
    make_seeds(tmp_path, ["method=guided"], [0.7, 0.71])
    make_seeds(tmp_path, ["method=imp"], [0.6, 0.61])
    [paragraph] = brief_of(tmp_path).paragraphs
    assert paragraph.startswith(
        "No ticket for gcn on cora stays within 0.5 points of the dense model on average: guided, "
        "chosen on validation, removes"
    )
    assert "loses 9.50 points" in paragraph
    assert "to judge" not in paragraph


def test_a_control_that_wins_is_no_winner(tmp_path: Path) -> None:
    make_seeds(tmp_path, ["method=guided"], [0.7, 0.71])
    make_seeds(tmp_path, ["method=random"], [0.9, 0.91])
    make_seeds(tmp_path, ["retrain.control=shuffle"], [0.9, 0.91], control="shuffle")
    assert brief_of(tmp_path).paragraphs[0].startswith("No ticket for gcn on cora stays within")


def test_chosen_on_validation_but_not_the_one_that_wins_on_test(tmp_path: Path) -> None:
    make_seeds(tmp_path, ["method=guided"], [0.7, 0.71], ticket_val=0.9)
    make_seeds(tmp_path, ["method=imp"], [0.8, 0.81], ticket_val=0.6)
    [paragraph] = brief_of(tmp_path).paragraphs
    assert paragraph.startswith("guided removes")
    assert ", more than is tolerated." in paragraph


def test_one_seed_and_no_small_dense_model(tmp_path: Path) -> None:
    make_run(tmp_path, ["method=guided"], 0.81)
    [paragraph] = brief_of(tmp_path).paragraphs
    assert "gains 1.00 points of accuracy (1 seed, so it may be chance)" in paragraph
    assert "interval" not in paragraph
    assert "No small dense model of this size was run" in paragraph


def test_equal_to_dense(tmp_path: Path) -> None:
    make_seeds(tmp_path, ["method=guided"], [0.8, 0.8])
    assert "and loses nothing on average (95 % interval:" in brief_of(tmp_path).paragraphs[0]


def test_links_have_their_metric(tmp_path: Path) -> None:
    make_seeds(tmp_path, ["method=guided"], [0.79, 0.8], metric="hits@50")
    assert "loses 0.50 points of Hits@50" in brief_of(tmp_path).paragraphs[0]


def test_the_sparsest_within_tolerance_is_chosen(tmp_path: Path) -> None:
    for weight, test in ((0.5, 0.81), (0.9, 0.795), (0.99, 0.5)):
        make_run(tmp_path, ["method=guided", f"sparsity.weight={weight}"], test)
    assert "removes 90 % of the weights" in brief_of(tmp_path).paragraphs[0]


def test_distilled_tickets_are_not_chosen_beside_others(tmp_path: Path) -> None:
    make_run(tmp_path, ["method=guided"], 0.79)
    make_run(tmp_path, ["method=guided", "retrain.distill=1"], 0.9, distill=1.0)
    made = brief_of(tmp_path)
    assert "loses 1.00 points" in made.paragraphs[0]
    assert [row[0] for row in made.rows] == ["guided"]


@pytest.mark.parametrize(("method", "ran"), [("random", "controls"), ("dense", "dense models")])
def test_nothing_to_judge(method: str, ran: str, tmp_path: Path) -> None:
    make_run(tmp_path, [f"method={method}"], 0.7)
    made = brief_of(tmp_path)
    assert made.paragraphs == [
        f"Only {ran} were run for gcn on cora, so there is no ticket to judge."
    ]
    assert made.rows == []


def test_several_data_sets(tmp_path: Path) -> None:
    for number in range(7):
        name, test = f"set{number}", 0.8 if number < 3 else 0.7
        make_run(tmp_path / name, ["method=guided"], test, dataset=name)
    made = brief_of(tmp_path)
    assert made.paragraphs[0].startswith("On 3 of 7 pairs of model and data")
    assert made.paragraphs[-1] == "2 more are in the sections below."
    assert len(made.paragraphs) == MAX_ROWS + 2
    assert [row[1] for row in made.rows] == [f"gcn on set{number}" for number in range(MAX_ROWS)]


def test_multiply_adds_that_nobody_counted(tmp_path: Path) -> None:
    make_run(tmp_path, ["method=guided"], 0.8, ticket_macs=None, dense_macs=None)
    assert brief_of(tmp_path).rows[0][-1] == "-"


def test_shares_are_told_from_none_and_all() -> None:
    shares = (0, 0.93, 0.996, 0.99999, 0.0004, 1)
    assert [share_text(share) for share in shares] == [
        "0 %", "93 %", "99.6 %", "99.999 %", "0.04 %", "100 %",
    ]  # fmt: skip
