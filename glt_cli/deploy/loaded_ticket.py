"""A finished ticket in Python: its model, its predictions, and itself as torch-geometric layers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from glt_cli import data
from glt_cli.config.datasets import FeaturelessConfig, InMemoryConfig
from glt_cli.data.in_memory import graph_data
from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.ticket import Ticket, read_ticket
from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Matrix
from glt_cli.pruning.masks import EDGE
from glt_cli.training.features import structural, transformed
from glt_cli.training.tasks import Task, make_task


@dataclass(frozen=True)
class LoadedTicket(Ticket):
    """A ticket: masks over edges and weights, Θ₀, trained weights, and what can be done with it.

    `graph_sparsity` and `weight_sparsity` are the shares removed; `masks` are True where kept,
    edges [E] under "edge" and each prunable weight under its name; `model()` is the trained
    network on CPU, in evaluation mode.

    Attributes:
        task: The data that it was found on, where it is at hand.
        data_root: Where to look for that data otherwise.
    """

    task: Task | None = None
    data_root: str | None = None

    def predict(self, data: Any = None, *, same_nodes: bool = True) -> Tensor:
        """Outputs of the ticket for every node of a graph.

        Edges that the ticket pruned are absent; other edges of `data`, new ones too, are kept.

        Args:
            data: A torch-geometric `Data` with `x` [N, F] as it was before the ticket's own
                transform, `edge_index`, and perhaps `edge_weight`; None for the graph that the
                ticket was found on.
            same_nodes: Whether node i of `data` is node i of the ticket's graph. If not, all
                edges of `data` are used, since the ticket knows nothing of them.

        Returns:
            Logits of the classes or labels [N, C]; of a ticket for links, embeddings [N, D],
            whose inner product is the logit of a link.

        Raises:
            UserError: `data` does not fit the ticket, or None is given and its data is missing.
        """
        if data is None:
            task = self.task or self._found_on()
            return self._outputs(task.x, task.graph.keep(self.masks[EDGE].to(task.graph.device)))
        x, graph = self._read(data)
        if not same_nodes:
            return self._outputs(x, graph)
        if graph.num_nodes != self.num_nodes:
            raise UserError(
                f"data has {graph.num_nodes:,} nodes, the ticket's graph {self.num_nodes:,}: pass "
                "same_nodes=False if it is another graph"
            )
        pruned = self.graph().keep(~self.masks[EDGE])
        return self._outputs(x, graph.without(pruned))

    def to_torch_geometric(self) -> tuple[torch.nn.Module, Any]:
        """The ticket as torch-geometric's own layers on the smaller graph, zeros in the weights.

        Returns:
            The model, and a `Data` with the kept edges: `model(x, data.edge_index)` is [N, C].
            See `glt_cli.deploy.torch_geometric`.

        Raises:
            UserError: torch-geometric's layers can't express it: edge weights in other backbones
                than gcn, or a backbone of a plug-in.
        """
        from glt_cli.deploy.torch_geometric import to_torch_geometric

        return to_torch_geometric(self, self.graph())

    @torch.no_grad()
    def _outputs(self, x: Matrix, graph: Graph) -> Tensor:
        model = self.model().to(graph.device)
        outputs: Tensor = model(x, graph, graph.ones())
        return outputs

    def _found_on(self) -> Task:
        if isinstance(self.dataset, InMemoryConfig):
            raise UserError("the ticket was found on data in memory: pass it, as in predict(data)")
        found = data.load(self.dataset, self.data_root)
        task = make_task(found, self.dataset, torch.device("cpu"))
        if not torch.equal(task.graph.edge_index, self.edge_index):
            raise UserError(
                f"{self.dataset.shown} has other edges here than the ticket was found on"
            )
        return task

    def _read(self, given: Any) -> tuple[Matrix, Graph]:
        """Features and graph of a `Data`, as the ticket's model takes them."""
        if self.embedded_nodes or isinstance(self.dataset, FeaturelessConfig):
            return self._read_without_features(given)
        raw = graph_data(given)
        assert raw.x is not None
        if raw.x.shape[1] != self.num_features:
            raise UserError(
                f"data.x has {raw.x.shape[1]} columns; the ticket's model takes {self.num_features}"
            )
        if self.dataset.transform == "standardise" and not self.statistics:
            raise UserError(
                "the ticket is of an earlier glt and lacks its features' mean and deviation; "
                "run it again with force=true"
            )
        weights = None if raw.weights is None else torch.from_numpy(raw.weights)
        edges = torch.from_numpy(raw.edges)
        graph = Graph.from_pairs(raw.num_nodes, edges, self.directed, weights).graph
        return transformed(raw.x, self.dataset.transform, self.statistics), graph

    def _read_without_features(self, given: Any) -> tuple[Matrix, Graph]:
        """Of nodes that have no features of their own: embeddings, or features made of edges."""
        nodes = int(given.num_nodes)
        if self.embedded_nodes and nodes != self.num_nodes:
            raise UserError(
                f"data has {nodes:,} nodes, and the ticket has learned embeddings of "
                f"{self.num_nodes:,}: it can't predict for others"
            )
        graph = Graph.from_pairs(nodes, given.edge_index.cpu(), self.directed).graph
        if self.embedded_nodes:
            return torch.arange(nodes), graph
        return structural(graph, self.num_features), graph


def load_ticket(path: str | Path, data_root: str | None = None) -> LoadedTicket:
    """Open a saved ticket; safetensors and JSON only, so that opening one never runs code.

    Args:
        path: A run's folder, or any folder with `ticket.json` and `ticket.safetensors` in it.
        data_root: Where its data set is, if not in the package or the cache.

    Raises:
        UserError: There is no ticket, or it is damaged.
    """
    ticket = read_ticket(RunFolder(Path(path).expanduser()))
    return LoadedTicket(**vars(ticket), data_root=data_root)
