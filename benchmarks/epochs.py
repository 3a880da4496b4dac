"""Seconds of one epoch with its validation pass: ours, and torch-geometric's own model."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
import torch_geometric.nn

from benchmarks.plain import both_directions, plain_epoch
from benchmarks.tasks import compose, cora, search
from glt_cli.models.sparse import SparseMatrix
from glt_cli.pruning import methods
from glt_cli.pruning.masks import full
from glt_cli.pruning.retrain import FixedMasks, retrain
from glt_cli.training.loop import Epoch, Observer

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


def contenders(backbone: str) -> list[Callable[[], float]]:
    """torch-geometric's dense epoch, glt's dense epoch, glt's denoising epoch."""
    return [_reference(backbone), lambda: _dense(backbone), lambda: _denoising(backbone)]


def _denoising(backbone: str) -> float:
    config = compose(f"backbone={backbone}", "method.pretrain_epochs=0", f"method.epochs={COUNT}")
    clock = Clock()
    methods.find(search(config, clock), config.method)
    return (clock.ended - clock.began) / COUNT


def _dense(backbone: str) -> float:
    config = compose(f"backbone={backbone}", "method=dense", f"trainer.epochs={COUNT}")
    clock = Clock()
    setting = search(config, clock)
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


def _reference(backbone: str) -> Callable[[], float]:
    """A plain training loop around torch-geometric's model, features dense as it has them."""
    config: Any = compose(f"backbone={backbone}").backbone
    task = cora()
    x, edge_index = _dense_features(), both_directions(task.graph)
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
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)

    def measure() -> float:
        began = time.perf_counter()
        for _ in range(COUNT // 3):
            plain_epoch(model, optimiser, x, edge_index, task)
        return (time.perf_counter() - began) / (COUNT // 3)

    return measure


def _dense_features() -> torch.Tensor:
    x = cora().x
    assert isinstance(x, SparseMatrix)
    dense = torch.zeros(x.shape)
    dense[x.pattern.row.long(), x.pattern.col.long()] = x.values
    return dense
