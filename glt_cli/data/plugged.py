"""Data sets of plug-ins: a function that gives the arrays is enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from glt_cli.config.datasets import DATASETS, DatasetConfig, FeaturelessConfig
from glt_cli.config.registry import checked_schema
from glt_cli.data import checksums
from glt_cli.data.catalog import CATALOG, METRICS, NODE_CLASSES, CatalogEntry
from glt_cli.data.graph_data import GraphData, LinkData, NodeData
from glt_cli.data.loaders import LOADERS
from glt_cli.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

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

    The function takes the schema's settings and gives `NodeData` or `LinkData`.

    Args:
        name: What it is called on the command line.
        schema: Its settings.
        title: What people call it; the name where nothing is said.
        task: "node classification", "multi-label node classification" or "link prediction".
        metric: What it is scored by; the task's usual metric where nothing is said.
        source: Where the data comes from, for `glt datasets`.
        citation: Whom to cite.
        checksum: Identifies the content. Where nothing is said it is computed from the arrays,
            for which they are loaded once more.
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
    """A loader (see `loaders.ContentLoader`) that calls a function; ``root`` plays no part."""

    def __init__(self, function: Load) -> None:
        self.function = function
        self._checksums: dict[str, str] = {}

    def is_present(self, config: DatasetConfig, root: Path | None) -> str | None:
        """Say whose it is."""
        return f"in plug-in {self.function.__module__}"

    def prepare(self, config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
        """Leave it to the function, which is called when the data is needed."""
        return f"in plug-in {self.function.__module__}"

    def load(self, config: DatasetConfig, root: Path | None) -> GraphData:
        """Call the function, and see that what it gives fits together."""
        try:
            data = self.function(config)
        except OSError as error:
            raise UserError(f"dataset={config.name}: can't be read ({error})") from error
        if problem := _problem(data, config):
            raise UserError(f"dataset={config.name}: {problem}")
        return data

    def checksum(self, config: DatasetConfig, root: Path | None) -> str:
        """Digest of the arrays, computed once for each setting."""
        key = repr(sorted(asdict(config).items()))
        if key not in self._checksums:
            self._checksums[key] = checksums.of_arrays(_arrays(self.load(config, root)))
        return self._checksums[key]


def _problem(data: Any, config: DatasetConfig) -> str | None:
    """Say what keeps the arrays from being trained on, if anything does."""
    import numpy as np

    if not isinstance(data, NodeData | LinkData):
        return f"its function gave {type(data).__name__}; it must give NodeData or LinkData"
    wanted = LinkData if CATALOG[config.name].task == "link prediction" else NodeData
    if not isinstance(data, wanted):
        return f"its task is {CATALOG[config.name].task}, so it must give {wanted.__name__}"
    edges = np.asarray(data.edges)
    if edges.ndim != 2 or edges.shape[0] != 2 or edges.dtype != np.int64:
        return "edges must be int64 [2, M]"
    if edges.size and not (edges.min() >= 0 and edges.max() < data.num_nodes):
        return f"edges must be between nodes 0 and {data.num_nodes - 1}"
    if data.x is None and not isinstance(config, FeaturelessConfig):
        return "its nodes have no features, so its schema must be a FeaturelessConfig"
    if data.x is not None and (data.x.dtype != np.float32 or data.x.shape[0] != data.num_nodes):
        return "x must be float32 with a row for each node"
    return _split_problem(data) if isinstance(data, NodeData) else None


def _split_problem(data: NodeData) -> str | None:
    import numpy as np

    if len(data.y) != data.num_nodes:
        return "y must have an entry for each node"
    if data.y.ndim == 1 and not (data.y.min() >= 0 and data.y.max() < data.num_classes):
        return f"y must be from 0 to {data.num_classes - 1}, one less than num_classes"
    parts = {"train": data.train, "val": data.val, "test": data.test}
    for name, nodes in parts.items():
        if nodes.dtype != np.int64 or not len(nodes) or not (np.diff(nodes) > 0).all():
            return f"{name} must be ascending int64 node numbers, at least one"
        if nodes[0] < 0 or nodes[-1] >= data.num_nodes:
            return f"{name} must be nodes from 0 to {data.num_nodes - 1}"
    every = np.concatenate(list(parts.values()))
    return None if len(np.unique(every)) == len(every) else "train, val and test share nodes"


def _arrays(data: GraphData) -> dict[str, NDArray[Any]]:
    """Everything of the data that numbers depend on, as named arrays."""
    import numpy as np
    import scipy.sparse

    arrays: dict[str, NDArray[Any]] = {}
    for item in fields(data):
        value = getattr(data, item.name)
        if item.name in ("preparation", "report") or value is None:
            continue
        if scipy.sparse.issparse(value):
            csr = value.tocsr()
            arrays |= {f"{item.name}.{part}": getattr(csr, part) for part in _PARTS}
            arrays[f"{item.name}.shape"] = np.array(csr.shape)
        else:
            arrays[item.name] = np.asarray(value)
    return arrays


_PARTS = ("data", "indices", "indptr")
