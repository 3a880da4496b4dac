from __future__ import annotations

import pytest
import torch

from glt_cli.config import TrainerConfig
from glt_cli.config.methods import TeddyConfig
from glt_cli.pruning.masks import EDGE, Targets
from glt_cli.pruning.methods.teddy import Projection, degree_score, find
from glt_cli.pruning.retrain import retrain
from glt_cli.pruning.select import removed_count
from glt_cli.training.loop import Distillation
from tests.graphs import graph_of, tiny_search, tiny_teacher


def test_the_degree_score_by_hand() -> None:
    # A star around 0, and 1-2: degrees 3, 2, 2, 1.
    graph = graph_of(4, [(0, 1), (0, 2), (0, 3), (1, 2)])
    s = [
        (2**-0.5 + 2**-0.5 + 1) / 9,
        (3**-0.5 + 2**-0.5) / 4,
        (3**-0.5 + 2**-0.5) / 4,
        3**-0.5,
    ]
    expected = torch.tensor([s[0] * s[1], s[0] * s[2], s[0] * s[3], s[1] * s[2]])
    torch.testing.assert_close(degree_score(graph), expected)


def test_the_lowest_degree_scores_leave() -> None:
    search, _ = tiny_search(Targets(0.4, 0.8))
    mask = find(search, TeddyConfig(name="teddy")).masks[EDGE]
    score = degree_score(search.task.graph)
    assert score[mask].min() >= score[~mask].max()


@pytest.mark.parametrize("sparsity", [0.0, 0.8])
def test_after_every_step_exactly_the_largest_weights_are_there(sparsity: float) -> None:
    search, _ = tiny_search(Targets(0.3, sparsity))
    found = find(search, TeddyConfig(name="teddy"))
    constraint = found.constraint
    assert isinstance(constraint, Projection)
    total = sum(p.numel() for p in search.model.prunable().values())
    kept = []

    def count() -> None:
        weights = search.model.prunable()
        kept.append(sum(int(constraint.masks[name].sum()) for name in weights))
        for name, weight in weights.items():
            assert bool((weight[~constraint.masks[name]] == 0).all())

    trained = retrain(
        search.task,
        search.model,
        search.init,
        constraint,
        TrainerConfig(epochs=12, lr=0.3),
        0,
        lambda epoch: count(),
        distillation=Distillation(tiny_teacher(search.task), found.distill),  # type: ignore[arg-type]
    )
    assert kept == [total - removed_count(sparsity, total)] * 12
    for name in search.model.prunable():
        assert bool((trained.state[name][~trained.masks[name]] == 0).all())
    if sparsity:  # the support moved away from the largest initial weights
        assert any(
            not torch.equal(trained.masks[name], found.masks[name])
            for name in search.model.prunable()
        )
