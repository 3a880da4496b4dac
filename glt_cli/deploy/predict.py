"""`glt predict`: classes and calibrated probabilities, of a model's own nodes or of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from glt_cli.config.datasets import FilesConfig
from glt_cli.deploy.runtime.loaded_model import LoadedModel
from glt_cli.errors import UserError
from glt_cli.experiment.typed_json import typed
from glt_cli.models.graph import Graph

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Predictions:
    """What a model predicts.

    Attributes:
        table: A row for each node: its id, its class, and the probability of each class (or, with
            several labels, of each label); or for each pair: both ends and the probability.
        report: Lines about what was read, missing, unseen and left out.
    """

    table: pd.DataFrame
    report: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewGraph:
    """Another graph for a model.

    Attributes:
        nodes: The file of its nodes.
        edges: The file of its edges; None where that of the nodes holds them.
        new_edges: Whether edges that the ticket's graph hadn't are used (`keep`) or not (`drop`).
        unknown: Whether edges to unknown nodes are an error, or left out (`drop`).
    """

    nodes: str
    edges: str | None
    new_edges: str = "keep"
    unknown: str = "error"


def predict(model: LoadedModel, graph: NewGraph | None = None) -> Predictions:
    """Predict for every node.

    Args:
        model: An exported model.
        graph: Another graph; None for the model's own.

    Raises:
        UserError: The files can't be read as in training, or the model can't predict for others.
    """
    if model.task == "link prediction":
        raise UserError("the model predicts links: name a file of pairs with --pairs")
    if graph is None:
        return Predictions(_table(model, _own_ids(model), model.outputs()))
    config = _settings(model, graph)
    given = _read(model, config)
    kept, about_edges = _without_pruned(model, given, graph.new_edges)
    messages = model.messages_of(len(given.ids), kept.edge_index, kept.edge_weight)
    outputs = model.outputs(model.prepared(given.x), messages)
    changed = (
        "the model's score holds for the files that it was tested on; for these it has to be "
        "measured, with labels"
    )
    return Predictions(_table(model, given.ids, outputs), (*given.report, about_edges, changed))


def predict_links(model: LoadedModel, pairs: str) -> Predictions:
    """Predict the probability of a link for each pair of nodes in a file with two columns.

    Raises:
        UserError: The model predicts no links, or the file has nodes that it doesn't know.
    """
    import numpy as np
    import pandas as pd

    from glt_cli.data.files.edge_columns import edge_columns
    from glt_cli.data.files.edge_table import end_indices
    from glt_cli.data.files.reading import read

    if model.task != "link prediction":
        raise UserError(f"--pairs: the model is for {model.task}, which needs no pairs")
    config = FilesConfig(name="files", edges=pairs)
    table = read("edges", config)
    ids = pd.Index(_own_ids(model), dtype=object)
    columns = edge_columns(table, config)
    ends = [
        end_indices(table, name, ids, "the model", config)
        for name in (columns.source, columns.target)
    ]
    found = torch.from_numpy(np.stack(ends))
    chance = model.links(model.outputs(), found)
    rows = {"source": ids[ends[0]], "target": ids[ends[1]], "probability": chance.numpy()}
    return Predictions(pd.DataFrame(rows), table.report)


def _own_ids(model: LoadedModel) -> list[str]:
    return model.nodes or [str(node) for node in range(model.num_nodes)]


def _settings(model: LoadedModel, graph: NewGraph) -> FilesConfig:
    about = model.about
    if about["dataset"].get("name") != "files":
        raise UserError(
            f"--nodes, --edges: the model was found on {about['data']}, whose nodes are no files; "
            "in Python: model.prepared and model.messages_of"
        )
    if about["preparation"].get("features") == "file":
        raise UserError(
            "--nodes, --edges: the model's features are from a file of their own, which glt can't "
            "read for another graph yet; in Python: model.prepared and model.messages_of"
        )
    if about["features_from_graph"] or about["preparation"].get("features") != "columns":
        raise UserError(
            f"--nodes, --edges: the model's features are made from its own graph (dataset.features="
            f"{about['preparation'].get('features')}), so it can't predict for another"
        )
    try:
        config = typed(FilesConfig, about["dataset"], "dataset")
    except ValueError as error:
        raise UserError(f"model.json: damaged ({error})") from error
    return replace(config, nodes=graph.nodes, edges=graph.edges, unknown=graph.unknown)


class _Files(NamedTuple):
    """Other files: features [N, F], ids, graph, and lines of the report."""

    x: Tensor
    ids: list[str]
    graph: Graph
    report: list[str]


def _read(model: LoadedModel, config: FilesConfig) -> _Files:
    """Read other files as those of training were read."""
    from glt_cli.data.files.as_trained import encoded_as_trained
    from glt_cli.data.files.edge_table import node_ids, read_edges
    from glt_cli.data.files.reading import read_both

    prepared = model.about["preparation"]
    nodes, edge_table = read_both(config)
    ids = node_ids(nodes, nodes.column("id", str(prepared["id"])))
    x, remarks = encoded_as_trained(nodes, prepared, config)
    edges = read_edges(edge_table, ids, nodes, config)
    weights = None if edges.weights is None else torch.from_numpy(edges.weights)
    cleaned = Graph.from_pairs(len(ids), torch.from_numpy(edges.pairs), config.directed, weights)
    known = set(model.nodes or ())
    new = sum(name not in known for name in ids)
    report = [
        *nodes.report,
        f"{nodes.name}: {len(ids):,} nodes, {new:,} of them new; {len(known) - len(ids) + new:,} "
        "of the model's own are not there",
        *remarks,
        *edges.report,
    ]
    return _Files(torch.from_numpy(x), [str(each) for each in ids], cleaned.graph, report)


def _without_pruned(model: LoadedModel, given: _Files, new_edges: str) -> tuple[Graph, str]:
    """Remove the edges that the ticket pruned, known by the ids of their ends; and say so."""
    ids, edges = given.ids, given.graph.edge_index
    place = {name: index for index, name in enumerate(ids)}
    own = torch.tensor([place.get(name, -1) for name in model.nodes or ()], dtype=torch.int64)
    keys = edges[0] * len(ids) + edges[1]
    pruned = torch.isin(keys, _keys(own[model.pruned], len(ids), bool(model.about["directed"])))
    kept = torch.isin(keys, _keys(own[model.edges], len(ids), bool(model.about["directed"])))
    new = ~(pruned | kept)
    chosen = kept | new if new_edges == "keep" else kept
    how = "kept" if new_edges == "keep" else "left out"
    return given.graph.keep(chosen), (
        f"edges: {int(kept.sum()):,} of the ticket's, {int(pruned.sum()):,} pruned ones left out, "
        f"{int(new.sum()):,} new ones {how} (--new-edges {new_edges})"
    )


def _keys(pairs: Tensor, count: int, directed: bool) -> Tensor:
    """One number for each edge whose two ends are there."""
    pairs = pairs[:, (pairs >= 0).all(0)]
    if not directed:
        pairs = torch.stack([pairs.amin(0), pairs.amax(0)])
    return pairs[0] * count + pairs[1]


def _table(model: LoadedModel, ids: list[str], outputs: Tensor) -> pd.DataFrame:
    import pandas as pd

    chances = model.probabilities(outputs)
    table = pd.DataFrame(chances.numpy(), columns=list(_headings(model)))
    if model.task == "node classification":
        classes = [model.classes[place] for place in chances.argmax(1).tolist()]
        table.insert(0, "class", classes)
    table.insert(0, "node", ids)
    return table


def _headings(model: LoadedModel) -> Iterator[str]:
    for name in model.classes:
        yield f"probability of {name}"
