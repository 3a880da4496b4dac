from __future__ import annotations

import pytest
import torch

from glt_cli.config.methods import OneShotConfig
from glt_cli.pruning.masks import EDGE, Targets
from glt_cli.pruning.methods import oneshot
from glt_cli.pruning.sparse_parameters import SparseParameters
from tests.graphs import tiny_search

TARGETS = Targets(0.4, 0.8)


@pytest.mark.parametrize("allocation", ["uniform", "global"])
def test_the_largest_weights_after_pretraining_are_kept(allocation: str) -> None:
    search, _ = tiny_search(TARGETS)
    config = OneShotConfig(name="oneshot", pretrain_epochs=4, allocation=allocation)
    masks = oneshot.find(search, config).masks
    weights = {name: p.detach().abs() for name, p in search.model.prunable().items()}
    assert any(not torch.equal(search.init[n], p) for n, p in search.model.state_dict().items())
    groups = [list(weights)] if allocation == "global" else [[name] for name in weights]
    for group in groups:
        kept = torch.cat([weights[name][masks[name]] for name in group])
        removed = torch.cat([weights[name][~masks[name]] for name in group])
        assert float(kept.min()) >= float(removed.max())


def test_the_largest_scores_are_kept_up_to_the_noise() -> None:
    search, _ = tiny_search(TARGETS)
    parameters = oneshot.pretrain(search, OneShotConfig(name="oneshot", pretrain_epochs=10))
    scores = parameters.values[EDGE].detach().clone()
    mask = oneshot.by_magnitude(search, parameters, TARGETS, "uniform")[EDGE]
    kept, removed = scores[mask], scores[~mask]
    assert len(set(scores.tolist())) > 10
    assert float(kept.min()) >= float(removed.max()) * (1 - 3e-4)
    assert torch.equal(parameters.values[EDGE].detach(), scores)


def test_without_pretraining_initial_weights_decide_and_chance_among_edges() -> None:
    config = OneShotConfig(name="oneshot", pretrain_epochs=0)
    search, log = tiny_search(TARGETS)
    masks = oneshot.find(search, config).masks
    assert log.phases == []
    for name, p in search.model.prunable().items():
        assert torch.equal(p.detach(), search.init[name])
        size = search.init[name].abs()
        assert float(size[masks[name]].min()) >= float(size[~masks[name]].max())
    kept = torch.zeros(search.task.graph.num_edges)
    for seed in range(60):
        kept += oneshot.find(tiny_search(TARGETS, seed)[0], config).masks[EDGE]
    # 36 of 60 on the average; six standard deviations are 23.
    assert bool(((kept - 36).abs() < 23).all())


def test_scores_begin_at_one_and_are_pretrained() -> None:
    search, log = tiny_search(TARGETS)
    parameters = oneshot.pretrain(search, OneShotConfig(name="oneshot", pretrain_epochs=2))
    assert isinstance(parameters, SparseParameters)
    assert log.phases == [("pretrain", 2)]
    assert log.sparsities == [(0, 0)] * 2
    scores = parameters.values[EDGE].detach()
    assert bool((scores != 1).any())
    # Two steps of Adam at 0.001.
    assert float((scores - 1).abs().max()) < 0.0021
