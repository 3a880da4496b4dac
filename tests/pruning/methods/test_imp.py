from __future__ import annotations

import gc
import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from glt_cli.config.methods import IMPConfig
from glt_cli.pruning.context import SearchResult
from glt_cli.pruning.masks import EDGE, Masks, Targets
from glt_cli.pruning.methods import imp
from glt_cli.pruning.select import removed_count
from tests.graphs import Log, all_pairs, graph_of, tiny_search, tiny_task

CONFIG = IMPConfig(name="imp", epochs=3)


def run(
    config: IMPConfig, targets: Targets, name: str = "gcn", crowded: bool = False
) -> tuple[SearchResult, Log]:
    """Find; a crowded graph has all 1770 edges, so that no share of them is rounded much."""
    task = tiny_task()
    if crowded:
        task = replace(task, graph=graph_of(60, all_pairs(60, directed=False)))
    search, log = tiny_search(targets, task=task, name=name)
    return imp.find(search, config), log


def rounds(found: SearchResult) -> list[Masks]:
    return [*(pruned_round.masks for pruned_round in found.rounds), found.masks]


def kept(masks: Masks) -> tuple[int, int]:
    weights = sum(int(mask.sum()) for name, mask in masks.items() if name != EDGE)
    return int(masks[EDGE].sum()), weights


@pytest.mark.parametrize("name", ["gcn", "gin-mean", "gat"])
@pytest.mark.parametrize("allocation", ["global", "uniform"])
def test_masks_shrink_round_by_round(name: str, allocation: str) -> None:
    config = replace(CONFIG, allocation=allocation)
    found, log = run(config, Targets(0.35, 0.9), name)
    masks = rounds(found)
    assert [pruned_round.number for pruned_round in found.rounds] == list(range(1, len(masks)))
    assert len(masks) > 5
    for before, after in pairwise(masks):
        assert all(bool((before[key] | ~after[key]).all()) for key in after)
        assert kept(after) != kept(before)
    assert all(math.isfinite(epoch.loss) and math.isfinite(epoch.val) for epoch in log.epochs)
    assert [phase for phase, _ in log.phases] == [f"round {i + 1}" for i in range(len(masks))]


def test_each_round_removes_its_share_and_stops_at_the_target() -> None:
    found, log = run(CONFIG, Targets(0.2, 0.6))
    edges, weights = found.masks[EDGE].numel(), 12 * 8 + 8 * 3
    goal = edges - removed_count(0.2, edges), weights - removed_count(0.6, weights)
    now = (edges, weights)
    for masks, sparsities in zip(rounds(found), log.sparsities[::3], strict=True):
        assert sparsities == pytest.approx((1 - now[0] / edges, 1 - now[1] / weights))
        now = (
            max(now[0] - math.floor(0.05 * now[0]), goal[0]),
            max(now[1] - math.floor(0.2 * now[1]), goal[1]),
        )
        assert kept(masks) == now
    assert now == goal


def test_the_number_of_rounds_to_the_usual_targets() -> None:
    config = replace(CONFIG, epochs=1)
    edges_only, _ = run(config, Targets(0.35, 0), crowded=True)
    assert len(rounds(edges_only)) == 9
    both, _ = run(config, Targets(0.35, 0.93), crowded=True)
    assert len(rounds(both)) in (12, 13)  # 120 weights: their shares are rounded down
    assert kept(rounds(both)[8])[0] == kept(both.masks)[0] == 1770 - 619


def test_targets_of_zero_need_no_round() -> None:
    found, log = run(CONFIG, Targets(0, 0))
    assert all(bool(mask.all()) for mask in found.masks.values())
    assert found.rounds == []
    assert log.epochs == []


def test_weights_share_one_threshold_unless_told_otherwise() -> None:
    # Which layer gives up more is then for the soft masks to say.
    shares = {}
    for allocation in ("global", "uniform"):
        found, _ = run(replace(CONFIG, allocation=allocation, epochs=10), Targets(0, 0.6))
        shares[allocation] = [
            float((~m).float().mean()) for n, m in found.masks.items() if n != EDGE
        ]
    first, second = shares["uniform"]
    assert first == pytest.approx(second, abs=0.05)
    first, second = shares["global"]
    assert first != pytest.approx(second, abs=0.05)


@pytest.mark.parametrize("wanted", [False, True])
def test_whether_rounds_are_retrained_is_passed_on(wanted: bool) -> None:
    found, _ = run(replace(CONFIG, retrain_each_round=wanted), Targets(0.1, 0.3))
    assert found.retrain_rounds == wanted


def test_masks_stay_finite_under_a_strong_pull_towards_zero() -> None:
    """Without the projection degrees turn negative and the phase ends in NaN."""
    config = replace(CONFIG, epochs=40, edge_lr=0.5, edge_l1=1.0, weight_l1=1.0)
    found, log = run(config, Targets(0.1, 0.4))
    assert all(math.isfinite(epoch.loss) for epoch in log.epochs)
    assert int((~found.masks[EDGE]).sum()) == removed_count(0.1, found.masks[EDGE].numel())


def test_the_pull_towards_zero_matters() -> None:
    weak, _ = run(replace(CONFIG, epochs=20, edge_l1=0.0, weight_l1=0.0), Targets(0.3, 0.6))
    strong, _ = run(replace(CONFIG, epochs=20, edge_l1=0.1, weight_l1=0.1), Targets(0.3, 0.6))
    assert not torch.equal(weak.masks[EDGE], strong.masks[EDGE])


def test_a_finished_search_leaves_no_gradient_graphs_behind() -> None:
    # A term added to a gradient with its graph ties the two into a knot that is never freed.
    shape = tiny_task().graph.ones().shape

    def alive() -> int:
        run(CONFIG, Targets(0.2, 0.5))
        gc.collect()
        tensors = [o for o in gc.get_objects() if type(o) in (torch.Tensor, torch.nn.Parameter)]
        return sum(tensor.shape == shape for tensor in tensors)

    assert alive() == alive()
