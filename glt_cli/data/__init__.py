"""Data sets: what there is (`catalog`), whether it is here, fetching it and reading it.

Importing this package is cheap; each loader is imported when one of its data sets is asked for.
Every function raises UserError for an unknown name and for a data root that does not exist.
"""

from collections.abc import Callable

from glt_cli.data.folders import existing_root
from glt_cli.data.loaders import loader
from glt_cli.data.node_data import NodeData

__all__ = ["NodeData", "is_present", "load", "prepare"]


def _quiet(message: str) -> None:
    """Say nothing."""


def is_present(name: str, data_root: str | None) -> str | None:
    """Tell where the data set is ("in the package" or a folder), or None if it isn't here.

    Only looks whether the files exist: `prepare` checks their content. ``data_root=None`` means
    the environment variable GLT_DATA, if set; so for all three functions.
    """
    return loader(name).is_present(name, existing_root(data_root))


def prepare(name: str, data_root: str | None, say: Callable[[str], None] = _quiet) -> str:
    """Make sure that the data set is here and is the published one; returns where it is.

    What is missing is fetched into the cache, never into the data root; `say` gets a line for
    each step of that. UserError: a file that isn't the published one, or no source that works.
    """
    return loader(name).prepare(name, existing_root(data_root), say)


def load(name: str, data_root: str | None) -> NodeData:
    """Prepare the data set quietly, then read it."""
    return loader(name).load(name, existing_root(data_root))
