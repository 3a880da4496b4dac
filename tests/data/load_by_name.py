"""Functions that find and load data sets by name, with the default settings."""

from __future__ import annotations

from collections.abc import Callable

import scipy.sparse

from glt_cli import data
from glt_cli.config.datasets import default
from glt_cli.data import NodeData


def is_present(name: str, root: str | None) -> str | None:
    return data.is_present(default(name), root)


def prepare(name: str, root: str | None, say: Callable[[str], None] = lambda line: None) -> str:
    return data.prepare(default(name), root, say)


def load(name: str, root: str | None) -> NodeData:
    loaded = data.load(default(name), root)
    assert isinstance(loaded, NodeData)
    return loaded


def bag(data: NodeData) -> scipy.sparse.csr_array:
    """Bag-of-words features."""
    assert isinstance(data.x, scipy.sparse.csr_array)
    return data.x
