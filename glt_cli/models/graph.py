"""The weighted graph of docs/method.md: one value per edge, where 0 means absent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from glt_cli.models.sparse import Pattern, product


@dataclass(frozen=True)
class Adjacency:
    """Which messages are sent: entry (i, j) is the message from j to i.

    Attributes:
        pattern: CSR [N, N] with targets as rows, or [targets, sources] in a block
            (`ReceptiveField`).
        edge: int32 [nnz], the edge of each entry; E marks a self-loop of the layer.
        edge_weight: The graph's edge weights, [E]; None if all are 1.
        entries: In a block, the index of each entry in the whole adjacency, int64 [nnz].
        own: In a block, the index of each target among the sources, int64 [targets].
    """

    pattern: Pattern
    edge: Tensor
    edge_weight: Tensor | None = None
    entries: Tensor | None = None
    own: Tensor | None = None

    def weights(self, edge_values: Tensor) -> Tensor:
        """Map edge values [E] to the entries [nnz]; a layer's self-loops get 1."""
        if self.edge_weight is not None:
            edge_values = edge_values * self.edge_weight.to(edge_values.dtype)
        return torch.cat([edge_values, edge_values.new_ones(1)]).index_select(0, self.edge)

    def take(self, values: Tensor) -> Tensor:
        """Select the block's entries from the values of the whole adjacency."""
        return values if self.entries is None else values.index_select(0, self.entries)

    def of_targets(self, h: Tensor) -> Tensor:
        """Select the targets' rows from the sources' h."""
        return h if self.own is None else h.index_select(0, self.own)

    def aggregate(self, values: Tensor, h: Tensor) -> Tensor:
        """Sum values [nnz] times h [N, F] over each target's incoming messages; also K of both."""
        return product(self.pattern, values, h)


