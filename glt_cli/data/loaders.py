"""Which module reads which data set.

A new data set is a module with the functions of `Loader`, a line here and a catalog entry.
Modules are imported on first use, so that asking for one set never pays for another's libraries.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data.catalog import entry
from glt_cli.data.forms import GraphData


class Loader(Protocol):
    """What a loader module offers; ``root`` is an existing folder, or None if none is set.

    A module whose catalog entries have no checksum also has ``checksum``, which tells what the
    content depends on.
    """

    def is_present(self, config: DatasetConfig, root: Path | None) -> str | None:
        """Tell where the data set is, looking at file names only."""

    def prepare(self, config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
        """Fetch what is missing, verify everything; returns where it is."""

    def load(self, config: DatasetConfig, root: Path | None) -> GraphData:
        """Prepare, then read."""

    def checksum(self, config: DatasetConfig, root: Path | None) -> str:
        """Identify the content where the catalog cannot."""


#: Module of `glt_cli.data` that reads each data set.
LOADERS: dict[str, str] = {
    "cora": "packaged",
    "files": "files",
    "citeseer": "planetoid",
    "pubmed": "planetoid",
    "ogbn_arxiv": "ogb",
    "ogbn_proteins": "ogb",
    "ogbl_collab": "ogb",
    "amazon_computers": "pyg",
    "amazon_photo": "pyg",
    "coauthor_cs": "pyg",
    "coauthor_physics": "pyg",
    "tolokers": "npz",
    "pcg": "npz",
    "humango": "npz",
    "blogcatalog": "npz",
    "ca_astroph": "link_datasets",
    "drugbank_ddi": "link_datasets",
    "synthetic": "synthetic",
    "synthetic_arxiv_size": "synthetic",
    "synthetic_quarter_proteins_size": "synthetic",
}


def loader(name: str) -> Loader:
    """Return the loader module of a data set; UserError for a name the catalog doesn't have."""
    module = importlib.import_module(f"glt_cli.data.{LOADERS[entry(name).name]}")
    return cast(Loader, module)
