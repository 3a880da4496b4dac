"""Tickets beside the dense model of their own trainer."""

from __future__ import annotations

from typing import Any

import pytest

from glt_cli.analysis.compare.dense_models import (
    has_own_trainer,
    matched_differences,
    notes_on_dense_models,
)
from glt_cli.analysis.compare.pivot import pivot
from glt_cli.analysis.compare.render import render
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.analysis.compare.statistics import compare
from tests.analysis.compare.test_statistics import SAME, run_of

USUAL = SAME | {"trainer.lr": 0.01, "trainer.weight_decay": 5e-4, "trainer.epochs": 200}
OWN = USUAL | {"retrain.lr": 0.008, "retrain.weight_decay": None, "retrain.epochs": None}
SLOWER = USUAL | {"trainer.lr": 0.008}


def dense(seed: int, score: float, settings: Any = SLOWER, **fields: Any) -> ComparedRun:
    nothing: dict[str, Any] = {"graph_sparsity_target": 0.0, "weight_sparsity_target": 0.0}
    scores: dict[str, Any] = {"dense_test": score, "ticket_test": score}
    scores |= {"config_hash": repr(settings)} | fields
    return run_of("dense", seed, settings=settings, **nothing, **scores)


def ticket(seed: int, settings: Any = OWN) -> ComparedRun:
    return run_of("guided", seed, lost=0.01, settings=settings)  # 0.79 against 0.8


def test_a_ticket_is_paired_with_the_dense_model_of_its_own_trainer() -> None:
    group = [ticket(0), ticket(1)]
    there = [dense(0, 0.78), dense(1, 0.77), dense(0, 0.9, USUAL), *group]
    assert matched_differences(group, there) == pytest.approx([0.01, 0.02])
    assert matched_differences(group, there[:1]) == []  # a seed is missing
    other_model = {"backbone.hidden": 64}
    assert matched_differences(group[:1], [dense(0, 0.78, SLOWER | other_model)]) == []
    on_gpu = dense(0, 0.78, device="cuda (A)")
    assert matched_differences(group[:1], [on_gpu]) == []


def test_the_same_trainer_needs_no_other_runs() -> None:
    same = [ticket(0, USUAL), ticket(1, USUAL | {"retrain.lr": 0.01})]
    assert not any(has_own_trainer(run.settings) for run in same)
    assert matched_differences(same, []) == pytest.approx([-0.01, -0.01])


def test_the_table_shows_both_differences_where_they_differ() -> None:
    runs = [ticket(0), ticket(1), dense(0, 0.78), dense(1, 0.77)]
    metrics = ("difference", "matched")
    table = render(pivot(compare(runs, ["method"], 0.005), ["method"], None), metrics, 0.005)
    column = table.headings.index("to dense of its trainer")
    cells = {row[0].text: row[column].text for row in table.rows}
    assert cells == {"dense": "-", "guided": "+1.50 ± 0.71 (-4.85 to +7.85)"}
    (alone,) = compare(runs[:2], ["method"], 0.005, runs)  # dense models outside the table
    assert alone.estimates["matched"].mean == pytest.approx(0.015)
    assert len(list(notes_on_dense_models(runs[:2], runs))) == 1
    usual = [ticket(0, USUAL), ticket(1, USUAL)]
    table = render(pivot(compare(usual, ["method"], 0.005), ["method"], None), metrics, 0.005)
    assert "to dense of its trainer" not in table.headings


def test_what_differs_is_said_with_the_command_for_what_is_missing() -> None:
    assert list(notes_on_dense_models([ticket(0, USUAL)])) == []
    said, wanted = notes_on_dense_models([ticket(0), ticket(1)])
    assert said == (
        "Tickets of guided (gcn on cora) are trained with lr 0.008 instead of 0.01 for their dense "
        "models; trainer=matched trains all alike."
    )
    assert wanted == (
        "For the dense model of that trainer: glt run -m method=dense trainer.lr=0.008 "
        "trainer.weight_decay=0.0005 trainer.epochs=200 and the seeds."
    )


def test_the_dense_model_that_validates_best_is_named() -> None:
    runs = [dense(0, 0.78, ticket_val=0.9), dense(0, 0.81, USUAL, ticket_val=0.8)]
    (best,) = notes_on_dense_models(runs)
    assert best == (
        "Best dense model of gcn on cora by validation: trainer.lr=0.008, 78.00 on test (seeds: 1)."
    )


def test_where_a_small_dense_model_is_ahead_it_is_said() -> None:
    small = [run_of("small_dense", seed, lost=0.0, settings=USUAL) for seed in (0, 1)]
    behind = [run_of("fastglt", seed, lost=0.02, settings=USUAL) for seed in (0, 1, 2)]
    ahead = [run_of("guided", seed, lost=-0.01, settings=USUAL) for seed in (0, 1)]
    (note,) = notes_on_dense_models([*small, *behind, *ahead])
    assert note == (
        "small_dense, with as many weights and all edges, is ahead of fastglt (+2.00): "
        "gcn on cora, 35% / 90%, mean over common seeds."
    )
    assert list(notes_on_dense_models([*small, *ahead])) == []
    worse = [run_of("guided", 0, lost=0.03, settings=USUAL, config_hash="another")]
    assert list(notes_on_dense_models([*small, *ahead, *worse])) == []  # its best setting counts
