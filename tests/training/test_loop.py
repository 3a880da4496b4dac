from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import pytest
import torch
from torch import Tensor

from glt_cli.config import TrainerConfig
from glt_cli.pruning.masks import EDGE, Masks, Targets, full, random_masks
from glt_cli.pruning.retrain import FixedMasks, Trained, retrain
from glt_cli.training.batches import Batch, Batches
from glt_cli.training.loop import (
    Epoch,
    NonFiniteLossError,
    adam,
    epochs,
    seed_stage,
    snapshot,
    stage_generator,
)
from glt_cli.training.tasks import NodeClassification
from tests.graphs import BACKBONES, seeded, tiny_model, tiny_task

TARGETS = Targets(0.3, 0.8)


@dataclass(frozen=True, kw_only=True)
class WatchedTask(NodeClassification):
    """Remembers which splits were scored."""

    read: list[str] = field(default_factory=list)

    def score(self, outputs: Tensor, split: str) -> Tensor:
        self.read.append(split)
        return super().score(outputs, split)


def watched(task: NodeClassification) -> WatchedTask:
    return WatchedTask(**{item.name: getattr(task, item.name) for item in fields(task)})


def masks_for(task: NodeClassification, name: str, targets: Targets) -> Masks:
    weights = {key: p.detach() for key, p in tiny_model(task, name).prunable().items()}
    return random_masks({EDGE: task.graph.ones(), **weights}, targets, "uniform", seeded(1))


def run(
    task: NodeClassification,
    name: str = "gcn",
    targets: Targets = TARGETS,
    seed: int = 0,
    trainer: TrainerConfig | None = None,
) -> tuple[Trained, list[Epoch]]:
    model = tiny_model(task, name)
    seen: list[Epoch] = []
    trainer = trainer or TrainerConfig(epochs=15, weight_decay=0.1)
    masks = masks_for(task, name, targets)
    return retrain(
        task, model, snapshot(model), FixedMasks(masks), trainer, seed, seen.append
    ), seen


@pytest.mark.parametrize("name", BACKBONES)
def test_pruned_weights_are_exactly_zero_and_kept_ones_move(name: str) -> None:
    task = tiny_task()
    trained, _ = run(task, name)
    init = tiny_model(task, name).state_dict()
    for key, mask in masks_for(task, name, Targets(0.3, 0.8)).items():
        if key != EDGE:
            assert bool((trained.state[key][~mask] == 0).all())
            assert bool((trained.state[key][mask] != init[key][mask]).any())


@pytest.mark.parametrize("name", ["gcn", "gin-mean", "gat"])
def test_the_state_is_that_of_the_first_best_validation_epoch(name: str) -> None:
    task = tiny_task()
    trained, seen = run(task, name)
    vals = [epoch.val for epoch in seen]
    assert [epoch.number for epoch in seen] == list(range(1, 16))
    assert len(set(vals)) > 1
    assert trained.val == max(vals)
    assert trained.epoch == 1 + vals.index(max(vals))

    # The ticket scores the same when it is put to use: on the smaller graph.
    model = tiny_model(task, name).eval()
    model.load_state_dict(trained.state)
    graph = task.graph.keep(masks_for(task, name, Targets(0.3, 0.8))[EDGE])
    outputs = model(task.x, graph, graph.ones())
    for split, score in (("val", trained.val), ("test", trained.test)):
        assert float(task.score(outputs[task.splits[split]], split)) == score


def test_test_is_read_once_and_at_the_end() -> None:
    task = watched(tiny_task())
    run(task)
    assert task.read == ["val"] * 15 + ["test"]


def test_test_labels_and_validation_labels_do_not_reach_the_weights() -> None:
    task = tiny_task()
    y = task.y.clone()
    y[task.splits["test"]] = (y[task.splits["test"]] + 1) % 3
    trained, _ = run(task)
    other, _ = run(replace(task, y=y))
    assert all(torch.equal(trained.state[key], other.state[key]) for key in trained.state)
    assert trained.test != other.test


@pytest.mark.parametrize("name", BACKBONES)
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    task = tiny_task()
    first, seen = run(task, name)
    torch.manual_seed(12345)
    again, seen_again = run(task, name)
    _, seen_other = run(task, name, seed=1)
    assert seen == seen_again
    assert seen != seen_other
    assert (first.val, first.test, first.epoch) == (again.val, again.test, again.epoch)
    for key, value in first.state.items():
        assert value.numpy().tobytes() == again.state[key].numpy().tobytes()


def test_training_begins_at_the_initial_weights_whatever_the_model_held() -> None:
    task = tiny_task()
    model = tiny_model(task)
    init = snapshot(model)
    trainer = TrainerConfig(epochs=4)
    results = []
    for _ in range(2):
        masks = full({EDGE: task.graph.ones(), **model.prunable()})
        results.append(
            retrain(task, model, init, FixedMasks(masks), trainer, 0, lambda epoch: None)
        )
    first, second = results
    assert all(torch.equal(first.state[key], second.state[key]) for key in init)
    assert all(
        torch.equal(init[key], value) for key, value in tiny_model(task).state_dict().items()
    )


