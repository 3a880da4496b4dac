"""A saved ticket: masks, initial and trained weights, and the settings that rebuild the model.

It is safetensors and JSON only, so opening an untrusted ticket never runs code.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from glt_cli.config.backbones import BACKBONES, BackboneConfig
from glt_cli.config.datasets import DatasetConfig, schema
from glt_cli.config.declare import out_of_bounds
from glt_cli.config.environment import resolved, restored
from glt_cli.data.catalog import CATALOG
from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder, write_whole
from glt_cli.experiment.typed_json import integer, number, parse, typed
from glt_cli.models import rebuild
from glt_cli.models.backbone import Backbone
from glt_cli.models.graph import Graph
from glt_cli.pruning.context import PruningRound
from glt_cli.pruning.masks import EDGE, Masks, kept_counts, sparsities
from glt_cli.training.loop import State

TICKET_FORMAT = 3
#: Format 2 lacks the number of nodes, directions, edge weights and feature statistics.
_READABLE = (2, 3)


@dataclass(frozen=True, eq=False)  # tensors don't compare as a whole
class SavedTicket:
    """A ticket (m_g, m_θ, Θ₀), and the weights trained from it.

    Attributes:
        backbone: Settings of the model.
        dataset: Settings of the data set, including the transform of its features.
        data_checksum: Checksum of the data.
        preparation: How the user's columns became features; None for known data sets.
        num_features: Width of the input.
        num_outputs: Width of the output; None for the hidden width.
        embedded_nodes: Nodes with a learned embedding as input; 0 if nodes have features.
        edge_index: int64 [2, E], of the whole graph; u < v if it is undirected.
        masks: True where kept: edges [E] under `EDGE`, and each prunable weight.
        init: Θ₀, every parameter.
        trained: Every parameter after retraining, pruned weights exactly 0.
        num_nodes: N.
        directed: Whether messages go one way only.
        edge_weight: Edge weights, float32 [E]; None if all are 1.
        kept_edge_weight: w, what each kept edge weighs beside its edge weight.
        statistics: Mean and deviation [F] of the training nodes' features, if the data set's
            transform is `standardise`.
        written: Settings of the data set that come from environment variables: what is stored in
            their place, by key.
    """

    backbone: BackboneConfig
    dataset: DatasetConfig
    data_checksum: str
    preparation: dict[str, Any] | None
    num_features: int
    num_outputs: int | None
    embedded_nodes: int
    edge_index: Tensor
    masks: Masks
    init: State
    trained: State
    num_nodes: int
    directed: bool = False
    edge_weight: Tensor | None = None
    kept_edge_weight: float = 1.0
    statistics: dict[str, Tensor] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)

    @property
    def graph_sparsity(self) -> float:
        """Share of the edges that are removed."""
        return sparsities(self.masks, kept_counts(self.masks))[0]

    @property
    def weight_sparsity(self) -> float:
        """Share of all prunable weights that are removed."""
        return sparsities(self.masks, kept_counts(self.masks))[1]

    def graph(self) -> Graph:
        """The whole graph on which the ticket was found."""
        return Graph(self.num_nodes, self.edge_index, self.directed, self.edge_weight)

    def sparse(self, whole: Graph) -> Graph:
        """The ticket's own graph: the kept edges of the whole one, at their weight."""
        kept = whole.keep(self.masks[EDGE].to(whole.device))
        return kept.scaled(self.kept_edge_weight)

    def model(self) -> Backbone:
        """Rebuild the trained model, without touching torch's random numbers."""
        model = rebuild(self.backbone, self.num_features, self.num_outputs, self.embedded_nodes)
        model.load_state_dict(self.trained)
        return model.eval()


def write_ticket(ticket: SavedTicket, folder: RunFolder) -> str:
    """Write `ticket.safetensors`, then `ticket.json` with its checksum.

    Returns:
        SHA-256 of `ticket.json`, which identifies the whole ticket.
    """
    tensors = {
        "edge_index": ticket.edge_index,
        **_masks(ticket.masks),
        **{f"init.{name}": tensor for name, tensor in ticket.init.items()},
        **{f"trained.{name}": tensor for name, tensor in ticket.trained.items()},
        **{f"features.{name}": tensor for name, tensor in ticket.statistics.items()},
    }
    if ticket.edge_weight is not None:
        tensors["edge_weight"] = ticket.edge_weight
    data = save({name: tensor.cpu().contiguous() for name, tensor in tensors.items()})
    about = {
        "format": TICKET_FORMAT,
        "backbone": asdict(ticket.backbone),
        "dataset": restored(asdict(ticket.dataset), ticket.written),
        "data_checksum": ticket.data_checksum,
        "preparation": ticket.preparation,
        "num_features": ticket.num_features,
        "num_outputs": ticket.num_outputs,
        "embedded_nodes": ticket.embedded_nodes,
        "num_nodes": ticket.num_nodes,
        "directed": ticket.directed,
        "kept_edge_weight": ticket.kept_edge_weight,
        "tensors_sha256": hashlib.sha256(data).hexdigest(),
    }
    write_whole(folder.tensors, data)
    description = (json.dumps(about, indent=2) + "\n").encode()
    write_whole(folder.ticket, description)
    return hashlib.sha256(description).hexdigest()


def write_round_masks(rounds: Sequence[PruningRound], folder: RunFolder) -> None:
    """Write the masks of earlier rounds as `round-NN.mask.…`."""
    tensors = {
        f"round-{each.number:02}.{name}": mask.cpu().contiguous()
        for each in rounds
        for name, mask in _masks(each.masks).items()
    }
    write_whole(folder.rounds, save(tensors))


