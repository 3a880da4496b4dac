"""Seconds of one epoch with its validation pass: ours, and torch-geometric's own model."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import torch_geometric.nn

from benchmarks.plain import both_directions, plain_epoch
from benchmarks.tasks import compose, search
from glt_cli.models.sparse import SparseMatrix
from glt_cli.pruning import methods
from glt_cli.pruning.masks import full
from glt_cli.pruning.retrain import FixedMasks, retrain
from glt_cli.training.loop import Epoch, Observer
from glt_cli.training.tasks import NodeClassification

#: Epochs of a repetition: two exchanges of the preset with the longest interval.
COUNT = 21


class Clock(Observer):
    """An observer that counts epochs and notes when a phase begins and its last epoch ends."""

    def __init__(self) -> None:
        self.began = self.ended = 0.0
        self.epochs = 0

    def begin(self, phase: str, epochs: int) -> None:
        """See loop.Observer."""
        self.began = time.perf_counter()

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """See loop.Observer."""
        self.ended = time.perf_counter()
        self.epochs += 1


def contenders(backbone: str, task: NodeClassification) -> list[Callable[[], float]]:
    """torch-geometric's dense epoch, glt's dense epoch, glt's denoising epoch; on Cora."""
    return [
        _reference(backbone, task),
        lambda: _dense(backbone, task),
        lambda: _denoising(backbone, task),
    ]


def _denoising(backbone: str, task: NodeClassification) -> float:
    config = compose(f"backbone={backbone}", "method.pretrain_epochs=0", f"method.epochs={COUNT}")
    clock = Clock()
    methods.find(search(config, clock, task), config.method)
    return (clock.ended - clock.began) / COUNT


def _dense(backbone: str, task: NodeClassification) -> float:
    config = compose(f"backbone={backbone}", "method=dense", f"trainer.epochs={COUNT}")
    clock = Clock()
    setting = search(config, clock, task)
    clock.begin("dense", COUNT)
    retrain(
        setting.task,
        setting.model,
        setting.init,
        FixedMasks(full(setting.tensors())),
        config.trainer,
        0,
        observe=lambda epoch: clock.epoch(epoch, 0, 0),
    )
    return (clock.ended - clock.began) / COUNT


def _reference(backbone: str, task: NodeClassification) -> Callable[[], float]:
    """A plain training loop around torch-geometric's model, features dense as it has them."""
    config: Any = compose(f"backbone={backbone}").backbone
    x, edge_index = dense_features(task), both_directions(task.graph)
    shape = (task.x.shape[1], config.hidden, config.layers, task.num_outputs)
    if backbone == "gat":
        hidden = config.hidden * config.heads
        options = {"heads": config.heads, "dropout": config.dropout}
        model = torch_geometric.nn.GAT(shape[0], hidden, shape[2], shape[3], **options)
    elif backbone == "gin":
        options = {"dropout": config.dropout, "aggr": "mean", "norm": None}
        model = torch_geometric.nn.GIN(*shape, **options)
    else:
        model = torch_geometric.nn.GCN(*shape, dropout=config.dropout)
    model = model.to(task.graph.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(COUNT // 3):
            plain_epoch(model, optimiser, x, edge_index, task)
        return (time.perf_counter() - began) / (COUNT // 3)

    return measure


def dense_features(task: NodeClassification) -> torch.Tensor:
    """Write features as torch-geometric's models take them: [N, F]."""
    x = task.x
    if not isinstance(x, SparseMatrix):
        return x
    dense = torch.zeros(x.shape, device=task.graph.device)
    dense[x.pattern.row.long(), x.pattern.col.long()] = x.values
    return dense


def alternate(contenders: list[Callable[[], float]], repetitions: int) -> list[list[float]]:
    """Time each contender in turn, again and again; the first round warms up."""
    times: list[list[float]] = [[] for _ in contenders]
    for repetition in range(repetitions + 1):
        for contender, taken in zip(contenders, times, strict=True):
            seconds = contender()
            if repetition:
                taken.append(seconds)
    return times


def milliseconds(seconds: list[float]) -> str:
    """Write the median of repetitions."""
    return f"{1000 * statistics.median(seconds):.1f} ms"


def ratio(ours: list[float], reference: list[float]) -> str:
    """Write the median ratio of repetitions, and the smallest and largest."""
    ratios = sorted(a / b for a, b in zip(ours, reference, strict=True))
    return f"{statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
