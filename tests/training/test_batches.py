from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from glt_cli.config import TrainerConfig
from glt_cli.errors import UserError
from glt_cli.pruning.masks import EDGE, full
from glt_cli.pruning.retrain import FixedMasks, retrain
from glt_cli.training.batches import Batches
from glt_cli.training.loop import Distillation, snapshot
from tests.graphs import CLASSES, NODES, tiny_model, tiny_task, tiny_teacher


def test_whole_views_are_made_once() -> None:
    task = tiny_task()
    batches = Batches(task, task.graph, 2)
    assert batches["val"] is batches["val"]
    (batch,) = batches.training()
    assert batch is batches["train"]
    assert batch.share == 1
    assert torch.equal(batch.nodes, task.nodes("train"))


def test_everyone_is_seen_where_a_teacher_speaks_of_all() -> None:
    task = tiny_task()
    (batch,) = Batches(task, task.graph, 2).training(everyone=True)
    assert batch.nodes.numel() == NODES
    assert torch.equal(batch.of_labelled(batch.nodes), task.nodes("train"))


def test_a_sample_stands_for_everyone_and_is_drawn_anew() -> None:
    task = tiny_task()
    train = task.nodes("train")
    batches = Batches(task, task.graph, 2)
    torch.manual_seed(0)
    seen = [next(batches.training(everyone=True, sample=5)) for _ in range(20)]
    for batch in seen:
        assert torch.equal(batch.of_labelled(batch.nodes), train)
        assert torch.equal(batch.nodes, torch.unique(batch.nodes))
        assert batch.nodes.numel() <= train.numel() + 5
        assert (batch.share, batch.covers) == (1, 1)
    assert torch.unique(torch.cat([batch.nodes for batch in seen])).numel() > train.numel() + 5

    model = tiny_model(task, dropout=0.0)
    ones = task.graph.ones()
    whole = model(*batches["all"].inputs(ones))
    torch.testing.assert_close(model(*seen[0].inputs(ones)), whole[seen[0].nodes])


def test_a_sample_of_everyone_gives_the_loss_of_all() -> None:
    task = tiny_task()
    batches, distillation = Batches(task, task.graph, 2), Distillation(tiny_teacher(task), 2.0)
    model = tiny_model(task, dropout=0.0)
    losses = []
    for sample in (None, NODES):
        batch = next(batches.training(everyone=True, sample=sample))
        losses.append(distillation.loss(task, model(*batch.inputs(task.graph.ones())), batch))
    torch.testing.assert_close(losses[0], losses[1])


@pytest.mark.parametrize("everyone", [False, True])
def test_parts_are_disjoint_and_complete_and_drawn_anew(everyone: bool) -> None:
    task = tiny_task()
    batches = Batches(task, task.graph, 2, partitions=3)
    torch.manual_seed(0)
    parts = list(batches.training(everyone))
    labelled = torch.cat([part.of_labelled(part.nodes) for part in parts])
    assert sorted(labelled.tolist()) == task.nodes("train").tolist()
    assert sum(part.share for part in parts) == pytest.approx(1)
    if everyone:
        assert sorted(torch.cat([part.nodes for part in parts]).tolist()) == list(range(NODES))
    edges = torch.cat([part.edges for part in parts if part.edges is not None]).tolist()
    assert len(set(edges)) == len(edges) < task.graph.num_edges
    again = torch.cat([part.nodes for part in batches.training(everyone)])
    assert not torch.equal(again, torch.cat([part.nodes for part in parts]))


@pytest.mark.parametrize("name", ["gcn", "gin-mean", "gat"])
@pytest.mark.parametrize("edge_weight", [False, True])
def test_gradients_of_parts_add_up_on_the_right_entries(name: str, edge_weight: bool) -> None:
    """They are those of the whole graph without the edges between parts."""
    task = tiny_task()
    if edge_weight:
        graph = task.graph
        graph.edge_weight = 0.5 + torch.rand(graph.num_edges)
        task = replace(task, graph=graph)
    model = tiny_model(task, name, dropout=0.0)
    values = torch.rand(task.graph.num_edges).requires_grad_()
    inputs = [values, *model.parameters()]

    within = torch.zeros(task.graph.num_edges)
    total: list[Tensor] = [torch.zeros_like(tensor) for tensor in inputs]
    for part in Batches(task, task.graph, model.reach, partitions=3).training():
        assert part.edges is not None
        within[part.edges] = 1
        loss = part.share * task.loss(model(*part.inputs(values)), part.nodes)
        found = torch.autograd.grad(loss, inputs)
        total = [sum_ + one for sum_, one in zip(total, found, strict=True)]

    train = task.nodes("train")
    whole = task.loss(model(task.x, task.graph, values * within)[train], train)
    expected = list(torch.autograd.grad(whole, inputs))
    torch.testing.assert_close(total, expected, rtol=1e-4, atol=1e-6)
    assert bool((total[0][within == 0] == 0).all())


@pytest.mark.parametrize("name", ["gcn", "resgcn"])
def test_a_partitioned_training_learns_and_repeats(name: str) -> None:
    task = tiny_task()
    model = tiny_model(task, name, dropout=0.0)
    init = snapshot(model)
    trainer = TrainerConfig(epochs=15, lr=0.02, partitions=3)
    masks = full({EDGE: task.graph.ones(), **model.prunable()})
    results = [
        retrain(task, model, init, FixedMasks(masks), trainer, 0, lambda epoch: None)
        for _ in range(2)
    ]
    assert results[0].val > 1.5 / CLASSES
    for key, value in results[0].state.items():
        assert torch.equal(value, results[1].state[key])


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_student_comes_near_to_its_teacher(partitions: int) -> None:
    task = tiny_task()
    model = tiny_model(task, dropout=0.0)
    init = snapshot(model)
    masks = FixedMasks(full({EDGE: task.graph.ones(), **model.prunable()}))
    trainer = TrainerConfig(epochs=30, lr=0.02, partitions=partitions)
    teacher = tiny_teacher(task)
    away = []
    for distillation in (None, Distillation(teacher, 10.0)):
        trained = retrain(
            task, model, init, masks, trainer, 0, lambda epoch: None, distillation=distillation
        )
        model.load_state_dict(trained.state)
        outputs = model(task.x, task.graph, task.graph.ones())
        away.append(task.divergence(outputs, teacher, task.nodes("all")).item())
    assert away[1] < 0.75 * away[0]


def test_parts_without_labels_or_nodes_do_not_break_distillation() -> None:
    task = tiny_task()
    task = replace(task, splits=task.splits | {"train": task.splits["train"][:2]})
    model = tiny_model(task, dropout=0.0)
    masks = FixedMasks(full({EDGE: task.graph.ones(), **model.prunable()}))
    trainer = TrainerConfig(epochs=5, partitions=40)
    distillation = Distillation(tiny_teacher(task), 1.0)
    losses: list[float] = []
    retrain(
        task,
        model,
        snapshot(model),
        masks,
        trainer,
        0,
        lambda e: losses.append(e.loss),
        distillation=distillation,
    )
    assert all(0 < loss < 10 for loss in losses)


def test_more_parts_than_nodes_are_refused() -> None:
    task = tiny_task()
    nodes = task.graph.num_nodes
    Batches(task, task.graph, 2, partitions=nodes)
    with pytest.raises(UserError, match=f"partitions={nodes + 1}: the graph has only {nodes} node"):
        Batches(task, task.graph, 2, partitions=nodes + 1)
