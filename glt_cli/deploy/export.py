"""`glt export`: a ticket as a folder that runs without glt's engine (docs/deploy.md).

The model is compact (compact.py), on the smaller graph, and is compared with the ticket before
anything is written.
"""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from glt_cli.config.datasets import InMemoryConfig
from glt_cli.config.environment import restored
from glt_cli.data.graph_data import GraphData
from glt_cli.deploy.calibration import temperature
from glt_cli.deploy.compact import Compact, compacted
from glt_cli.deploy.loaded_ticket import Ticket, load_ticket
from glt_cli.deploy.model_card import model_card
from glt_cli.deploy.original_data import folder_of, original_graph, with_files
from glt_cli.deploy.runtime.loaded_model import ABOUT, FORMAT, GRAPH, MODEL, LoadedModel, load
from glt_cli.deploy.runtime.networks import Map
from glt_cli.deploy.runtime.storage import stored_matrices
from glt_cli.errors import UserError, given_path
from glt_cli.experiment.paths import write_whole
from glt_cli.experiment.record import read_record
from glt_cli.models.sparse import Matrix, SparseMatrix
from glt_cli.pruning.masks import EDGE
from glt_cli.training.tasks import Task, make_task

CARD = "README.md"
#: Most that an output may differ from the ticket's, relative to the largest output.
SLACK = 1e-5
_REPETITIONS = 7


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        folder: Where.
        model: The exported model, read back.
        difference: Largest difference of its outputs to the ticket's, relative to the largest.
        ticket_bytes: Size of the ticket's files.
        model_bytes: Size of the model's files, with its graph.
    """

    folder: Path
    model: LoadedModel
    difference: float
    ticket_bytes: int
    model_bytes: int


def export(
    run: str | Path,
    to: str | Path | None = None,
    data_root: str | None = None,
    files: dict[str, str] | None = None,
) -> Exported:
    """Write a ticket's model to a folder; an earlier export there is replaced.

    Args:
        run: The folder of a run or a ticket.
        to: The folder to write; by default `model` in the run's folder.
        data_root: Folder with data sets.
        files: Present paths of the files of the user's own graph, under `nodes` and `edges`.

    Raises:
        UserError: The ticket can't be exported, its data is missing, or the folder is in use.
    """
    source = folder_of(Path(run))
    ticket = load_ticket(source.path, data_root)
    ticket = replace(ticket, dataset=with_files(ticket.dataset, files or {}))
    folder = given_path("--to", to) if to is not None else source.path / "model"
    if folder.exists() and not (folder / ABOUT).is_file():
        raise UserError(f"{folder}: exists and holds no exported model; name a new folder")
    if isinstance(ticket.dataset, InMemoryConfig):
        raise UserError(
            f"{source.ticket}: was found on data in memory, which can't be exported; find it on a "
            "data set or on files"
        )
    raw = original_graph(ticket, ticket.dataset, data_root, advice="export it on its own data")
    task = make_task(raw, ticket.dataset, torch.device("cpu"))
    record = read_record(source) if source.record.exists() else None
    outputs = ticket_outputs(ticket, task)
    about, tensors, graph = _contents(ticket, task, raw, outputs)
    contents = {
        MODEL: save(stored_matrices(tensors)),
        GRAPH: save(graph),
        ABOUT: (json.dumps(about, indent=1) + "\n").encode(),
    }
    loaded, found = _write(folder, contents, outputs)
    size = sum(len(content) for content in contents.values())
    write_whole(folder / CARD, model_card(about, record, size))
    return Exported(
        folder=folder,
        model=loaded,
        difference=found,
        ticket_bytes=sum(path.stat().st_size for path in (source.ticket, source.tensors)),
        model_bytes=size,
    )


def ticket_outputs(ticket: Ticket, task: Task) -> Tensor:
    """Compute the ticket's outputs for all nodes on its smaller graph: [N, C]."""
    graph = ticket.sparse(task.graph)
    with torch.no_grad():
        outputs: Tensor = ticket.model()(task.x, graph, graph.ones())
    return outputs


