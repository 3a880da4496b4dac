from __future__ import annotations

import pytest
import torch

from glt_cli.pruning.masks import EDGE, Targets
from glt_cli.pruning.select import removed_count
from glt_cli.pruning.soft_rounds import soft_rounds
from tests.graphs import tiny_search

SETTINGS = {"epochs": 2, "lr": 0.01, "weight_decay": 0.0, "l1": 0.01}


@pytest.mark.parametrize("sparsity", [0.0, 0.3, 0.93, 0.99])
@pytest.mark.parametrize("rounds", [1, 3])
def test_the_target_is_met_by_one_threshold_over_all(sparsity: float, rounds: int) -> None:
    search, _ = tiny_search(Targets(0.0, sparsity))
    masks = soft_rounds(search, rounds, distill=0.0, **SETTINGS)  # type: ignore[arg-type]
    assert EDGE not in masks
    assert list(masks) == list(search.model.prunable())
    total = sum(mask.numel() for mask in masks.values())
    assert sum(int((~mask).sum()) for mask in masks.values()) == removed_count(sparsity, total)


def test_each_round_removes_the_same_share_of_what_is_left() -> None:
    search, log = tiny_search(Targets(0.0, 0.9375))
    soft_rounds(search, 4, distill=0.0, **SETTINGS)  # type: ignore[arg-type]
    assert [phase for phase, _ in log.phases] == [f"soft round {n}" for n in (1, 2, 3, 4)]
    weights = [weight for _, weight in log.sparsities[::2]]
    assert weights == pytest.approx([0, 0.5, 0.75, 0.875], abs=0.01)


def test_the_graph_stays_as_it_is_and_pruned_edges_are_absent() -> None:
    search, _ = tiny_search(Targets(0.5, 0.5))
    kept = torch.arange(search.task.graph.num_edges) % 2 == 0
    on_kept = search.on(kept)
    assert on_kept.graph.num_edges == int(kept.sum())
    assert on_kept.batches.graph.num_edges == int(kept.sum())
    masks = soft_rounds(on_kept, 2, distill=1.0, **SETTINGS)  # type: ignore[arg-type]
    assert EDGE not in masks
    assert search.graph.num_edges == kept.numel()