def test_an_absent_edge_changes_training() -> None:
    dense, _ = run(tiny_task(), targets=Targets(0, 0))
    sparse, _ = run(tiny_task(), targets=Targets(0.5, 0))
    assert any(not torch.equal(dense.state[key], sparse.state[key]) for key in dense.state)


@pytest.mark.parametrize("directed", [False, True])
def test_all_edges_gone_is_training_on_a_graph_without_edges(directed: bool) -> None:
    task = tiny_task(directed=directed)
    model = tiny_model(task)
    masks = full({EDGE: task.graph.ones(), **model.prunable()})
    masks[EDGE][:] = False
    nothing = replace(task, graph=task.graph.keep(masks[EDGE]))
    trainer = TrainerConfig(epochs=3)
    init = snapshot(model)
    masked = retrain(task, model, init, FixedMasks(masks), trainer, 0, lambda epoch: None)
    plain_masks = full({EDGE: nothing.graph.ones(), **model.prunable()})
    plain = retrain(nothing, model, init, FixedMasks(plain_masks), trainer, 0, lambda epoch: None)
    assert all(torch.equal(masked.state[key], plain.state[key]) for key in init)


def test_a_loss_that_is_not_finite_stops_the_run_and_says_where() -> None:
    task = tiny_task()
    broken = replace(task, x=torch.full((60, 12), torch.inf))
    with pytest.raises(NonFiniteLossError, match=r"\bnan\b.*epoch 1 of retrain"):
        run(broken)
    with pytest.raises(NonFiniteLossError, match="epoch 2 of retrain"):
        run(task, targets=Targets(0, 0), trainer=TrainerConfig(epochs=5, lr=1e30))


def test_one_epoch_in_its_order() -> None:
    task = watched(tiny_task())
    model = tiny_model(task)
    events: list[str] = []
    batches = Batches(task, task.graph, model.reach)

    def whole() -> Tensor:
        result: Tensor = model(task.x, task.graph, task.graph.ones())
        return result

    def outputs(batch: Batch) -> Tensor:
        split = "train" if batch is batches["train"] else "val"
        assert model.training == torch.is_grad_enabled() == (split == "train")
        events.append(split)
        return whole()[batch.nodes]

    def after_backward() -> None:
        assert all(p.grad is not None for p in model.parameters())
        events.append("backward")

    optimiser = adam([{"params": model.parameters(), "lr": 0.01}])
    run_of_two = epochs(
        "phase",
        2,
        batches,
        model,
        optimiser,
        outputs,
        after_backward,
        lambda: events.append("step"),
    )
    state = snapshot(model)
    for number, epoch in enumerate(run_of_two, start=1):
        assert (epoch.phase, epoch.number) == ("phase", number)
        assert events == ["train", "backward", "step", "val"]
        with torch.no_grad():
            assert epoch.val == float(task.score(whole()[task.splits["val"]], "val"))
        assert any(not torch.equal(state[key], value) for key, value in snapshot(model).items())
        events.clear()
    assert "test" not in task.read


def test_gradients_of_one_epoch_do_not_add_to_the_next() -> None:
    task = tiny_task()
    model = tiny_model(task, dropout=0.0)
    seen = []

    def note() -> None:
        seen.append([p.grad.clone() for p in model.parameters() if p.grad is not None])

    optimiser = adam([{"params": model.parameters(), "lr": 0.0}])

    def outputs(batch: Batch) -> Tensor:
        result: Tensor = model(*batch.inputs(task.graph.ones()))
        return result

    batches = Batches(task, task.graph, model.reach)
    for _ in epochs("phase", 2, batches, model, optimiser, outputs, after_backward=note):
        pass
    assert all(torch.equal(a, b) for a, b in zip(*seen, strict=True))


def test_each_stage_has_random_numbers_of_its_own() -> None:
    def draws(seed: int, stage: str) -> tuple[float, float]:
        seed_stage(seed, stage)
        generator = stage_generator(seed, stage)
        return float(torch.rand(1)), float(torch.rand(1, generator=generator))

    assert draws(0, "retrain") == draws(0, "retrain")
    assert len({draws(0, "retrain"), draws(1, "retrain"), draws(0, "pretrain")}) == 3


def test_making_a_generator_moves_no_other_random_number() -> None:
    before = torch.get_rng_state()
    stage_generator(0, "denoise")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_snapshot_is_a_copy() -> None:
    model = tiny_model(tiny_task())
    state = snapshot(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    assert not any(torch.equal(state[key], value) for key, value in model.state_dict().items())


@pytest.mark.parametrize(("every", "validated"), [(1, 7), (3, 3), (10, 1)])
def test_a_phase_may_be_validated_less_often(every: int, validated: int) -> None:
    task = watched(tiny_task())
    model = tiny_model(task)
    batches = Batches(task, task.graph, model.reach)
    ones = task.graph.ones()
    seen = list(
        epochs(
            "phase",
            7,
            batches,
            model,
            adam([{"params": model.parameters(), "lr": 0.01}]),
            lambda batch: model(*batch.inputs(ones)),
            validate_every=every,
        )
    )
    assert task.read == ["val"] * validated
    values = [epoch.val for epoch in seen]
    changes = [n for n in range(1, 7) if values[n] != values[n - 1]]
    assert all((n + 1) % every == 0 for n in changes)
    assert len({epoch.loss for epoch in seen}) == 7