def read_ticket(folder: RunFolder) -> SavedTicket:
    """Read a ticket and check that it is complete and consistent.

    Raises:
        UserError: A file is missing, damaged, or of another format.
    """
    if not folder.path.is_dir():
        raise UserError(f"{folder.path}: there is no such folder")
    if not folder.ticket.is_file():
        raise UserError(
            f"{folder.path}: holds no ticket; name a run folder with ticket.json in it, such as "
            "outputs/fastglt-gcn-cora-seed0-…"
        )
    about = _read_about(folder)
    try:
        data = folder.tensors.read_bytes()
    except OSError as error:
        raise UserError(
            f"{folder.tensors}: can't be read ({error.strerror}); run it again with force=true"
        ) from error
    if hashlib.sha256(data).hexdigest() != about["tensors_sha256"]:
        raise UserError(
            f"{folder.tensors}: damaged or truncated, its content is not what "
            f"{folder.ticket.name} recorded; run it again with force=true"
        )
    try:
        tensors = load(data)
        return _assemble(about, tensors)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{folder.path}: not a whole ticket ({reason})") from error


def _read_about(folder: RunFolder) -> dict[str, Any]:
    try:
        about = parse(folder.ticket.read_bytes())
        known = about["format"]
        missing = {"backbone", "dataset", "data_checksum", "tensors_sha256"} - set(about)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder.ticket}: damaged, it can't be read as a ticket") from error
    if not isinstance(known, int) or known not in _READABLE:
        raise UserError(
            f"{folder.ticket}: ticket format {known}; this glt reads formats "
            f"{', '.join(map(str, _READABLE))}"
        )
    if missing:
        raise UserError(f"{folder.ticket}: damaged, {', '.join(sorted(missing))} is missing")
    for key in ("backbone", "dataset"):
        if not isinstance(about[key], dict) or not isinstance(about[key].get("name"), str):
            raise UserError(f"{folder.ticket}: damaged, its {key} has no name")
    if about["dataset"]["name"] not in {*CATALOG, "in_memory"}:
        raise UserError(
            f"{folder.ticket}: damaged, or of a data set that this glt doesn't know (one of a "
            "plug-in needs --plugin)"
        )
    return dict(about)


def _assemble(about: dict[str, Any], tensors: dict[str, Tensor]) -> SavedTicket:
    def part(prefix: str) -> dict[str, Tensor]:
        return {k.removeprefix(prefix): t for k, t in tensors.items() if k.startswith(prefix)}

    name = about["backbone"]["name"]
    if name not in BACKBONES:
        raise ValueError(f"unknown backbone {name}; one of a plug-in needs --plugin")
    backbone = typed(BACKBONES[name], about["backbone"], "backbone")
    settings, written = resolved(about["dataset"])
    dataset = typed(schema(settings["name"]), settings, "dataset")
    if problems := [*out_of_bounds(backbone), *out_of_bounds(dataset)]:
        raise ValueError("; ".join(problems))
    outputs, preparation = about["num_outputs"], about["preparation"]
    if preparation is not None and not isinstance(preparation, dict):
        raise ValueError("preparation must be an object")
    ticket = SavedTicket(
        backbone=backbone,
        dataset=dataset,
        data_checksum=str(about["data_checksum"]),
        preparation=preparation,
        num_features=integer(about, "num_features"),
        num_outputs=None if outputs is None else integer(about, "num_outputs"),
        embedded_nodes=integer(about, "embedded_nodes"),
        edge_index=tensors["edge_index"],
        masks={EDGE: tensors[f"mask.{EDGE}"], **part("mask.weight.")},
        init=part("init."),
        trained=part("trained."),
        num_nodes=integer(about, "num_nodes", 0) or _least_nodes(tensors["edge_index"]),
        directed=bool(about.get("directed", getattr(dataset, "directed", False))),
        edge_weight=tensors.get("edge_weight"),
        kept_edge_weight=number(about, "kept_edge_weight", 1.0),
        statistics=part("features."),
        written=written,
    )
    _check(ticket)
    # The order of tensors in a safetensors file is arbitrary; masks have the model's.
    names = [EDGE, *ticket.model().prunable()]
    return replace(ticket, masks={name: ticket.masks[name] for name in names})


def _least_nodes(edge_index: Tensor) -> int:
    """Number of nodes of a ticket from an earlier glt, which didn't store it."""
    return int(edge_index.max()) + 1 if edge_index.numel() else 0


def _check(ticket: SavedTicket) -> None:
    """Check the guarantees of tickets; raise ValueError if one is violated."""
    edges, mask = ticket.edge_index, ticket.masks[EDGE]
    if not 0 < ticket.kept_edge_weight < math.inf:
        raise ValueError(f"kept_edge_weight={ticket.kept_edge_weight} is not above 0")
    if edges.dtype != torch.int64 or edges.dim() != 2 or edges.shape[0] != 2:
        raise ValueError("edge_index is not int64 [2, E]")
    if mask.dtype != torch.bool or mask.shape != edges.shape[1:]:
        raise ValueError("the edge mask does not fit the edges")
    model = ticket.model()
    model.load_state_dict(ticket.init)  # raises if a name or a shape is wrong
    model.load_state_dict(ticket.trained)
    for name, tensor in [*ticket.init.items(), *ticket.trained.items()]:
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{name} is not finite")
    for name, weight in model.prunable().items():
        mask = ticket.masks[name]
        if mask.dtype != torch.bool or mask.shape != weight.shape:
            raise ValueError(f"the mask of {name} does not fit the weight")
        if bool((weight.detach()[~mask] != 0).any()):
            raise ValueError(f"a pruned weight of {name} is not 0")


def _masks(masks: Masks) -> dict[str, Tensor]:
    return {
        f"mask.{EDGE}" if name == EDGE else f"mask.weight.{name}": mask
        for name, mask in masks.items()
    }
