from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import pytest
import torch
from torch import Tensor

from glt_cli.config.methods import FastGLTConfig, OneShotConfig
from glt_cli.pruning.masks import EDGE, Masks, Targets
from glt_cli.pruning.methods import fastglt, oneshot
from glt_cli.pruning.select import removed_count
from glt_cli.training.tasks import NodeClassification
from tests.graphs import Log, tiny_search, tiny_task
from tests.pruning.methods.recording import Recording, record

TARGETS = Targets(0.4, 0.8)
CONFIG = FastGLTConfig(
    name="fastglt", pretrain_epochs=4, epochs=23, interval=4, grad_epochs=3, edge_lr=0.01
)


def run(
    monkeypatch: pytest.MonkeyPatch,
    config: FastGLTConfig = CONFIG,
    targets: Targets = TARGETS,
) -> tuple[Masks, Recording, Log]:
    """Masks found, and of the denoising alone what was recorded and told."""
    search, log = tiny_search(targets)
    recording = record(monkeypatch)
    masks = fastglt.find(search, config).masks
    before = config.pretrain_epochs
    recording.masks = recording.masks[before:]
    recording.gradients = recording.gradients[before:]
    recording.swaps = [(epoch - before, name, n) for epoch, name, n in recording.swaps]
    recording.scored = [(epoch - before, name, g) for epoch, name, g in recording.scored]
    return masks, recording, log


def removed(masks: Masks) -> dict[str, int]:
    return {name: int((~mask).sum()) for name, mask in masks.items()}


def test_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    _, recording, log = run(monkeypatch)
    assert log.phases == [("pretrain", 4), ("denoise", 23)]
    assert len(recording.masks) == 23


def test_the_number_of_kept_elements_never_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    _, recording, log = run(monkeypatch)
    at_target = {
        name: removed_count(TARGETS.of(name), mask.numel())
        for name, mask in recording.masks[0].items()
    }
    assert all(removed(masks) == at_target for masks in recording.masks)
    assert len(set(log.sparsities[4:])) == 1


def test_exchanges_follow_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    _, recording, _ = run(monkeypatch)
    expected = []
    for epoch in (4, 8, 12, 16, 20):
        fraction = 0.3 / 2 * (1 + math.cos(math.pi * epoch / 23))
        for name, mask in recording.masks[0].items():
            kept = int(mask.sum())
            expected.append((epoch, name, min(math.floor(fraction * kept), mask.numel() - kept)))
    assert recording.swaps == [entry for entry in expected if entry[2] > 0]
    assert len(recording.swaps) >= 10
    # What was said to be exchanged is what differs between one epoch's masks and the next's.
    for epoch, name, count in recording.swaps:
        before, after = recording.masks[epoch - 1][name], recording.masks[epoch][name]
        assert int((before & ~after).sum()) == int((after & ~before).sum()) == count
    exchanged = {epoch for epoch, _, _ in recording.swaps}
    for epoch in range(1, 23):
        if epoch not in exchanged:
            for name, mask in recording.masks[epoch].items():
                assert torch.equal(mask, recording.masks[epoch - 1][name])


def test_there_is_no_exchange_after_the_last_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(CONFIG, epochs=8, schedule="constant")
    _, recording, _ = run(monkeypatch, config)
    assert {epoch for epoch, _, _ in recording.swaps} == {4}


def test_growth_is_the_mean_gradient_of_the_last_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    _, recording, _ = run(monkeypatch)
    edges = [(epoch, g) for epoch, name, g in recording.scored if name == EDGE]
    assert [epoch for epoch, _ in edges] == [4, 8, 12, 16, 20]
    for epoch, gradient in edges:
        last = [recording.gradients[e][EDGE] for e in range(epoch - 3, epoch)]
        torch.testing.assert_close(gradient, torch.stack(last).mean(0))
    weights = [(epoch, g) for epoch, name, g in recording.scored if name == "weight"]
    for epoch, gradient in weights:
        candidates = [
            torch.stack([recording.gradients[e][name] for e in range(epoch - 3, epoch)]).mean(0)
            for name in recording.masks[0]
            if recording.masks[0][name].shape == gradient.shape
        ]
        assert any(torch.allclose(gradient, candidate) for candidate in candidates)


@dataclass(frozen=True)
class PrescribedTask(NodeClassification):
    """Validation scores of all epochs are set beforehand."""

    vals: Iterator[float] = iter(())

    def score(self, outputs: Tensor, split: str) -> Tensor:
        assert split == "val"
        return torch.tensor(next(self.vals), dtype=torch.float64)


