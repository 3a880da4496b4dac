"""In which order edges are removed, by what the dense model predicts for their ends."""

from __future__ import annotations

import torch
from torch import Tensor

from glt_cli.models.graph import Graph
from glt_cli.pruning.scores import AGREED
from glt_cli.pruning.select import tie_key


def removal_order(graph: Graph, agreement: Tensor, generator: torch.Generator) -> Tensor:
    """Place of each edge in the order of removal, float32 [E] in [0, 1]; 0 leaves first.

    Edges that the dense model contradicts leave first, the greatest contradiction first. Then,
    one by one, always the edge leaves whose smaller degree among the remaining edges is largest,
    so that no node is left poorly connected. Ties leave in a random order.

    Args:
        graph: The full graph.
        agreement: How far the dense model's predictions for both ends agree, [E] in [0, 1]
            (`Task.agreement`).
        generator: Breaks ties.
    """
    count = graph.num_edges
    tie = torch.empty(count, dtype=torch.int64, device=graph.device)
    tie[tie_key(agreement, generator)] = torch.arange(count, device=graph.device)
    agreed = agreement >= AGREED
    contradicted = (~agreed).nonzero().squeeze(1)
    by_tie = contradicted[tie[contradicted].argsort()]
    first = by_tie[agreement[by_tie].argsort(stable=True)]
    then = _balanced(graph, agreed.nonzero().squeeze(1), tie)
    place = torch.empty(count, device=graph.device)
    place[torch.cat([first, then])] = torch.arange(count, device=graph.device).float()
    return place / max(count - 1, 1)


def _balanced(graph: Graph, edges: Tensor, tie: Tensor) -> Tensor:
    """Order edges by min(d_u, d_v), the largest first, d falling as edges leave: int64 [edges].

    Whole levels of the degree at once, where one edge after the other would give the same order:
    at level k an edge leaves if both its ends still have k edges or more when its turn comes.
    """
    source, target = graph.edge_index[:, edges]
    tie = tie[edges]
    degree = torch.bincount(torch.cat([source, target]), minlength=graph.num_nodes)
    # An edge's key only falls, so it can't leave before the level at which it begins.
    key = torch.minimum(degree[source], degree[target])
    by_level = key.argsort(descending=True)
    highest = int(key.max()) if edges.numel() else 0
    begins = (edges.numel() - torch.bincount(key, minlength=1).cumsum(0)).tolist()
    active, order = by_level[:0], []
    for level in range(highest, 0, -1):
        active = torch.cat([active, by_level[begins[level] : begins[level - 1]]])
        leaving = _leave_at(level, source, target, tie, degree, active)
        order.append(leaving)
        active = active[~torch.isin(active, leaving, assume_unique=True)]
    return edges[torch.cat(order)] if order else edges


def _leave_at(
    level: int, source: Tensor, target: Tensor, tie: Tensor, degree: Tensor, active: Tensor
) -> Tensor:
    """The edges that leave at a level, in the order of their ties; `degree` [N] falls accordingly.

    A node may lose edges until it has fewer than `level`. Taken one by one in the order of their
    ties, an edge leaves if neither end is full; those among the first of both ends are sure to.
    """
    left = []
    candidates = active[tie[active].argsort()]
    while True:
        able = degree >= level
        candidates = candidates[able[source[candidates]] & able[target[candidates]]]
        if not candidates.numel():
            break
        ends = torch.stack([source[candidates], target[candidates]])
        sure = (_rank_at_ends(ends) <= (degree - level)[ends]).all(0)
        left.append(candidates[sure])
        gone = ends[:, sure].flatten()
        degree.index_add_(0, gone, torch.full_like(gone, -1))
        candidates = candidates[~sure]
    leaving = torch.cat(left) if left else active[:0]
    return leaving[tie[leaving].argsort()]


def _rank_at_ends(ends: Tensor) -> Tensor:
    """How many edges before it, in the given order, each edge meets at either end: [2, n]."""
    count = ends.shape[1]
    nodes = ends.t().reshape(-1)  # both ends of an edge, then those of the next
    order = nodes.argsort(stable=True)
    ordered = nodes[order]
    place = torch.arange(2 * count, device=ends.device)
    begins = torch.ones_like(ordered, dtype=torch.bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    start = torch.cummax(torch.where(begins, place, torch.zeros_like(place)), 0).values
    rank = torch.empty_like(place)
    rank[order] = place - start
    return rank.view(count, 2).t()
