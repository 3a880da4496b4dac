from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from glt_cli.config import TrainerConfig
from glt_cli.config.methods import (
    DenseConfig,
    FastGLTConfig,
    GuidedConfig,
    IMPConfig,
    MethodConfig,
    OneShotConfig,
    RandomConfig,
    TeddyConfig,
)
from glt_cli.pruning import methods
from glt_cli.pruning.context import SearchResult
from glt_cli.pruning.masks import EDGE, Masks, Targets, full
from glt_cli.pruning.retrain import FixedMasks, retrain
from glt_cli.pruning.select import removed_count
from glt_cli.training.tasks import NodeClassification
from tests.cuda import waits_of
from tests.graphs import BACKBONES, tiny_search, tiny_task

#: Every method that prunes, at its shortest.
PRUNING: dict[str, MethodConfig] = {
    "random": RandomConfig(name="random"),
    "oneshot": OneShotConfig(name="oneshot", pretrain_epochs=3),
    "fastglt": FastGLTConfig(name="fastglt", pretrain_epochs=3, epochs=8),
    "teddy": TeddyConfig(name="teddy"),
    "imp": IMPConfig(name="imp", epochs=2, edge_fraction=0.2, weight_fraction=0.5),
    "guided": GuidedConfig(name="guided", steps=4, rounds=2, epochs=2),
}

#: Methods with one threshold over all weights.
GLOBAL = ("imp", "teddy", "guided")


def find(
    config: MethodConfig,
    targets: Targets,
    seed: int = 0,
    task: NodeClassification | None = None,
    name: str = "gcn",
) -> SearchResult:
    search, _ = tiny_search(targets, seed, task, name)
    return methods.find(search, config)


def same(a: Masks, b: Masks) -> bool:
    return list(a) == list(b) and all(torch.equal(a[name], b[name]) for name in a)


def assert_at_targets(masks: Masks, targets: Targets, allocation: str) -> None:
    removed = {name: int((~mask).sum()) for name, mask in masks.items()}
    sizes = {name: mask.numel() for name, mask in masks.items()}
    assert removed[EDGE] == removed_count(targets.graph_sparsity, sizes[EDGE])
    weights = [name for name in masks if name != EDGE]
    assert weights
    if allocation == "uniform":
        for name in weights:
            assert removed[name] == removed_count(targets.weight_sparsity, sizes[name])
    else:
        total = sum(sizes[name] for name in weights)
        assert sum(removed[name] for name in weights) == removed_count(
            targets.weight_sparsity, total
        )


@pytest.mark.parametrize("method", [m for m in PRUNING if m not in ("teddy", "guided")])
@pytest.mark.parametrize("allocation", ["uniform", "global"])
@pytest.mark.parametrize(
    "targets",
    [Targets(0, 0), Targets(0.35, 0), Targets(0, 0.93), Targets(0.29, 0.58), Targets(0.9, 0.985)],
    ids=str,
)
def test_both_targets_are_met_exactly(method: str, allocation: str, targets: Targets) -> None:
    config = replace(PRUNING[method], allocation=allocation)  # type: ignore[call-arg]
    found = find(config, targets)
    assert all(mask.dtype == torch.bool for mask in found.masks.values())
    assert_at_targets(found.masks, targets, allocation)


@pytest.mark.parametrize("method", PRUNING)
@pytest.mark.parametrize("name", ["gin-mean", "gin-mlp", "gat"])
@pytest.mark.parametrize("directed", [False, True])
def test_every_backbone_and_directed_graphs(method: str, name: str, directed: bool) -> None:
    targets = Targets(0.4, 0.8)
    task = tiny_task(directed=directed)
    allocation = "global" if method in GLOBAL else "uniform"
    assert_at_targets(
        find(PRUNING[method], targets, task=task, name=name).masks, targets, allocation
    )


@pytest.mark.parametrize("method", PRUNING)
def test_a_seed_gives_the_same_masks_whatever_was_drawn_before(method: str) -> None:
    targets = Targets(0.4, 0.8)
    first = find(PRUNING[method], targets, seed=3)
    search, _ = tiny_search(targets, seed=3)
    torch.manual_seed(99)
    torch.rand(7)
    assert same(methods.find(search, PRUNING[method]).masks, first.masks)
    if method == "teddy":
        return  # its scores know no chance
    other = find(PRUNING[method], targets, seed=4)
    assert not torch.equal(other.masks[EDGE], first.masks[EDGE])


@pytest.mark.parametrize("method", PRUNING)
@pytest.mark.parametrize("targets", [Targets(0.4, 0.8), Targets(0.1, 0.95), Targets(0, 0.5)])
def test_a_plan_knows_about_how_many_epochs_a_search_takes(method: str, targets: Targets) -> None:
    search, log = tiny_search(targets)
    methods.find(search, PRUNING[method])
    expected = PRUNING[method].search_epochs(targets.graph_sparsity, targets.weight_sparsity)
    # Rounds of a tiny graph remove a little less than their share.
    slack = 2 if method == "imp" else 0
    assert expected <= len(log.epochs) <= expected + slack


def test_a_plan_counts_the_rounds_of_ugs() -> None:
    imp = IMPConfig(name="imp", epochs=200)
    for rounds in range(31):
        assert imp.search_epochs(1 - 0.95**rounds, 0) == 200 * rounds
        assert imp.search_epochs(0, 1 - 0.8**rounds) == 200 * rounds
    assert imp.search_epochs(0.35, 0.93) == 200 * 12


