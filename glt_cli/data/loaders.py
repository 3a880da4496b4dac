"""Which module reads which data set.

A new data set is a module with the three functions of `Loader`, a line here and a catalog entry.
Modules are imported on first use, so that asking for one set never pays for another's libraries.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from glt_cli.data.catalog import entry
from glt_cli.data.node_data import NodeData


class Loader(Protocol):
    """What a loader module offers; ``root`` is an existing folder, or None if none is set."""

    def is_present(self, name: str, root: Path | None) -> str | None:
        """Tell where the data set is, looking at file names only."""

    def prepare(self, name: str, root: Path | None, say: Callable[[str], None]) -> str:
        """Fetch what is missing, verify everything; returns where it is."""

    def load(self, name: str, root: Path | None) -> NodeData:
        """Prepare, then read."""


def _embedded() -> Loader:
    from glt_cli.data import embedded

    return embedded


def _planetoid() -> Loader:
    from glt_cli.data import planetoid

    return planetoid


LOADERS: dict[str, Callable[[], Loader]] = {
    "cora": _embedded,
    "citeseer": _planetoid,
    "pubmed": _planetoid,
}


def loader(name: str) -> Loader:
    """Return the loader module of a data set; UserError for a name the catalog doesn't have."""
    return LOADERS[entry(name).name]()
