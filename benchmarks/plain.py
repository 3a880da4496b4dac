"""An epoch of torch-geometric's own model; not importing the library, which would cost memory."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from glt_cli.models.graph import Graph
from glt_cli.training.tasks import NodeClassification


def plain_epoch(
    model: torch.nn.Module,
    optimiser: torch.optim.Optimizer,
    x: torch.Tensor,
    edge_index: torch.Tensor,
    task: NodeClassification,
) -> None:
    """Train torch-geometric's model for one epoch and validate it, as anybody would write it."""
    train, val = task.splits["train"], task.splits["val"]
    model.train()
    optimiser.zero_grad()
    F.cross_entropy(model(x, edge_index)[train], task.y[train]).backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    model.eval()
    with torch.no_grad():
        correct = model(x, edge_index)[val].argmax(1) == task.y[val]
    float(correct.float().mean())


def both_directions(graph: Graph) -> torch.Tensor:
    """Write undirected edges as torch-geometric wants them: int64 [2, 2E]."""
    return torch.cat([graph.edge_index, graph.edge_index.flip(0)], dim=1)
