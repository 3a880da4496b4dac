from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from glt_cli.pruning.guided_edges import guided_edges, ordered_edges
from glt_cli.pruning.masks import Targets
from glt_cli.pruning.select import removed_count
from tests.graphs import tiny_search


@pytest.mark.parametrize("name", ["gcn", "gin-mean", "gat"])
@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.5, 0.9])
def test_the_target_is_met_to_the_edge(name: str, sparsity: float) -> None:
    search, _ = tiny_search(Targets(sparsity, 0.0), name=name)
    mask = guided_edges(search, prior=1.0, steps=3)
    assert mask.dtype == torch.bool
    assert int((~mask).sum()) == removed_count(sparsity, mask.numel())


def test_without_steps_and_with_a_large_prior_the_order_decides() -> None:
    search, _ = tiny_search(Targets(0.4, 0.0))
    order = ordered_edges(search)
    kept = order.numel() - removed_count(0.4, order.numel())
    last = torch.zeros_like(order, dtype=torch.bool)
    last[order.argsort(descending=True)[:kept]] = True
    assert torch.equal(guided_edges(search, prior=1.0, steps=0), last)
    assert torch.equal(guided_edges(search, prior=1e6, steps=5), last)


def test_the_loss_of_confidence_is_that_of_the_recipe() -> None:
    search, _ = tiny_search(Targets(0.4, 0.0))
    teacher, outputs = search.teacher(), torch.randn(search.teacher().shape)
    expected = []
    for given, found in zip(teacher.softmax(1), outputs.log_softmax(1), strict=True):
        decided = int(given.argmax())
        others = torch.cat([found[:decided], found[decided + 1 :]])
        expected.append(given.max() * F.softplus(-(found[decided] - others.max()) / 0.5))
    torch.testing.assert_close(
        search.task.confidence_loss(outputs, teacher), torch.stack(expected).mean()
    )


def test_the_kept_edges_serve_the_dense_model_better_than_the_order_alone() -> None:
    search, _ = tiny_search(Targets(0.5, 0.0))
    search.teacher = lambda: dense_outputs(torch.ones(search.task.graph.num_edges))

    def dense_outputs(values: Tensor) -> Tensor:
        outputs: Tensor = search.dense_model()(*search.batches["all"].inputs(values))
        return outputs

    def loss(mask: Tensor) -> float:
        return float(search.task.confidence_loss(dense_outputs(mask.float()), search.teacher()))

    ordered = guided_edges(search, prior=1.0, steps=0)
    assert loss(guided_edges(search, prior=1.0)) < loss(ordered)


def test_the_dense_model_is_left_as_it_is() -> None:
    search, _ = tiny_search(Targets(0.5, 0.0))
    model = search.dense_model()
    search.dense_model = lambda: model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    guided_edges(search, prior=1.0, steps=3)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)
