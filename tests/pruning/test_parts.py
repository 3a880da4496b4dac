"""Edges and weights that another part finds than the method's own search."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from glt_cli.config.methods import (
    FastGLTConfig,
    IMPConfig,
    OneShotConfig,
    PartsConfig,
    RandomConfig,
)
from glt_cli.pruning import methods
from glt_cli.pruning.context import SearchResult
from glt_cli.pruning.guarantees import check_masks
from glt_cli.pruning.guided_edges import guided_edges
from glt_cli.pruning.masks import EDGE, Targets
from tests.graphs import Log, tiny_search

METHODS: dict[str, PartsConfig] = {
    "random": RandomConfig(name="random"),
    "oneshot": OneShotConfig(name="oneshot", pretrain_epochs=3),
    "fastglt": FastGLTConfig(name="fastglt", pretrain_epochs=3, epochs=8),
    "imp": IMPConfig(name="imp", epochs=2, edge_fraction=0.2, weight_fraction=0.5),
}


def find(config: PartsConfig, targets: Targets) -> tuple[SearchResult, Log]:
    search, log = tiny_search(targets)
    found = methods.find(search, config)
    check_masks(found.masks, search.tensors(), targets, config.mask_allocation())
    for each in found.rounds:
        assert list(each.masks) == list(found.masks)
        assert each.masks[EDGE].shape == found.masks[EDGE].shape
    return found, log


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("edges", ["guided", "order"])
@pytest.mark.parametrize("targets", [Targets(0.4, 0.8), Targets(0.35, 0), Targets(0, 0.6)], ids=str)
def test_edges_are_found_before(method: str, edges: str, targets: Targets) -> None:
    found, log = find(replace(METHODS[method], edges=edges), targets)
    search, _ = tiny_search(targets)
    expected = guided_edges(search, steps=60 if edges == "guided" else 0)
    assert torch.equal(found.masks[EDGE], expected)
    for graph, _ in log.sparsities:
        assert graph == pytest.approx(1 - expected.float().mean().item())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("targets", [Targets(0.4, 0.8), Targets(0.35, 0), Targets(0, 0.6)], ids=str)
def test_weights_are_found_after(method: str, targets: Targets) -> None:
    found, log = find(replace(METHODS[method], weights="soft_rounds"), targets)
    alone, _ = find(METHODS[method], Targets(targets.graph_sparsity, 0))
    assert torch.equal(found.masks[EDGE], alone.masks[EDGE])
    rounds = [phase for phase, _ in log.phases if phase.startswith("soft")]
    assert len(rounds) == (4 if targets.weight_sparsity else 0)


def test_not_both_are_found_by_others() -> None:
    config = replace(METHODS["imp"], edges="order", weights="soft_rounds")
    (problem,) = config.problems()
    assert problem == (
        "method.edges=order and method.weights=soft_rounds leave nothing to method=imp: "
        "use method=guided"
    )