@pytest.mark.parametrize("best", [1, 6, 13, 23])
@pytest.mark.parametrize("warmup", [0, 2])
def test_the_masks_of_the_first_best_epoch_at_target_are_selected(
    monkeypatch: pytest.MonkeyPatch, best: int, warmup: int
) -> None:
    vals = [0.9] * 4 + [0.1] * 23  # what pre-training scored does not count
    for epoch in (best, 14, 23):
        vals[3 + epoch] = max(0.5, vals[3 + epoch])
    vals[3 + best] = 0.5
    first = min(best, 14)
    if warmup:
        vals[4 : 4 + 2 * 4] = [0.8] * 8  # nor what was scored on the way to the target
        first = first if first > 8 else 14
    plain = tiny_task()
    known = {item.name: getattr(plain, item.name) for item in fields(plain)}
    search, _ = tiny_search(TARGETS, task=PrescribedTask(**known, vals=iter(vals)))
    recording = record(monkeypatch)
    config = replace(CONFIG, warmup_exchanges=warmup, warmup_start=0.5, alpha=0.9)
    masks = fastglt.find(search, config).masks
    chosen = recording.masks[4 + first - 1]
    assert all(torch.equal(masks[name], chosen[name]) for name in masks)


def test_the_warm_up_grows_geometrically_to_the_target(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = replace(CONFIG, warmup_exchanges=3, warmup_start=0.25)
    masks, recording, _ = run(monkeypatch, config)
    for epoch, now in enumerate(recording.masks, start=1):
        exchanges = (epoch - 1) // 4
        factor = 0.25 ** (1 - exchanges / 3) if exchanges < 3 else 1.0
        for name, mask in now.items():
            goal = removed_count(TARGETS.of(name) * factor, mask.numel())
            assert int((~mask).sum()) == goal
    assert removed(masks) == removed(recording.masks[-1])


def test_a_warm_up_that_begins_with_nothing_removed_reaches_the_target_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = replace(CONFIG, warmup_exchanges=3, warmup_start=0.001)
    masks, recording, _ = run(monkeypatch, config)
    assert removed(recording.masks[0]) == dict.fromkeys(masks, 0)
    for name, mask in masks.items():
        assert int((~mask).sum()) == removed_count(TARGETS.of(name), mask.numel())


def test_without_denoising_it_is_one_shot_pruning() -> None:
    search, _ = tiny_search(TARGETS)
    masks = fastglt.find(search, replace(CONFIG, epochs=0)).masks
    other, _ = tiny_search(TARGETS)
    config = OneShotConfig(name="oneshot", pretrain_epochs=4, edge_lr=0.01)
    expected = oneshot.find(other, config).masks
    assert all(torch.equal(masks[name], expected[name]) for name in expected)


def test_without_exchanges_the_one_shot_masks_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    masks, recording, _ = run(monkeypatch, replace(CONFIG, alpha=0.0))
    assert recording.swaps == []
    assert all(torch.equal(masks[name], recording.masks[0][name]) for name in masks)


@pytest.mark.parametrize("targets", [Targets(0.4, 0), Targets(0, 0.8)])
def test_a_side_whose_target_is_zero_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, targets: Targets
) -> None:
    masks, recording, _ = run(monkeypatch, targets=targets)
    for name, mask in masks.items():
        assert bool(mask.all()) == (targets.of(name) == 0)
    assert all(targets.of(name) > 0 for _, name, _ in recording.swaps)
    assert recording.swaps


def test_a_little_that_is_pruned_is_exchanged_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer pruned than the schedule asks for: all of them come back."""
    _, recording, _ = run(monkeypatch, targets=Targets(0.05, 0.05))
    pruned = removed(recording.masks[0])
    assert [n for epoch, name, n in recording.swaps if epoch == 4] == [
        count for count in pruned.values() if count
    ]


@pytest.mark.parametrize("options", [
    {"mixing": "sum"},
    {"edge_scores": ["degree"]},
    {"edge_scores": ["gradient"]},
    {"schedule": "linear"},
    {"schedule": "constant"},
    {"initial_mask": "random"},
    {"diversity": 0.1, "variance": 0.1, "l1": 1e-4},
], ids=str)  # fmt: skip
def test_options(monkeypatch: pytest.MonkeyPatch, options: dict[str, object]) -> None:
    _, recording, _ = run(monkeypatch)
    monkeypatch.undo()
    masks, other, _ = run(monkeypatch, FastGLTConfig(**{**vars(CONFIG), **options}))
    assert removed(masks) == removed(recording.masks[0])
    different = [
        not torch.equal(a[name], b[name])
        for a, b in zip(recording.masks, other.masks, strict=True)
        for name in masks
    ]
    assert any(different)


def test_a_random_first_mask_ignores_magnitudes(monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(CONFIG, initial_mask="random", pretrain_epochs=0)
    search, _ = tiny_search(TARGETS)
    _, recording, _ = run(monkeypatch, config)
    name = "layers.0.linear.weight"
    size = search.init[name].abs()
    mask = recording.masks[0][name]
    assert float(size[mask].min()) < float(size[~mask].max())
