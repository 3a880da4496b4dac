"""A finished ticket in Python: its model, predictions, and conversion to torch-geometric."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from glt_cli.config.datasets import InMemoryConfig
from glt_cli.data.in_memory import graph_data
from glt_cli.deploy.original_data import folder_of, load_original
from glt_cli.errors import UserError, given_path
from glt_cli.experiment.device import resolve
from glt_cli.experiment.ticket import SavedTicket, read_ticket
from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Matrix, SparseMatrix
from glt_cli.pruning.masks import EDGE, kept_counts
from glt_cli.training.features import structural, transformed

if TYPE_CHECKING:
    from torch_geometric.data import Data


@dataclass(frozen=True, eq=False, repr=False)
class Ticket(SavedTicket):
    """A ticket: masks over edges and weights, Θ₀ and trained weights, with methods to use it.

    All tensors are on CPU. `edge_index` int64 [2, E] holds every edge of the graph that the
    ticket was found on, an undirected one once. `masks` are True where kept: bool [E] under
    "edge", and each prunable weight under its name. `graph_sparsity` and `weight_sparsity` are the
    removed shares, from 0 to 1. `init` and `trained` are Θ₀ and the retrained parameters.
    `model()` is the trained network, in evaluation mode.

    Attributes:
        found_on: Features and whole graph that it was found on, if they are in memory.
        data_root: Where else to look for that data.
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
        """Compute the ticket's outputs for every node of a graph.

        Edges that the ticket pruned are removed; other edges of `data`, also new ones, are kept.

        Args:
            data: A torch-geometric `Data` with `x` [N, F] before the ticket's transform,
                `edge_index` [2, M], and `edge_weight` [M] if, and only if, the ticket's graph had
                weights; None for the graph that the ticket was found on. Edges are read as
                directed or undirected like those of that graph.
            same_nodes: Whether node i of `data` is node i of the ticket's graph, so that pruned
                edges can be recognised by their two node numbers. If not, all edges are used.
            device: `cpu`, `cuda`, `cuda:k` or `auto`: where to compute; the outputs stay there.

        Returns:
            Logits of the classes or labels, float32 [N, C]. A ticket for link prediction gives
            embeddings [N, D]; the inner product of two nodes' embeddings is the logit of a link.

        Raises:
            UserError: `data` does not fit the ticket; or it is None, and the ticket's own data is
                missing.
        """
        where = resolve(str(device))
        x, graph = self._seen(data, same_nodes)
        graph, model = graph.to(where), self.model().to(where)
        with torch.no_grad():
            outputs: Tensor = model(x.to(where), graph, graph.ones())
        return outputs

    def features(self, data: Data | None = None) -> Tensor:
        """Return the input of the ticket's model, which its torch-geometric layers also take.

        Args:
            data: As in `predict`.

        Returns:
            Features after the ticket's transform, dense float32 [N, F]; node numbers, int64 [N],
            if nodes have learned embeddings.

        Raises:
            UserError: As in `predict`.
        """
        x, _ = self._own_data if data is None else self._read(data)
        if not isinstance(x, SparseMatrix):
            return x.clone()
        dense = x.values.new_zeros(x.shape)
        dense[x.pattern.row.long(), x.pattern.col.long()] = x.values
        return dense

    def to_torch_geometric(self) -> tuple[torch.nn.Module, Data]:
        """Convert to torch-geometric's own layers, with pruned weights zero, on the smaller graph.

        Returns:
            The model, and a `Data` with the kept edges. `model(x, data.edge_index)` with x from
            `features()` equals `predict()`, up to rounding; if the graph has edge weights, call
            `model(x, data.edge_index, data.edge_weight)`. Further training changes pruned weights
            unless they are held at zero: see `glt_cli.deploy.torch_geometric`.

        Raises:
            UserError: torch-geometric's layers can't express the model: its graph has edge
                weights and its backbone is not gcn, or its backbone is from a plug-in.
        """
        from glt_cli.deploy.torch_geometric import to_torch_geometric

        if self.edge_weight is None and self._is_weighted:
            raise UserError(
                "the ticket was saved by an earlier glt and lacks its graph's edge weights; run it "
                "again with force=true"
            )
        return to_torch_geometric(self)

    @property
    def _is_weighted(self) -> bool:
        """Whether the ticket's graph has edge weights; earlier versions of glt didn't save them."""
        return self.edge_weight is not None or bool(getattr(self.dataset, "weight", None))

    def _seen(self, data: Any, same_nodes: bool) -> tuple[Matrix, Graph]:
        """Return the features, and the graph without the edges that the ticket pruned."""
        if data is None:
            x, whole = self._own_data
            return x, self.sparse(whole)
        x, graph = self._read(data)
        if not same_nodes:
            return x, graph.scaled(self.kept_edge_weight)
        if graph.num_nodes != self.num_nodes:
            raise UserError(
                f"data has {graph.num_nodes:,} nodes, the ticket's graph {self.num_nodes:,}: pass "
                "same_nodes=False if it is a different graph"
            )
        kept = graph.without(self.graph().keep(~self.masks[EDGE]))
        return x, kept.scaled(self.kept_edge_weight)

    @cached_property
    def _own_data(self) -> tuple[Matrix, Graph]:
        """Features and whole graph that the ticket was found on."""
        if self.found_on is not None:
            return self.found_on
        if isinstance(self.dataset, InMemoryConfig):
            raise UserError("the ticket was found on data in memory: pass it, as in predict(data)")
        task = load_original(
            self,
            self.dataset,
            self.data_root,
            torch.device("cpu"),
            advice="pass the data, as in predict(data)",
        )
        return task.x, task.graph

    def _read(self, given: Any) -> tuple[Matrix, Graph]:
        """Read the features and the whole graph of a `Data`, as input of the ticket's model."""
        # Nodes without features have learned embeddings, or features computed from the edges.
        has_features = not (self.embedded_nodes or self.dataset.is_featureless)
        raw = graph_data(given, has_features)
        if self.edge_weight is not None and raw.weights is None:
            raise UserError("data.edge_weight: is missing; the ticket's graph has edge weights")
        if raw.weights is not None and not self._is_weighted:
            raise UserError(
                "data.edge_weight: the ticket's graph has no edge weights; remove them, as in "
                "data.edge_weight = None"
            )
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
                f"data has {raw.num_nodes:,} nodes, but the ticket has learned embeddings for "
                f"{self.embedded_nodes:,} and can't predict for others"
            )
        return torch.arange(raw.num_nodes), graph

    def _check_features(self, width: int) -> None:
        if width != self.num_features:
            raise UserError(
                f"data.x: has {width} columns; the ticket's model takes {self.num_features}"
            )
        if self.dataset.transform == "standardise" and not self.statistics:
            raise UserError(
                "the ticket was saved by an earlier glt and lacks the mean and standard deviation "
                "of its features; run it again with force=true"
            )


def load_ticket(path: str | Path, data_root: str | None = None) -> Ticket:
    """Open a saved ticket. It is safetensors and JSON only, so opening one never runs code.

    Args:
        path: A run's folder, any other folder with `ticket.json` and `ticket.safetensors` in it,
            or the path of such a `ticket.json`.
        data_root: The folder of its data set, if that is not in the package or the cache.

    Raises:
        UserError: There is no ticket at the path, or it is damaged.
    """
    ticket = read_ticket(folder_of(given_path("path", path)))
    return Ticket(**vars(ticket), data_root=data_root)
