"""The module that reads each data set.

To add a data set, write a module with the functions of `Loader` (`dataset_files.FileLoader` has
most of them), and add it here, to `catalog.CATALOG` and to `glt_cli.config.datasets.DATASETS`.
Modules are imported on first use, so a data set never needs the libraries of another one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data.catalog import entry
from glt_cli.data.graph_data import GraphData


class Loader(Protocol):
    """The functions of a loader module; ``root`` is an existing data root, or None.

    ``checksum`` is only necessary if the catalogue has no checksum of a data set.
    """

    def is_present(self, config: DatasetConfig, root: Path | None) -> str | None:
        """Return where the data set is, or None; only checks that the files exist."""

    def prepare(self, config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
        """Verify the data set, after downloading it if necessary; returns where it is."""

    def load(self, config: DatasetConfig, root: Path | None) -> GraphData:
        """Read the data set, after downloading it if necessary."""

    def checksum(self, config: DatasetConfig, root: Path | None) -> str:
        """Return a digest of the content."""


#: The module of `glt_cli.data` that reads each data set.
LOADERS: dict[str, str] = {
    "cora": "packaged",
    "files": "files",
    "citeseer": "planetoid",
    "pubmed": "planetoid",
    "ogbn_arxiv": "ogb",
    "ogbn_proteins": "ogb",
    "ogbl_collab": "ogb",
    "amazon_computers": "pyg_datasets",
    "amazon_photo": "pyg_datasets",
    "coauthor_cs": "pyg_datasets",
    "coauthor_physics": "pyg_datasets",
    "tolokers": "npz_datasets",
    "pcg": "npz_datasets",
    "humango": "npz_datasets",
    "blogcatalog": "npz_datasets",
    "ca_astroph": "link_datasets",
    "drugbank_ddi": "link_datasets",
    "synthetic": "synthetic",
    "synthetic_arxiv_size": "synthetic",
    "synthetic_quarter_proteins_size": "synthetic",
}


def loader(name: str) -> Loader:
    """Return the loader module of a data set; UserError for an unknown name."""
    module = importlib.import_module(f"glt_cli.data.{LOADERS[entry(name).name]}")
    return cast(Loader, module)
