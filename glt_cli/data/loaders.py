"""The module that reads each data set.

To add a data set, write a module with the functions of `Loader` (`dataset_files.FileLoader` has
most of them), and add it here, to `catalog.CATALOG` and to `glt_cli.config.datasets.DATASETS`.
A plug-in registers a function instead (`register_dataset`). Modules import their libraries where
they use them, so a data set never needs the libraries of another one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from glt_cli.config.datasets import DatasetConfig
from glt_cli.config.registry import Registry
from glt_cli.data import (
    files,
    link_datasets,
    npz_datasets,
    ogb,
    packaged,
    planetoid,
    pyg_datasets,
    synthetic,
)
from glt_cli.data.catalog import entry
from glt_cli.data.graph_data import GraphData


class Loader(Protocol):
    """The functions of a loader; ``root`` is an existing data root, or None."""

    def is_present(self, config: DatasetConfig, root: Path | None) -> str | None:
        """Return where the data set is, or None; only checks that the files exist."""

    def prepare(self, config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
        """Verify the data set, after downloading it if necessary; returns where it is."""

    def load(self, config: DatasetConfig, root: Path | None) -> GraphData:
        """Read the data set, after downloading it if necessary."""


class ContentLoader(Loader, Protocol):
    """One whose catalog entries have no checksum tells what the content depends on."""

    def checksum(self, config: DatasetConfig, root: Path | None) -> str:
        """Return a digest of the content."""


#: The loader of each data set.
LOADERS: Registry[Loader] = Registry(
    "data set",
    {
        "cora": packaged,
        "files": files,
        "citeseer": planetoid,
        "pubmed": planetoid,
        "ogbn_arxiv": ogb,
        "ogbn_proteins": ogb,
        "ogbl_collab": ogb,
        "amazon_computers": pyg_datasets,
        "amazon_photo": pyg_datasets,
        "coauthor_cs": pyg_datasets,
        "coauthor_physics": pyg_datasets,
        "tolokers": npz_datasets,
        "pcg": npz_datasets,
        "humango": npz_datasets,
        "blogcatalog": npz_datasets,
        "ca_astroph": link_datasets,
        "drugbank_ddi": link_datasets,
        "synthetic": synthetic,
        "synthetic_arxiv_size": synthetic,
        "synthetic_quarter_proteins_size": synthetic,
    },
)


def loader(name: str) -> Loader:
    """Return the loader of a data set; UserError for a name the catalog doesn't have."""
    return LOADERS[entry(name).name]
