"""Data sets: what there is (`catalog`), whether it is here, fetching it and reading it.

Importing this package is cheap: loaders import their libraries when they read.
Every function raises UserError for an unknown name and for a data root that does not exist.
``data_root=None`` means the environment variable GLT_DATA, if set.
"""

from collections.abc import Callable
from typing import cast

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data.catalog import entry
from glt_cli.data.folders import existing_root
from glt_cli.data.forms import GraphData, LinkData, NodeData
from glt_cli.data.loaders import ContentLoader, loader

__all__ = ["GraphData", "LinkData", "NodeData", "checksum", "is_present", "load", "prepare"]


def _quiet(message: str) -> None:
    """Say nothing."""


def is_present(config: DatasetConfig, data_root: str | None) -> str | None:
    """Tell where the data set is ("in the package" or a folder), or None if it isn't here.

    Only looks whether the files exist: `prepare` checks their content.
    """
    return loader(config.name).is_present(config, existing_root(data_root))


def prepare(
    config: DatasetConfig, data_root: str | None, say: Callable[[str], None] = _quiet
) -> str:
    """Make sure that the data set is here and is the published one; returns where it is.

    What is missing is fetched into the cache, never into the data root; `say` gets a line for
    each step of that. UserError: a file that isn't the published one, or no source that works.
    """
    return loader(config.name).prepare(config, existing_root(data_root), say)


def load(config: DatasetConfig, data_root: str | None) -> GraphData:
    """Prepare the data set quietly, then read it."""
    return loader(config.name).load(config, existing_root(data_root))


def checksum(config: DatasetConfig, data_root: str | None) -> str:
    """Identify the content: two runs with the same checksum saw the same data."""
    known = entry(config.name).checksum
    return known or cast(ContentLoader, loader(config.name)).checksum(
        config, existing_root(data_root)
    )