class Graph:
    """A graph of N nodes and E edges, without self-loops and duplicates.

    An undirected edge is stored once and has one value for both directions; a directed edge
    leads from `edge_index[0]` to `edge_index[1]`.

    Attributes:
        num_nodes: N.
        edge_index: int64 [2, E]; u < v if undirected.
        directed: Whether messages go one way only.
        edge_weight: Edge weights, float32 [E], which multiply the edge values; None if all are 1.
    """

    def __init__(
        self,
        num_nodes: int,
        edge_index: Tensor,
        directed: bool = False,
        edge_weight: Tensor | None = None,
    ) -> None:
        self.num_nodes = num_nodes
        self.edge_index = edge_index
        self.directed = directed
        self.edge_weight = edge_weight

    @classmethod
    def from_pairs(
        cls,
        num_nodes: int,
        pairs: Tensor,
        directed: bool = False,
        weights: Tensor | None = None,
    ) -> Cleaned:
        """Build from node pairs, int64 [2, M], as they are in files.

        An undirected edge that is stored in both directions is one edge, not a duplicate. The
        weights [M] of copies are averaged.
        """
        apart = pairs[0] != pairs[1]
        loops = apart.numel() - int(apart.sum())
        pairs = pairs[:, apart]
        as_stored = torch.unique(pairs[0] * num_nodes + pairs[1])
        duplicates = pairs.shape[1] - as_stored.numel()
        if not directed:
            pairs = torch.stack([pairs.amin(0), pairs.amax(0)])
        keys, place = torch.unique(pairs[0] * num_nodes + pairs[1], return_inverse=True)
        edge_weight = None
        if weights is not None:
            total = weights.new_zeros(keys.numel()).index_add(0, place, weights[apart])
            edge_weight = total / torch.bincount(place, minlength=keys.numel())
        edge_index = torch.stack([keys // num_nodes, keys % num_nodes])
        return Cleaned(cls(num_nodes, edge_index, directed, edge_weight), loops, duplicates)

    @property
    def num_edges(self) -> int:
        """E."""
        return self.edge_index.shape[1]

    @property
    def device(self) -> torch.device:
        """Device of the tensors."""
        return self.edge_index.device

    @cached_property
    def neighbours(self) -> Adjacency:
        """Messages between neighbours."""
        return self._adjacency(self_loops=False)

    @cached_property
    def looped(self) -> Adjacency:
        """Messages between neighbours and from each node to itself."""
        return self._adjacency(self_loops=True)

    def _adjacency(self, self_loops: bool) -> Adjacency:
        source, target = self.edge_index
        device = self.device
        edge = torch.arange(self.num_edges, device=device)
        rows, cols, edges = [target], [source], [edge]
        if not self.directed:
            rows.append(source)
            cols.append(target)
            edges.append(edge)
        if self_loops:
            node = torch.arange(self.num_nodes, device=device)
            rows.append(node)
            cols.append(node)
            edges.append(torch.full_like(node, self.num_edges))
        row, col = torch.cat(rows), torch.cat(cols)
        order = torch.argsort(row * self.num_nodes + col)
        pattern = Pattern.from_coordinates(row[order], col[order], (self.num_nodes, self.num_nodes))
        return Adjacency(pattern, torch.cat(edges)[order].int(), self.edge_weight)

    def blocks(self, layers: int, self_loops: bool) -> list[Adjacency]:
        """The adjacency for each layer: here the whole one (compare `ReceptiveField`)."""
        return [self.looped if self_loops else self.neighbours] * layers

    def of_targets(self, h: Tensor) -> Tensor:
        """Select the rows of the prediction: here all (compare `ReceptiveField`)."""
        return h

    def ones(self) -> Tensor:
        """Edge values of the plain graph: float32 [E]."""
        return torch.ones(self.num_edges, device=self.device)

    def degrees(self, kept: Tensor) -> Tensor:
        """Number of kept edges (bool [E]) at each node, in both directions: float32 [N]."""
        count = torch.zeros(self.num_nodes, device=self.device)
        for end in self.edge_index:
            count.index_add_(0, end, kept.float())
        return count

    def keep(self, kept: Tensor) -> Graph:
        """Build the physically smaller graph of the kept edges (bool [E], or their indices)."""
        edge_weight = None if self.edge_weight is None else self.edge_weight[kept]
        return Graph(self.num_nodes, self.edge_index[:, kept], self.directed, edge_weight)

    def scaled(self, factor: float) -> Graph:
        """Build the graph whose edges all weigh `factor` times as much."""
        if factor == 1:
            return self
        edge_weight = self.ones() if self.edge_weight is None else self.edge_weight
        return Graph(self.num_nodes, self.edge_index, self.directed, factor * edge_weight)

    def part(self, nodes: Tensor) -> tuple[Graph, Tensor]:
        """Build the subgraph of some nodes (int64 ascending); returns it and its edges' indices."""
        place = torch.full((self.num_nodes,), -1, device=nodes.device)
        place[nodes] = torch.arange(nodes.numel(), device=nodes.device)
        ends = place[self.edge_index]
        edges = (ends >= 0).all(0).nonzero().squeeze(1)
        edge_weight = None if self.edge_weight is None else self.edge_weight[edges]
        return Graph(nodes.numel(), ends[:, edges], self.directed, edge_weight), edges

    def without(self, other: Graph) -> Graph:
        """Build the graph of the edges that another graph of the same nodes doesn't have."""
        mine, theirs = (g.edge_index[0] * g.num_nodes + g.edge_index[1] for g in (self, other))
        return self.keep(~torch.isin(mine, theirs))

    def with_edges(self, edge_index: Tensor) -> Graph:
        """Append edges of weight 1; the graph must not have any of them yet."""
        edge_weight = self.edge_weight
        if edge_weight is not None:
            edge_weight = torch.cat([edge_weight, edge_weight.new_ones(edge_index.shape[1])])
        together = torch.cat([self.edge_index, edge_index], dim=1)
        return Graph(self.num_nodes, together, self.directed, edge_weight)

    def to(self, device: torch.device) -> Graph:
        """Copy to a device."""
        edge_weight = None if self.edge_weight is None else self.edge_weight.to(device)
        return Graph(self.num_nodes, self.edge_index.to(device), self.directed, edge_weight)


class Cleaned(NamedTuple):
    """A graph, and how many self-loops and duplicates were dropped."""

    graph: Graph
    loops: int
    duplicates: int
