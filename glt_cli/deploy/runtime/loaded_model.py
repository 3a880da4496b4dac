"""An exported model: opened and run with torch and safetensors alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from glt_cli.deploy.runtime.messages import Messages
from glt_cli.deploy.runtime.networks import Network, network
from glt_cli.deploy.runtime.storage import whole_matrices
from glt_cli.errors import UserError

FORMAT = 1
ABOUT, MODEL, GRAPH = "model.json", "model.safetensors", "graph.safetensors"


@dataclass(frozen=True, eq=False, repr=False)
class LoadedModel:
    """An exported ticket, with the graph that it was found on.

    Attributes:
        about: The content of `model.json`.
        network: The network, in evaluation mode.
        x: The input of the network for the nodes of its graph, [N, features]: dense, or CSR.
        edges: int64 [2, E], the kept edges, each once if they have no direction.
        edge_weight: Their weights, float32 [E]; None if all are 1.
        pruned: int64 [2, P], the edges that were pruned.
        statistics: What the transform of features needs, by name.
    """

    about: dict[str, Any]
    network: Network
    x: Tensor
    edges: Tensor
    edge_weight: Tensor | None
    pruned: Tensor
    statistics: dict[str, Tensor]

    def __repr__(self) -> str:
        return (
            f"<LoadedModel: {self.about['backbone']} on {self.about['data']}; "
            f"{self.num_nodes:,} nodes, {self.edges.shape[1]:,} edges>"
        )

    @property
    def num_nodes(self) -> int:
        """The nodes of its graph, N."""
        return int(self.x.shape[0])

    @property
    def task(self) -> str:
        """`node classification`, `multi-label node classification` or `link prediction`."""
        return str(self.about["task"])

    @property
    def classes(self) -> list[str]:
        """The names of the outputs, in the order of the columns."""
        return list(self.about["classes"])

    @property
    def nodes(self) -> list[str] | None:
        """The ids of the nodes, in the order of the rows; None if they are just numbered."""
        nodes = self.about["nodes"]
        return None if nodes is None else list(nodes)

    @property
    def temperature(self) -> float:
        """What the outputs are divided by, so that probabilities are calibrated."""
        return float(self.about["temperature"])

    @cached_property
    def messages(self) -> Messages:
        """The messages of its graph."""
        return self.messages_of(self.num_nodes, self.edges, self.edge_weight)

    def messages_of(self, num_nodes: int, edges: Tensor, weight: Tensor | None) -> Messages:
        """Make the messages of another graph.

        Args:
            num_nodes: N.
            edges: int64 [2, E], without self-loops, each once if they have no direction.
            weight: float32 [E]; None if all are 1.
        """
        directed, own = bool(self.about["directed"]), float(self.about["kept_edge_weight"])
        if own != 1:
            weight = torch.full((edges.shape[1],), own) if weight is None else own * weight
        loops = self.network.self_loops
        return Messages.of_edges(num_nodes, edges, directed, weight, loops)

    def outputs(self, x: Tensor | None = None, messages: Messages | None = None) -> Tensor:
        """Compute class scores [N, C], or embeddings [N, D] for link prediction.

        Args:
            x: Prepared features [N, features] of other nodes (`prepared`); None for its own.
            messages: Messages of another graph (`messages_of`); None for its own.
        """
        with torch.no_grad():
            outputs: Tensor = self.network(
                self.x if x is None else x, self.messages if messages is None else messages
            )
        return outputs

    def probabilities(self, outputs: Tensor) -> Tensor:
        """Turn class scores [N, C] into calibrated probabilities."""
        scaled = outputs / self.temperature
        return scaled.softmax(1) if self.task == "node classification" else scaled.sigmoid()

    def links(self, embeddings: Tensor, pairs: Tensor) -> Tensor:
        """Return the calibrated probability of a link for pairs of nodes [2, P]: [P]."""
        products = (embeddings[pairs[0]] * embeddings[pairs[1]]).sum(1)
        return (products / self.temperature).sigmoid()

    def prepared(self, features: Tensor) -> Tensor:
        """Transform raw features [N, F], all columns, and choose those that the model reads."""
        width = int(self.about["num_features"])
        if features.ndim != 2 or features.shape[1] != width:
            raise UserError(f"features: must have {width:,} columns; it is {list(features.shape)}")
        if self.about["transform"] == "row_normalise":
            features = features / features.sum(1, keepdim=True).clamp(min=1)
        chosen = features[:, torch.tensor(self.about["features"], dtype=torch.int64)]
        if self.about["transform"] == "standardise":
            chosen = (chosen - self.statistics["mean"]) / self.statistics["deviation"]
        return chosen.float()


def load(folder: str | Path) -> LoadedModel:
    """Open what `glt export` wrote. It is JSON and safetensors: opening it never runs code.

    Raises:
        UserError: There is no exported model, or it is damaged.
    """
    path = Path(folder)
    if not (path / ABOUT).is_file():
        raise UserError(f"{path}: holds no exported model ({ABOUT}); glt export RUN makes one")
    try:
        about = json.loads((path / ABOUT).read_bytes())
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise UserError(f"{path / ABOUT}: is not an exported model of format {FORMAT}")
        if missing := _missing(about):
            raise UserError(f"{path / ABOUT}: damaged, {', '.join(missing)} is missing")
        model, graph = load_file(path / MODEL), load_file(path / GRAPH)
        built = network(about["network"], whole_matrices(model)).eval()
        loaded = LoadedModel(
            about=about,
            network=built,
            x=_input(graph),
            edges=graph["edges"].long(),
            edge_weight=graph.get("edge_weight"),
            pruned=graph["pruned"].long(),
            statistics={
                name.removeprefix("features."): tensor
                for name, tensor in model.items()
                if name.startswith("features.")
            },
        )
        _check(loaded)
    except UserError:
        raise
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{path}: a damaged model ({' '.join(str(error).split())})") from error
    return loaded


def _missing(about: dict[str, Any]) -> Sequence[str]:
    needed = {
        *("network", "task", "classes", "nodes", "temperature", "directed", "kept_edge_weight"),
        *("features", "num_features", "transform", "data", "dataset", "preparation", "backbone"),
    }
    return sorted(needed - set(about))


def _input(graph: dict[str, Tensor]) -> Tensor:
    if "x" in graph:
        return graph["x"]
    rows, columns = graph["x.shape"].tolist()
    starts, places, values = graph["x.starts"], graph["x.columns"], graph["x.values"]
    return torch.sparse_csr_tensor(starts, places, values, (rows, columns), check_invariants=True)


def _check(model: LoadedModel) -> None:
    """Raise ValueError if the tensors don't belong together."""
    for name, pairs in (("edges", model.edges), ("pruned", model.pruned)):
        if pairs.ndim != 2 or pairs.shape[0] != 2:
            raise ValueError(f"{name} must be [2, E]")
        if pairs.numel() and not 0 <= int(pairs.min()) <= int(pairs.max()) < model.num_nodes:
            raise ValueError(f"{name} has nodes that don't exist")
    nodes = model.nodes
    if nodes is not None and (not isinstance(nodes, list) or len(nodes) != model.num_nodes):
        raise ValueError("its list of nodes has another length than its features")
    if not float(model.about["temperature"]) > 0:
        raise ValueError("the temperature must be above 0")
    wanted = len(model.classes) if model.task != "link prediction" else None
    outputs = model.outputs()  # of the right sizes, or an error
    if wanted is not None and outputs.shape[1] != wanted:
        raise ValueError(f"it has {outputs.shape[1]} outputs, but {wanted} classes")
