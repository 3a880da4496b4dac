"""Learning tasks: data on its device, loss and metric (docs/method.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from glt_cli.config.datasets import DatasetConfig, FeaturelessConfig, FilesConfig
from glt_cli.data.catalog import entry
from glt_cli.data.graph_data import GraphData, LinkData, NodeData
from glt_cli.models.graph import Cleaned, Graph
from glt_cli.training.features import statistics_of, structural, transformed
from glt_cli.training.tasks.link_prediction import LinkPrediction, Pairs
from glt_cli.training.tasks.node_tasks import MultiLabel, NodeClassification
from glt_cli.training.tasks.task import Task

__all__ = [
    "LinkPrediction",
    "MultiLabel",
    "NodeClassification",
    "Task",
    "make_task",
    "metric_of",
    "task_name",
]


def metric_of(config: DatasetConfig) -> str:
    """Metric of a data set: the published one, or the user's choice."""
    return str(getattr(config, "metric", None) or entry(config.name).metric)


def task_name(config: DatasetConfig) -> str:
    """Kind of task of a data set, as in records."""
    return str(getattr(config, "task", None) or entry(config.name).task)


def make_task(data: GraphData, config: DatasetConfig, device: torch.device) -> Task:
    """Clean the edges, compute the input features, and move everything to the device."""
    edges = torch.from_numpy(np.ascontiguousarray(data.edges))
    weights = None if data.weights is None else torch.from_numpy(data.weights)
    cleaned = Graph.from_pairs(data.num_nodes, edges, data.directed, weights)
    shared = {
        "graph": cleaned.graph.to(device),
        "metric": metric_of(config),
        "cleaned": _dropped(cleaned),
        **_input(data, config, cleaned.graph, device),
    }
    if isinstance(data, LinkData):
        return _links(data, shared, device)
    assert isinstance(data, NodeData)
    kind = MultiLabel if data.y.ndim == 2 else NodeClassification
    y = torch.from_numpy(data.y.astype(np.float32 if data.y.ndim == 2 else np.int64))
    splits = {"train": data.train, "val": data.val, "test": data.test}
    return kind(
        **shared,
        y=y.to(device),
        splits={name: torch.from_numpy(nodes).to(device) for name, nodes in splits.items()},
        outputs=data.num_classes,
    )


def _input(
    data: GraphData, config: DatasetConfig, graph: Graph, device: torch.device
) -> dict[str, Any]:
    if data.x is not None:
        train = data.train if isinstance(data, NodeData) else slice(None)
        statistics = statistics_of(data.x, config.transform, train)
        x = transformed(data.x, config.transform, statistics)
        return {"x": x.to(device), "derived": data.derived, "statistics": statistics}
    assert isinstance(config, FeaturelessConfig | FilesConfig)
    if config.features == "structural":
        return {"x": structural(graph, config.width).to(device), "derived": True}
    return {"x": torch.arange(data.num_nodes, device=device), "embedding": config.width}


def _links(data: LinkData, shared: dict[str, Any], device: torch.device) -> LinkPrediction:
    def pairs(array: Any) -> Pairs:
        return Pairs.of(_tensor(array, device), data.num_nodes)

    extra = None
    if data.extra_at_test is not None:
        both = Graph.from_pairs(data.num_nodes, _tensor(data.extra_at_test, device), data.directed)
        extra = both.graph.without(shared["graph"]).edge_index
    return LinkPrediction(
        **shared,
        positive={"val": pairs(data.val), "test": pairs(data.test)},
        negative={"val": pairs(data.val_negative), "test": pairs(data.test_negative)},
        extra_at_test=extra,
    )


def _tensor(array: Any, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.int64)).to(device)


def _dropped(cleaned: Cleaned) -> tuple[str, ...]:
    if not cleaned.loops and not cleaned.duplicates:
        return ()
    return (
        f"{cleaned.graph.num_edges:,} edges, after dropping {cleaned.loops:,} self-loops and "
        f"{cleaned.duplicates:,} duplicates",
    )
