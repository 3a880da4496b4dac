from pathlib import Path

import numpy as np
import pytest

from glt_cli.collect import Run, collect
from glt_cli.report.story import Agreement, tell
from glt_cli.report.story_figures import story_figures
from tests.report.runs import cora_edges, make_run


def only(root: Path) -> Run:
    [run] = collect([str(root)])
    return run


def test_degrees_and_classes_of_kept_and_removed_edges(tmp_path: Path) -> None:
    edges = cora_edges()
    kept = np.arange(edges.shape[1]) % 4 > 0
    make_run(tmp_path, [], 0.79, edges=edges, kept=kept)
    story = tell(only(tmp_path), [], None)
    degree = np.bincount(edges.ravel())
    assert story.degrees is not None
    assert story.degrees[0] == min(degree[edges[0, 0]], degree[edges[1, 0]])
    assert isinstance(story.agreement, Agreement)
    assert story.agreement.all == pytest.approx(0.81, abs=0.001)
    assert story.agreement.kept is not None
    assert story.agreement.removed is not None
    mixed = 0.75 * story.agreement.kept + 0.25 * story.agreement.removed
    assert mixed == pytest.approx(story.agreement.all, abs=0.001)
    assert [figure.name for figure in story_figures(story, "x")] == ["x-epochs", "x-degrees"]


def test_exchanges_follow_the_schedule(tmp_path: Path) -> None:
    edges = cora_edges()
    words = ["method.epochs=10", "method.interval=3", "method.alpha=0.3"]
    kept = np.arange(edges.shape[1]) >= 1000
    make_run(tmp_path, words, 0.79, edges=edges, kept=kept)
    exchanges = tell(only(tmp_path), [], None).exchanges
    assert [exchange.epoch for exchange in exchanges] == [3, 6, 9]
    assert exchanges[0].edges == pytest.approx(1000 / kept.sum())  # no more than are pruned
    assert exchanges[2].edges == pytest.approx(0.15 * (1 + np.cos(0.9 * np.pi)), abs=0.001)
    assert exchanges[0].weights == 0  # a quarter of two is none


def test_how_far_the_mask_moved_needs_the_run_that_began_alike(tmp_path: Path) -> None:
    edges = cora_edges()
    first = np.arange(edges.shape[1]) % 2 == 0
    last = first.copy()
    last[:100] = ~first[:100]
    make_run(tmp_path, ["seed=1"], 0.79, edges=edges, kept=last)
    run = only(tmp_path)
    others = tmp_path / "others"
    make_run(others, ["method=oneshot", "seed=2"], 0.7, edges=edges, kept=first)
    make_run(others, ["method=oneshot", "seed=1", "trainer.lr=0.5"], 0.7, edges=edges, kept=first)
    assert tell(run, collect([str(others)]), None).moved is None
    alike = make_run(others, ["method=oneshot", "seed=1"], 0.7, edges=edges, kept=first)
    moved = tell(run, collect([str(others)]), None).moved
    assert moved is not None
    assert moved.other == alike.path.name
    assert moved.share == pytest.approx(50 / last.sum())
    assert moved.chance == pytest.approx(0.5, abs=0.001)


def test_what_is_missing_is_left_out_with_a_sentence(tmp_path: Path) -> None:
    folder = make_run(tmp_path, [], 0.79)
    folder.history.unlink()
    story = tell(only(tmp_path), [], None)
    assert (
        story.agreement == "The ticket's file is missing or damaged, so its edges can't be shown."
    )
    assert story_figures(story, "x") == []


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ("{", "does not say of which data"),
        ('{"dataset": {"name": "citeseer"}, "data_checksum": ""}', "which is not here"),
        ('{"dataset": {"name": "cora"}, "data_checksum": "other"}', "another version"),
        ('{"dataset": {"name": "unheard_of"}, "data_checksum": ""}', "unheard_of"),
    ],
)
def test_classes_need_the_same_data(about: str, sentence: str, tmp_path: Path) -> None:
    edges = cora_edges()
    folder = make_run(tmp_path, [], 0.79, edges=edges, kept=np.arange(edges.shape[1]) > 9)
    folder.ticket.write_text(about)
    story = tell(only(tmp_path), [], None)
    assert isinstance(story.agreement, str)
    assert sentence in story.agreement


def test_damaged_tensors_are_no_edges(tmp_path: Path) -> None:
    edges = cora_edges()
    folder = make_run(tmp_path, [], 0.79, edges=edges, kept=np.arange(edges.shape[1]) > 9)
    folder.tensors.write_bytes(folder.tensors.read_bytes()[:1000])
    assert tell(only(tmp_path), [], None).kept is None
