"""A finished ticket in Python: its model, its predictions, and itself as torch-geometric layers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from glt_cli import data as data_sets
from glt_cli.config.datasets import FeaturelessConfig, InMemoryConfig
from glt_cli.data.in_memory import graph_data
from glt_cli.errors import UserError
from glt_cli.experiment.device import resolve
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.ticket import SavedTicket, read_ticket
from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Matrix, SparseMatrix
from glt_cli.pruning.masks import EDGE, kept_counts
from glt_cli.training.features import structural, transformed
from glt_cli.training.tasks import make_task

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True, eq=False, repr=False)
class Ticket(SavedTicket):
    """A ticket: masks over edges and weights, Θ₀, trained weights, and what can be done with it.

    All tensors are on CPU. `edge_index` int64 [2, E] holds every edge of the graph that the
    ticket was found on, an undirected one once. `masks` are True where kept: bool [E] under
    "edge", and each prunable weight under its name. `graph_sparsity` and `weight_sparsity` are the
    shares removed, from 0 to 1. `init` and `trained` are Θ₀ and the retrained parameters.
    `model()` is the trained network, in evaluation mode.

    Attributes:
        found_on: Features and whole graph that it was found on, where they are at hand.
        data_root: Where to look for that data otherwise.
    """

    found_on: tuple[Matrix, Graph] | None = None
    data_root: str | None = None

    def __repr__(self) -> str:
        kept = kept_counts(self.masks)
        weights = [name for name in self.masks if name != EDGE]
        return (
            f"<Ticket: {self.backbone.name} on {self.dataset.shown}; kept {kept[EDGE]:,} of "
            f"{self.masks[EDGE].numel():,} edges, {sum(kept[name] for name in weights):,} of "
            f"{sum(self.masks[name].numel() for name in weights):,} weights>"
        )

    def predict(
        self,
        data: Data | None = None,
        *,
        same_nodes: bool = True,
        device: str | torch.device = "cpu",
    ) -> Tensor:
        """Outputs of the ticket for every node of a graph.

        Edges that the ticket pruned are absent; other edges of `data`, new ones too, are kept.

        Args:
            data: A torch-geometric `Data` with `x` [N, F] as it was before the ticket's own
                transform, `edge_index` [2, M], and `edge_weight` [M] if the ticket's graph had
                weights; None for the graph that the ticket was found on. It is read as directed
                or undirected as that graph is.
            same_nodes: Whether node i of `data` is node i of the ticket's graph, so that pruned
                edges are known by the numbers of their ends. If not, all edges are used.
            device: `cpu`, `cuda`, `cuda:k` or `auto`: where to compute, and to leave the outputs.

        Returns:
            Logits of the classes or labels, float32 [N, C]; of a ticket for links, embeddings
            [N, D], whose inner product is the logit of a link.

        Raises:
            UserError: `data` does not fit the ticket, or None is given and its data is missing.
        """
        where = resolve(str(device))
        x, graph = self._seen(data, same_nodes)
        graph, model = graph.to(where), self.model().to(where)
        with torch.no_grad():
            outputs: Tensor = model(x.to(where), graph, graph.ones())
        return outputs

    def features(self, data: Data | None = None) -> Tensor:
        """Features as the ticket's model takes them: what its layers in torch-geometric need too.

        Args:
            data: As in `predict`.

        Returns:
            After the ticket's transform, dense float32 [N, F]; where nodes have learned
            embeddings, node numbers int64 [N].

        Raises:
            UserError: As `predict`.
        """
        x, _ = self._found_on if data is None else self._read(data)
        if not isinstance(x, SparseMatrix):
            return x.clone()
        dense = x.values.new_zeros(x.shape)
        dense[x.pattern.row.long(), x.pattern.col.long()] = x.values
        return dense

    def to_torch_geometric(self) -> tuple[torch.nn.Module, Data]:
        """The ticket as torch-geometric's own layers on the smaller graph, zeros in the weights.

        Returns:
            The model, and a `Data` with the kept edges: `model(x, data.edge_index)` is [N, C],
            equal to `predict()`, with x from `features()`. Where the graph has edge weights it is
            `model(x, data.edge_index, data.edge_weight)`. In further training pruned weights move
            unless they are held at zero: see `glt_cli.deploy.torch_geometric`.

        Raises:
            UserError: torch-geometric's layers can't express it: edge weights in other backbones
                than gcn, or a backbone of a plug-in.
        """
        from glt_cli.deploy.torch_geometric import to_torch_geometric

        if self.edge_weight is None and getattr(self.dataset, "weight", None):
            raise UserError(
                "the ticket is of an earlier glt and lacks its graph's edge weights; run it again "
                "with force=true"
            )
        return to_torch_geometric(self, self.graph())

    def _seen(self, data: Any, same_nodes: bool) -> tuple[Matrix, Graph]:
        """Features, and the graph without what the ticket pruned."""
        if data is None:
            x, whole = self._found_on
            return x, whole.keep(self.masks[EDGE])
        x, graph = self._read(data)
        if not same_nodes:
            return x, graph
        if graph.num_nodes != self.num_nodes:
            raise UserError(
                f"data has {graph.num_nodes:,} nodes, the ticket's graph {self.num_nodes:,}: pass "
                "same_nodes=False if it is another graph"
            )
        return x, graph.without(self.graph().keep(~self.masks[EDGE]))

    @cached_property
    def _found_on(self) -> tuple[Matrix, Graph]:
        if self.found_on is not None:
            return self.found_on
        if isinstance(self.dataset, InMemoryConfig):
            raise UserError("the ticket was found on data in memory: pass it, as in predict(data)")
        if data_sets.checksum(self.dataset, self.data_root) != self.data_checksum:
            raise UserError(
                f"the ticket was found on another version of {self.dataset.shown} (data checksums "
                "differ): pass the data, as in predict(data)"
            )
        found = data_sets.load(self.dataset, self.data_root)
        task = make_task(found, self.dataset, torch.device("cpu"))
        return task.x, task.graph

    def _read(self, given: Any) -> tuple[Matrix, Graph]:
        """Features and whole graph of a `Data`, as the ticket's model takes them."""
        # Of nodes without features of their own the model takes embeddings, or what edges tell.
        has_features = not (self.embedded_nodes or isinstance(self.dataset, FeaturelessConfig))
        raw = graph_data(given, has_features)
        if self.edge_weight is not None and raw.weights is None:
            raise UserError("data.edge_weight: is missing; the ticket's graph has edge weights")
        edges = torch.from_numpy(raw.edges)
        weights = None if raw.weights is None else torch.from_numpy(raw.weights)
        graph = Graph.from_pairs(raw.num_nodes, edges, self.directed, weights).graph
        if raw.x is not None:
            self._check_features(raw.x.shape[1])
            return transformed(raw.x, self.dataset.transform, self.statistics), graph
        if not self.embedded_nodes:
            return structural(graph, self.num_features), graph
        if raw.num_nodes != self.embedded_nodes:
            raise UserError(
                f"data has {raw.num_nodes:,} nodes, and the ticket has learned embeddings of "
                f"{self.embedded_nodes:,}: it can't predict for others"
            )
        return torch.arange(raw.num_nodes), graph

    def _check_features(self, width: int) -> None:
        if width != self.num_features:
            raise UserError(
                f"data.x: has {width} columns; the ticket's model takes {self.num_features}"
            )
        if self.dataset.transform == "standardise" and not self.statistics:
            raise UserError(
                "the ticket is of an earlier glt and lacks its features' mean and deviation; "
                "run it again with force=true"
            )


def load_ticket(path: str | Path, data_root: str | None = None) -> Ticket:
    """Open a saved ticket; safetensors and JSON only, so that opening one never runs code.

    Args:
        path: A run's folder, or any folder with `ticket.json` and `ticket.safetensors` in it;
            `ticket.json` itself will do.
        data_root: Where its data set is, if not in the package or the cache.

    Raises:
        UserError: There is no ticket, or it is damaged.
    """
    given = Path(path).expanduser()
    ticket = read_ticket(RunFolder(given.parent if given.is_file() else given))
    return Ticket(**vars(ticket), data_root=data_root)
