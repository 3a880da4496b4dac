"""Data sets of plug-ins: each needs only a function that returns its arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from glt_cli.config.datasets import DATASETS, DatasetConfig
from glt_cli.config.registry import checked_schema
from glt_cli.data import checksums
from glt_cli.data.catalog import CATALOG, METRICS, NODE_CLASSES, CatalogEntry
from glt_cli.data.graph_data import GraphData, LinkData, NodeData
from glt_cli.data.loaders import LOADERS
from glt_cli.errors import UserError, kind_of

Load = Callable[[Any], NodeData | LinkData]
L = TypeVar("L", bound=Load)


def register_dataset(
    name: str,
    schema: type[DatasetConfig] = DatasetConfig,
    *,
    title: str = "",
    task: str = NODE_CLASSES,
    metric: str = "",
    source: str = "",
    citation: str = "",
    checksum: str | None = None,
) -> Callable[[L], L]:
    """Make a function the loader of a data set: `dataset=NAME`, with the settings of a schema.

    The function takes the settings and returns `NodeData` or `LinkData`.

    Args:
        name: Its name on the command line.
        schema: Its settings.
        title: Its name in tables and reports; `name` by default.
        task: "node classification", "multi-label node classification" or "link prediction".
        metric: How predictions are scored; the usual metric of the task by default.
        source: Where the data comes from, shown by `glt datasets`.
        citation: The publication to cite.
        checksum: Identifies the content. By default it is computed from the arrays, which are
            loaded one extra time for it.
    """

    def register(function: L) -> L:
        checked_schema("data set", name, schema, DatasetConfig)
        if task not in METRICS:
            raise UserError(f"data set {name}: task={task!r} must be one of {', '.join(METRICS)}")
        if metric and metric not in METRICS[task]:
            allowed = ", ".join(METRICS[task])
            raise UserError(
                f"data set {name}: metric={metric!r} of {task} must be one of {allowed}"
            )
        DATASETS.add(name, schema)
        CATALOG.add(
            name,
            CatalogEntry(
                name=name,
                title=title or name,
                task=task,
                metric=metric or METRICS[task][0],
                source=source or f"plug-in {function.__module__}",
                citation=citation,
                checksum=checksum,
            ),
        )
        loader = FunctionLoader(function)
        loader.__module__ = function.__module__
        LOADERS.add(name, loader)
        return function

    return register


class FunctionLoader:
    """A loader (see `loaders.ContentLoader`) that calls a function and ignores ``root``."""

    def __init__(self, function: Load) -> None:
        self.function = function
        self._checksums: dict[str, str] = {}

    def is_present(self, config: DatasetConfig, root: Path | None) -> str | None:
        """Name the plug-in that the data set comes from."""
        return f"in plug-in {self.function.__module__}"

    def prepare(self, config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
        """Do nothing: the function is called when the data is needed."""
        return f"in plug-in {self.function.__module__}"

    def load(self, config: DatasetConfig, root: Path | None) -> GraphData:
        """Call the function, and check that the arrays it returns are consistent."""
        try:
            data = self.function(config)
        except OSError as error:
            raise UserError(f"dataset={config.name}: can't be read ({error})") from error
        if problem := _problem(data, config):
            raise UserError(f"dataset={config.name}: {problem}")
        return data

    def checksum(self, config: DatasetConfig, root: Path | None) -> str:
        """Return the digest of the arrays, computed once for each combination of settings."""
        key = repr(sorted(asdict(config).items()))
        if key not in self._checksums:
            self._checksums[key] = checksums.of_graph(self.load(config, root))
        return self._checksums[key]


def _problem(data: Any, config: DatasetConfig) -> str | None:
    """Return why the arrays can't be trained on, or None if they can."""
    import numpy as np

    if not isinstance(data, NodeData | LinkData):
        return f"its function must return NodeData or LinkData; it returned {kind_of(data)}"
    wanted = LinkData if CATALOG[config.name].task == "link prediction" else NodeData
    if not isinstance(data, wanted):
        return f"its function must return {wanted.__name__} for {CATALOG[config.name].task}"
    edges = np.asarray(data.edges)
    if edges.ndim != 2 or edges.shape[0] != 2 or edges.dtype != np.int64:
        return "edges must be int64 [2, M]"
    if edges.size and not (edges.min() >= 0 and edges.max() < data.num_nodes):
        return f"edges must hold node numbers from 0 to {data.num_nodes - 1}"
    if data.x is None and not config.is_featureless:
        return "its nodes have no features, so its schema must be a FeaturelessConfig"
    if data.x is not None and (data.x.dtype != np.float32 or data.x.shape[0] != data.num_nodes):
        return "x must be float32 with a row for each node"
    return _split_problem(data) if isinstance(data, NodeData) else None


def _split_problem(data: NodeData) -> str | None:
    import numpy as np

    if len(data.y) != data.num_nodes:
        return "y must have an entry for each node"
    if data.y.ndim == 1 and not (data.y.min() >= 0 and data.y.max() < data.num_classes):
        return f"y must be between 0 and {data.num_classes - 1} (num_classes - 1)"
    parts = {"train": data.train, "val": data.val, "test": data.test}
    for name, nodes in parts.items():
        if nodes.dtype != np.int64 or not len(nodes) or not (np.diff(nodes) > 0).all():
            return f"{name} must hold at least one node number, int64 and ascending"
        if nodes[0] < 0 or nodes[-1] >= data.num_nodes:
            return f"{name} must hold node numbers from 0 to {data.num_nodes - 1}"
    every = np.concatenate(list(parts.values()))
    return None if len(np.unique(every)) == len(every) else "train, val and test share nodes"
