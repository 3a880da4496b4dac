"""The receptive field: a prediction of L layers depends only on nodes within L hops.

With 140 labelled nodes, most of Cora doesn't affect the loss. Leaving it out gives the same
predictions and gradients for a fraction of the work.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from glt_cli.models.graph import Adjacency, Graph
from glt_cli.models.sparse import Matrix, Pattern, SparseMatrix


class ReceptiveField:
    """The part of a graph that the predictions for some target nodes depend on.

    Attributes:
        graph: The whole graph.
        targets: int64 [T], ascending: the rows of the prediction.
        layers: Number of layers.
    """

    def __init__(self, graph: Graph, targets: Tensor, layers: int) -> None:
        self.graph = graph
        self.targets = targets
        self.layers = layers
        self.blocks = cache(self._blocks)

    @property
    def looped(self) -> Adjacency:
        """See Graph."""
        return self.graph.looped

    @property
    def neighbours(self) -> Adjacency:
        """See Graph."""
        return self.graph.neighbours

    def of_targets(self, h: Tensor) -> Tensor:
        """Select the targets' rows of the last layer's output: it has no others."""
        return h

    def rows(self, x: Matrix) -> Matrix:
        """Select the features [S, F] of the source nodes of the first layer."""
        sources = self.targets
        for _ in range(self.layers):
            sources = _sources(self.graph.neighbours, sources)
        return take_rows(x, sources)

    def _blocks(self, layers: int, self_loops: bool) -> list[Adjacency]:
        """The block of the adjacency for each layer, first layer first."""
        assert layers == self.layers
        whole = self.looped if self_loops else self.neighbours
        blocks = []
        targets = self.targets
        for _ in range(layers):
            sources = _sources(self.graph.neighbours, targets)
            blocks.append(_cut(whole, targets, sources))
            targets = sources
        return blocks[::-1]


class FullGraph:
    """The whole graph, with predictions for some nodes.

    For backbones whose predictions depend on all nodes through batch norm.

    Attributes:
        graph: The whole graph.
        targets: int64 [T], ascending: the rows of the prediction.
    """

    def __init__(self, graph: Graph, targets: Tensor) -> None:
        self.graph = graph
        self.targets = targets
        self.looped, self.neighbours = graph.looped, graph.neighbours
        self.blocks = graph.blocks

    def of_targets(self, h: Tensor) -> Tensor:
        """Select the targets' rows of the last layer's output."""
        return h.index_select(0, self.targets)

    def rows(self, x: Matrix) -> Matrix:
        """Select the features: all of them."""
        return x


#: A graph, or the part of it that some predictions depend on.
GraphView = Graph | ReceptiveField | FullGraph


def _entries_of(adjacency: Adjacency, targets: Tensor) -> Tensor:
    """Indices of the adjacency's entries in the rows of some targets."""
    wanted = torch.zeros(adjacency.pattern.shape[0], dtype=torch.bool, device=targets.device)
    wanted[targets] = True
    entries: Tensor = wanted.index_select(0, adjacency.pattern.row).nonzero().squeeze(1)
    return entries


def _sources(adjacency: Adjacency, targets: Tensor) -> Tensor:
    """The targets and their neighbours, ascending."""
    neighbours: Tensor = adjacency.pattern.col[_entries_of(adjacency, targets)]
    sources: Tensor = torch.unique(torch.cat([targets, neighbours.long()]))
    return sources


def _cut(whole: Adjacency, targets: Tensor, sources: Tensor) -> Adjacency:
    """The rows of some targets, over the columns of their sources."""
    entries = _entries_of(whole, targets)
    pattern = Pattern.from_coordinates(
        torch.searchsorted(targets, whole.pattern.row[entries].long()),
        torch.searchsorted(sources, whole.pattern.col[entries].long()),
        (targets.numel(), sources.numel()),
    )
    own = torch.searchsorted(sources, targets)
    return Adjacency(pattern, whole.edge[entries], whole.edge_weight, entries, own)


def take_rows(x: Matrix, rows: Tensor) -> Matrix:
    """Select rows (int64) of a matrix."""
    if isinstance(x, Tensor):
        return x.index_select(0, rows)
    place = torch.full((x.shape[0],), -1, dtype=torch.int64, device=rows.device)
    place[rows] = torch.arange(rows.numel(), device=rows.device)
    row = place[x.pattern.row]
    entries = (row >= 0).nonzero().squeeze(1)
    pattern = Pattern.from_coordinates(
        row[entries], x.pattern.col[entries].long(), (rows.numel(), x.shape[1])
    )
    return SparseMatrix(pattern, x.values[entries])
