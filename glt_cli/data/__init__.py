"""Data sets: which there are (`catalog`), and finding, downloading and reading them.

Importing this package is cheap, because loaders import their libraries when they read. Every
function raises UserError for an unknown data set and for a data root that doesn't exist.
``data_root=None`` stands for the environment variable GLT_DATA, if it is set.
"""

from collections.abc import Callable
from typing import cast

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data.catalog import entry
from glt_cli.data.folders import existing_root
from glt_cli.data.graph_data import GraphData, LinkData, NodeData
from glt_cli.data.loaders import ContentLoader, loader

__all__ = ["GraphData", "LinkData", "NodeData", "checksum", "is_present", "load", "prepare"]


def _quiet(message: str) -> None:
    """Drop a progress message."""


def is_present(config: DatasetConfig, data_root: str | None) -> str | None:
    """Return where the data set is ("in the package", a file or a folder), or None if absent.

    This only checks that the files exist; `prepare` checks their content.
    """
    return loader(config.name).is_present(config, existing_root(data_root))


def prepare(
    config: DatasetConfig, data_root: str | None, say: Callable[[str], None] = _quiet
) -> str:
    """Verify the data set, after downloading it if it isn't on this machine.

    Downloads go to the cache, never to the data root.

    Args:
        config: Settings of the data set.
        data_root: A folder with data sets, or None.
        say: Gets the progress messages of a download, one line each.

    Returns:
        Where the data set is.

    Raises:
        UserError: A file isn't the published one, or no download works.
    """
    return loader(config.name).prepare(config, existing_root(data_root), say)


def load(config: DatasetConfig, data_root: str | None) -> GraphData:
    """Read the data set, after downloading it if necessary; UserError as for `prepare`."""
    return loader(config.name).load(config, existing_root(data_root))


def checksum(config: DatasetConfig, data_root: str | None) -> str:
    """Return a digest of the content: runs with the same checksum have used the same data.

    UserError if the data must be read for it and isn't on this machine.
    """
    known = entry(config.name).checksum
    return known or cast(ContentLoader, loader(config.name)).checksum(
        config, existing_root(data_root)
    )
