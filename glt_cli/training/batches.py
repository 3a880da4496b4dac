"""The input of a forward pass: what some predictions need of the graph, or a random part of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from glt_cli.config import check_partitions
from glt_cli.models.graph import Graph
from glt_cli.models.receptive_field import FullGraph, GraphView, ReceptiveField, take_rows
from glt_cli.models.sparse import Matrix
from glt_cli.training.tasks import Task


@dataclass(frozen=True)
class Batch:
    """Input of one forward pass.

    Attributes:
        nodes: Nodes of the task that get outputs, int64 [T] ascending.
        x: Features of the nodes in the batch.
        graph: The part of the graph that the outputs depend on.
        edges: Indices of the batch's edges in the task's graph; None for all of them.
        extra: Number of further edges, of value 1, which no mask prunes.
        labelled: Indices into `nodes` of those that the training loss uses; None for all.
        share: Their share of all training nodes.
        covers: The share of all nodes that `nodes` stand for.
    """

    nodes: Tensor
    x: Matrix
    graph: GraphView
    edges: Tensor | None = None
    extra: int = 0
    labelled: Tensor | None = None
    share: float = 1.0
    covers: float = 1.0

    def inputs(self, edge_values: Tensor) -> tuple[Matrix, GraphView, Tensor]:
        """Arguments of a backbone, given a value for each edge of the task's graph, float [E]."""
        if self.edges is not None:
            edge_values = edge_values.index_select(0, self.edges)
        if self.extra:
            edge_values = torch.cat([edge_values, edge_values.new_ones(self.extra)])
        return self.x, self.graph, edge_values

    def of_labelled(self, rows: Tensor) -> Tensor:
        """Select the rows, of [T, ...], that the training loss uses."""
        return rows if self.labelled is None else rows.index_select(0, self.labelled)


class Batches:
    """The batches of a task: one for each split, or, in partitioned training, new ones each epoch.

    Args:
        task: The task.
        graph: The task's graph, or what masks keep of it.
        reach: Hops that a prediction depends on; None if it depends on every node.
        partitions: Number of random parts of the nodes in each training epoch, as in UGS, for
            graphs that don't fit in memory. Edges between parts are left out in that epoch.

    Raises:
        UserError: There are more parts than nodes.
    """

    def __init__(self, task: Task, graph: Graph, reach: int | None, partitions: int = 1) -> None:
        check_partitions(partitions, graph.num_nodes)
        self.task, self.graph = task, graph
        self.reach, self.partitions = reach, partitions
        self._made: dict[str, Batch] = {}

    @property
    def device(self) -> torch.device:
        """Device of the task's data."""
        return self.graph.device

    def __getitem__(self, split: str) -> Batch:
        """The batch of a split on the whole graph."""
        if split not in self._made:
            nodes = self.task.nodes(split)
            graph = self.task.graph_at(split, self.graph)
            x, seen = self._look(self.task.x, graph, nodes)
            self._made[split] = Batch(nodes, x, seen, extra=graph.num_edges - self.graph.num_edges)
        return self._made[split]

    def training(self, everyone: bool = False, sample: int | None = None) -> Iterator[Batch]:
        """Yield the batches of one training epoch; their shares sum to 1.

        Args:
            everyone: Whether nodes without a training label get outputs too.
            sample: Number of random nodes that stand for everyone, if the task is `by_node` and
                isn't partitioned; None for all.
        """
        if self.partitions > 1:
            yield from self._parts(everyone)
        elif everyone and sample is not None and self.task.by_node:
            yield self._sampled(sample)
        elif everyone:
            batch = self["all"]
            yield Batch(batch.nodes, batch.x, batch.graph, labelled=self.task.nodes("train"))
        else:
            yield self["train"]

    def view(self, nodes: Tensor) -> Batch:
        """Make the batch that predicts some nodes (int64 ascending)."""
        return Batch(nodes, *self._look(self.task.x, self.graph, nodes))

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw nodes, int64 ascending: `count` of them, or all if there are no more."""
        drawn = torch.randperm(self.graph.num_nodes, generator=generator)[:count]
        return drawn.sort().values.to(self.device)

    def _sampled(self, count: int) -> Batch:
        train = self.task.nodes("train")
        nodes = torch.unique(torch.cat([train, self.sample(count)]))
        return replace(self.view(nodes), labelled=torch.searchsorted(nodes, train))

    def _parts(self, everyone: bool) -> Iterator[Batch]:
        count = self.graph.num_nodes
        device = self.graph.device
        part = torch.randint(self.partitions, (count,)).to(device)
        train = self.task.nodes("train")
        is_labelled = torch.zeros(count, dtype=torch.bool, device=device)
        is_labelled[train] = True
        for number in range(self.partitions):
            members = (part == number).nonzero().squeeze(1)
            places = is_labelled[members].nonzero().squeeze(1)
            if not (members if everyone else places).numel():
                continue
            graph, edges = self.graph.part(members)
            wanted = torch.arange(members.numel(), device=device) if everyone else places
            x, seen = self._look(take_rows(self.task.x, members), graph, wanted)
            yield Batch(
                members[wanted],
                x,
                seen,
                edges,
                labelled=places if everyone else None,
                share=places.numel() / train.numel(),
                covers=members.numel() / count,
            )

    def _look(self, x: Matrix, graph: Graph, nodes: Tensor) -> tuple[Matrix, GraphView]:
        seen = (
            FullGraph(graph, nodes)
            if self.reach is None
            else ReceptiveField(graph, nodes, self.reach)
        )
        return seen.rows(x), seen
