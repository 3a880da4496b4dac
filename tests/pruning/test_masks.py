from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from glt_cli.errors import InvalidResultError
from glt_cli.pruning.masks import (
    EDGE,
    Targets,
    clone,
    full,
    masks_of_largest,
    random_masks,
    split,
)
from glt_cli.pruning.select import removed_count
from tests.graphs import seeded

targets = st.builds(
    lambda graph, weight: Targets(graph / 100, weight / 100), st.integers(0, 99), st.integers(0, 99)
)


def tensors(seed: int, tied: bool = False) -> dict[str, Tensor]:
    """Edges and two weights; tied ones take three values only."""
    shapes: dict[str, tuple[int, ...]] = {EDGE: (23,), "first": (7, 5), "second": (5, 3)}
    drawn = {
        n: torch.rand(s, generator=seeded(seed + i)) for i, (n, s) in enumerate(shapes.items())
    }
    return {name: (3 * t).floor() if tied else t for name, t in drawn.items()}


@given(targets, st.sampled_from(["uniform", "global"]), st.booleans(), st.integers(0, 50))
def test_targets_are_met_exactly(goal: Targets, allocation: str, tied: bool, seed: int) -> None:
    scores = tensors(seed, tied)
    masks = masks_of_largest(scores, goal, allocation, seeded(seed))
    assert list(masks) == list(scores)
    removed = {name: int((~mask).sum()) for name, mask in masks.items()}
    assert removed[EDGE] == removed_count(goal.graph_sparsity, 23)
    if allocation == "uniform":
        assert removed["first"] == removed_count(goal.weight_sparsity, 35)
        assert removed["second"] == removed_count(goal.weight_sparsity, 15)
    else:
        assert removed["first"] + removed["second"] == removed_count(goal.weight_sparsity, 50)


@given(targets, st.sampled_from(["uniform", "global"]), st.booleans(), st.integers(0, 50))
def test_what_is_kept_scores_no_less_than_what_is_removed(
    goal: Targets, allocation: str, tied: bool, seed: int
) -> None:
    scores = tensors(seed, tied)
    masks = masks_of_largest(scores, goal, allocation, seeded(seed))
    weights = ["first", "second"]
    groups = (
        [[EDGE], weights] if allocation == "global" else [[EDGE], *([name] for name in weights)]
    )
    for group in groups:
        kept = torch.cat([scores[name][masks[name]] for name in group])
        removed = torch.cat([scores[name][~masks[name]] for name in group])
        if kept.numel() and removed.numel():
            assert float(kept.min()) >= float(removed.max())


def test_global_allocation_shares_one_threshold() -> None:
    scores = {EDGE: torch.ones(2), "large": torch.full((10,), 2.0), "small": torch.ones(10)}
    masks = masks_of_largest(scores, Targets(0, 0.5), "global", seeded(0))
    assert bool(masks["large"].all())
    assert not bool(masks["small"].any())
    uniform = masks_of_largest(scores, Targets(0, 0.5), "uniform", seeded(0))
    assert int(uniform["large"].sum()) == int(uniform["small"].sum()) == 5


def test_edges_never_share_the_weights_threshold() -> None:
    scores = {EDGE: torch.zeros(10), "weight": torch.ones(10)}
    masks = masks_of_largest(scores, Targets(0.2, 0.7), "global", seeded(0))
    assert (int(masks[EDGE].sum()), int(masks["weight"].sum())) == (8, 3)


def test_targets_of_zero_keep_everything() -> None:
    for allocation in ("uniform", "global"):
        masks = masks_of_largest(tensors(0), Targets(0, 0), allocation, seeded(0))
        assert all(bool(mask.all()) for mask in masks.values())


def test_a_graph_without_edges_has_an_empty_mask() -> None:
    scores = {EDGE: torch.zeros(0), "weight": torch.rand(4, 4)}
    masks = masks_of_largest(scores, Targets(0.5, 0.5), "uniform", seeded(0))
    assert masks[EDGE].shape == (0,)
    assert int(masks["weight"].sum()) == 8


@given(targets, st.sampled_from(["uniform", "global"]))
def test_random_masks_meet_the_targets(goal: Targets, allocation: str) -> None:
    masks = random_masks(tensors(0), goal, allocation, seeded(3))
    removed = {name: int((~mask).sum()) for name, mask in masks.items()}
    assert removed[EDGE] == removed_count(goal.graph_sparsity, 23)
    if allocation == "global":
        assert removed["first"] + removed["second"] == removed_count(goal.weight_sparsity, 50)
    else:
        assert removed["first"] == removed_count(goal.weight_sparsity, 35)


@pytest.mark.parametrize("allocation", ["uniform", "global"])
def test_random_masks_are_random_and_ignore_values(allocation: str) -> None:
    goal = Targets(0.5, 0.5)
    kept = torch.zeros(35)
    for seed in range(400):
        kept += random_masks(tensors(0), goal, allocation, seeded(seed))["first"].flatten()
    # Half of 400, or 18 of 35 of them where uniform: within six standard deviations.
    assert bool(((kept - 203).abs() < 65).all())
    here = random_masks(tensors(0), goal, allocation, seeded(1))
    there = random_masks(tensors(9), goal, allocation, seeded(1))
    assert all(torch.equal(here[name], there[name]) for name in here)


def test_full_clone_and_split() -> None:
    scores = tensors(1)
    masks = full(scores)
    assert all(m.dtype == torch.bool and m.shape == scores[n].shape for n, m in masks.items())
    copied = clone(masks)
    masks[EDGE][:5] = False
    assert bool(copied[EDGE].all())
    flat = torch.cat([t.flatten() for t in scores.values()])
    parts = split(flat, scores)
    assert all(torch.equal(parts[name], scores[name]) for name in scores)


def test_targets_name_edges_and_weights_apart() -> None:
    goal = Targets(0.4, 0.8)
    assert goal.of(EDGE) == 0.4
    assert goal.of("layers.0.linear.weight") == 0.8
    assert goal.scaled(0.5) == Targets(0.2, 0.4)
    assert goal.scaled(1.0) == goal


def test_scores_that_are_nan_and_unknown_allocations_are_refused() -> None:
    scores = tensors(0)
    with pytest.raises(ValueError, match="allocation='foo': must be one of uniform, global"):
        masks_of_largest(scores, Targets(0.5, 0.5), "foo", seeded(0))
    scores["first"][0, :2] = torch.nan
    with pytest.raises(InvalidResultError, match="2 of 35 scores of first are NaN"):
        masks_of_largest(scores, Targets(0.5, 0.5), "uniform", seeded(0))