@pytest.mark.parametrize("method", PRUNING)
def test_a_search_begins_at_the_initial_weights_whatever_the_model_held(method: str) -> None:
    targets = Targets(0.4, 0.8)
    search, _ = tiny_search(targets)
    first = methods.find(search, PRUNING[method])
    assert same(methods.find(search, PRUNING[method]).masks, first.masks)


@pytest.mark.parametrize("method", ["oneshot", "fastglt", "imp"])
def test_test_labels_have_no_say(method: str) -> None:
    task = tiny_task()
    y = task.y.clone()
    y[task.splits["test"]] = (y[task.splits["test"]] + 1) % 3
    targets = Targets(0.4, 0.8)
    assert same(
        find(PRUNING[method], targets, task=task).masks,
        find(PRUNING[method], targets, task=replace(task, y=y)).masks,
    )


@pytest.mark.parametrize("method", PRUNING)
def test_a_graph_without_edges_has_weights_to_prune(method: str) -> None:
    task = tiny_task()
    bare = replace(task, graph=task.graph.keep(torch.zeros(task.graph.num_edges, dtype=torch.bool)))
    targets = Targets(0.5, 0.8)
    allocation = "global" if method in GLOBAL else "uniform"
    assert_at_targets(find(PRUNING[method], targets, task=bare).masks, targets, allocation)


def test_dense_keeps_everything() -> None:
    found = find(DenseConfig(name="dense"), Targets(0, 0))
    assert all(bool(mask.all()) for mask in found.masks.values())
    assert found.rounds == []


@pytest.mark.parametrize("method", ["random", "oneshot", "imp"])
def test_retraining_at_targets_of_zero_is_dense_training_bit_for_bit(method: str) -> None:
    trainer = TrainerConfig(epochs=8)
    states = []
    for config in (DenseConfig(name="dense"), PRUNING[method]):
        search, _ = tiny_search(Targets(0, 0))
        masks = methods.find(search, config).masks
        trained = retrain(
            search.task,
            search.model,
            search.init,
            FixedMasks(masks),
            trainer,
            0,
            lambda epoch: None,
        )
        states.append((trained.val, trained.test, trained.epoch, trained.state))
    (*dense, dense_state), (*other, other_state) = states
    assert dense == other
    for key, value in dense_state.items():
        assert value.numpy().tobytes() == other_state[key].numpy().tobytes()


def test_epochs_are_those_of_the_optimiser() -> None:
    spent = {}
    for method, config in PRUNING.items():
        search, log = tiny_search(Targets(0.36, 0.75))
        found = methods.find(search, config)
        spent[method] = len(log.epochs)
        assert len(log.epochs) == sum(count for _, count in log.phases)
        if method == "imp":
            assert len(log.epochs) == 2 * (len(found.rounds) + 1)
    assert (spent["random"], spent["oneshot"], spent["fastglt"]) == (0, 3, 11)


def test_random_masks_do_not_depend_on_the_backbone_weights() -> None:
    targets = Targets(0.4, 0.8)
    first, _ = tiny_search(targets)
    second, _ = tiny_search(targets)
    with torch.no_grad():
        for parameter in second.model.parameters():
            parameter.add_(1)
    config = PRUNING["random"]
    assert same(methods.find(first, config).masks, methods.find(second, config).masks)


@pytest.mark.gpu
@pytest.mark.parametrize("method", PRUNING)
@pytest.mark.parametrize("name", BACKBONES)
def test_on_cuda(method: str, name: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    targets = Targets(0.4, 0.8)
    task = tiny_task(device="cuda")
    search, log = tiny_search(targets, task=task, name=name)
    found = methods.find(search, PRUNING[method])
    on_cpu = {key: mask.cpu() for key, mask in found.masks.items()}
    assert_at_targets(on_cpu, targets, "global" if method in GLOBAL else "uniform")
    assert all(mask.is_cuda for mask in found.masks.values())
    trainer = TrainerConfig(epochs=5)
    trained = retrain(
        task, search.model, search.init, FixedMasks(found.masks), trainer, 0, log.epochs.append
    )
    assert 0 <= trained.test <= 1
    for key in search.model.prunable():
        assert bool((trained.state[key][~found.masks[key]] == 0).all())


@pytest.mark.gpu
@pytest.mark.parametrize("name", BACKBONES)
def test_an_epoch_waits_for_the_device_once(name: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    task = tiny_task(device="cuda")

    def dense(epochs: int) -> int:
        search, log = tiny_search(Targets(0, 0), task=task, name=name)
        whole, trainer = FixedMasks(full(search.tensors())), TrainerConfig(epochs=epochs)
        return waits_of(
            lambda: retrain(task, search.model, search.init, whole, trainer, 0, log.epochs.append)
        )

    def denoised(epochs: int) -> int:
        config = FastGLTConfig(name="fastglt", pretrain_epochs=0, epochs=epochs, interval=100)
        search, _ = tiny_search(Targets(0.4, 0.8), task=task, name=name)
        return waits_of(lambda: methods.find(search, config))

    for waits in (dense, denoised):
        waits(5)  # the first time ever also loads kernels
        assert waits(15) - waits(5) == 10
