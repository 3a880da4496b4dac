"""A torch-geometric `Data` as somebody might have it, and settings of a search in a second."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

from tests.graphs import seeded

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its import calls what torch has deprecated
    from torch_geometric.data import Batch, Data, HeteroData

__all__ = [
    "CLASSES",
    "FEATURES",
    "NODES",
    "QUICK",
    "QUICK_FASTGLT",
    "Batch",
    "Data",
    "HeteroData",
    "changed",
    "mask",
    "own_data",
]

#: Shape of the graph; its last two nodes have no edge.
NODES, FEATURES, CLASSES = 90, 12, 3

QUICK: dict[str, Any] = {
    "device": "cpu",
    "quiet": True,
    "trainer": {"epochs": 4},
    "backbone.hidden": 6,
}
QUICK_FASTGLT = QUICK | {"method.pretrain_epochs": 2, "method.epochs": 7}


def own_data(directed: bool = False, seed: int = 0) -> Data:
    """Three communities with weakly telling features, each edge once, in one or both directions."""
    generator = seeded(seed)
    y = torch.arange(NODES) % CLASSES
    pairs = torch.randint(0, NODES - 2, (2, 400), generator=generator)
    known = (y[pairs[0]] == y[pairs[1]]) | (torch.rand(400, generator=generator) < 0.2)
    pairs = torch.unique(pairs[:, known & (pairs[0] < pairs[1])], dim=1)
    x = torch.eye(CLASSES).repeat(1, FEATURES // CLASSES)[y]
    x = x + torch.randn(x.shape, generator=generator)
    part = torch.randperm(NODES, generator=generator)
    return Data(
        x=x,
        edge_index=pairs if directed else torch.cat([pairs, pairs.flip(0)], dim=1),
        y=y,
        train_mask=mask(part[:30]),
        val_mask=mask(part[30:60]),
        test_mask=mask(part[60:80]),
    )


def mask(nodes: Tensor) -> Tensor:
    found = torch.zeros(NODES, dtype=torch.bool)
    found[nodes] = True
    return found


def changed(**attributes: Any) -> Data:
    """The graph with other attributes; None leaves one out."""
    data = own_data()
    for name, value in attributes.items():
        data[name] = value
    return data