def _contents(
    ticket: Ticket, task: Task, raw: GraphData, outputs: Tensor
) -> tuple[dict[str, Any], dict[str, Tensor], dict[str, Tensor]]:
    """Return what model.json says, and the tensors of the model and of the graph."""
    compact = compacted(ticket.model())
    x = read_columns(ticket, task.x, compact)
    compact.about["csr"] = layouts(compact, x, task.graph.num_nodes)
    scores, y = task.decisions(outputs[task.nodes("val")], "val")
    kept = ticket.masks[EDGE]
    graph = {
        "edges": ticket.edge_index[:, kept].int().contiguous(),
        "pruned": ticket.edge_index[:, ~kept].int().contiguous(),
        **_stored_input(x),
    }
    if ticket.edge_weight is not None:
        graph["edge_weight"] = ticket.edge_weight[kept].contiguous()
    statistics = {
        f"features.{name}": tensor[compact.features].float().contiguous()
        for name, tensor in ticket.statistics.items()
    }
    names = feature_names(ticket.preparation, ticket.num_features)
    about = {
        "format": FORMAT,
        "backbone": ticket.backbone.name,
        "network": compact.about,
        "data": ticket.dataset.shown,
        "dataset": restored(asdict(ticket.dataset), ticket.written),
        "data_checksum": ticket.data_checksum,
        "task": task.kind,
        "metric": task.metric,
        "classes": _classes(ticket, task, outputs),
        "nodes": None if raw.ids is None else list(raw.ids),
        "directed": ticket.directed,
        "kept_edge_weight": ticket.kept_edge_weight,
        "embedded": bool(ticket.embedded_nodes),
        "features_from_graph": bool(raw.derived) or ticket.dataset.is_featureless,
        "num_features": ticket.num_features,
        "features": compact.features.tolist(),
        "feature_names": [names[place] for place in compact.features.tolist()],
        "transform": ticket.dataset.transform,
        "preparation": ticket.preparation,
        "temperature": temperature(scores, y),
        "graph_sparsity": ticket.graph_sparsity,
        "weight_sparsity": ticket.weight_sparsity,
        "hidden_units": [matrix.shape[1] for matrix in compact.maps[:-1]],
    }
    return about, {**compact.tensors, **statistics}, graph


def read_columns(ticket: Ticket, x: Matrix, compact: Compact) -> Tensor:
    """The features that the model reads: [N, features], dense, or CSR if they were sparse."""
    columns = compact.features
    if ticket.embedded_nodes:
        return ticket.trained["embedding"][:, columns].contiguous()
    if not isinstance(x, SparseMatrix):
        return x[:, columns].contiguous()
    place = torch.full((x.shape[1],), -1)
    place[columns] = torch.arange(columns.numel())
    read = place[x.pattern.col.long()]
    entries = read >= 0
    rows = torch.bincount(x.pattern.row[entries].long(), minlength=x.shape[0]).cumsum(0)
    starts = torch.cat([rows.new_zeros(1), rows]).int()
    return torch.sparse_csr_tensor(
        starts,
        read[entries].int(),
        x.values[entries],
        (x.shape[0], columns.numel()),
        check_invariants=False,
    )


def _stored_input(x: Tensor) -> dict[str, Tensor]:
    if x.layout != torch.sparse_csr:
        return {"x": x}
    return {
        "x.starts": x.crow_indices(),
        "x.columns": x.col_indices(),
        "x.values": x.values(),
        "x.shape": torch.tensor(x.shape),
    }


def layouts(compact: Compact, x: Tensor, num_nodes: int) -> list[bool]:
    """Measure for each matrix whether CSR is faster than dense on this machine."""
    chosen = []
    for place, matrix in enumerate(compact.maps):
        if place == 0 and x.layout == torch.sparse_csr:
            chosen.append(False)  # a sparse input needs a dense matrix
            continue
        given = x if place == 0 else torch.rand(num_nodes, matrix.shape[0])
        dense, csr = (_seconds(Map(matrix, None, is_csr), given) for is_csr in (False, True))
        chosen.append(csr < dense)
    return chosen


def _seconds(module: Map, x: Tensor) -> float:
    times = []
    with torch.no_grad():
        for _ in range(_REPETITIONS):
            began = time.perf_counter()
            module(x)
            times.append(time.perf_counter() - began)
    return median(times[1:])


def feature_names(preparation: dict[str, Any] | None, width: int) -> list[str]:
    """Name the columns of the features: by the user's columns, or by their numbers."""
    names: list[str] = list((preparation or {}).get("names", []))
    for about in (preparation or {}).get("columns", []):
        if about["kind"] == "category":
            names += [f"{about['column']}={category}" for category in about["categories"]]
        else:
            names.append(about["column"])
    return names if len(names) == width else [str(place) for place in range(width)]


def _classes(ticket: Ticket, task: Task, outputs: Tensor) -> list[str]:
    known = (ticket.preparation or {}).get("label", {}).get("classes")
    if task.kind == "link prediction":
        return []
    return known or [str(place) for place in range(outputs.shape[1])]


def _write(folder: Path, files: dict[str, bytes], expected: Tensor) -> tuple[LoadedModel, float]:
    """Write the files beside their place, compare the model with the ticket, and move it there.

    Args:
        folder: Their place.
        files: Their contents, by name.
        expected: The ticket's outputs.

    Returns:
        The model, read back, and how far its outputs are from the ticket's (`difference`).
    """
    beside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        for name, content in files.items():
            (beside / name).write_bytes(content)
        model = load(beside)
        found = difference(model.outputs(), expected)
        if not found <= SLACK:
            raise UserError(
                f"{folder}: the exported model's outputs differ from the ticket's by {found:.1e} "
                f"of the largest, more than {SLACK:g}; nothing was written"
            )
        if folder.exists():
            shutil.rmtree(folder)
        beside.replace(folder)
    except OSError as error:
        raise UserError(f"{folder}: can't be written ({error.strerror})") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return model, found


def difference(outputs: Tensor, expected: Tensor) -> float:
    """The largest difference between two models' outputs, relative to the largest expected."""
    return float((outputs - expected).abs().max() / expected.abs().max().clamp(min=1e-30))
