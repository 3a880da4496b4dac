"""Schemas of `conf/dataset/*`: where the data comes from and what is made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from glt_cli.config.declare import bounded, excluded_from_hash, one_of

TRANSFORMS = ("row_normalise", "standardise", "none")


@dataclass
class DatasetConfig:
    """A data set of the catalogue; `name` is its entry there."""

    name: str = MISSING
    #: What happens to the input features before training.
    transform: str = one_of(*TRANSFORMS)

    @property
    def shown(self) -> str:
        """What tables and folders call it."""
        return self.name

    def problems(self) -> Iterator[str]:
        """Yield what is wrong between fields that are each within bounds."""
        yield from ()


@dataclass
class FeaturelessConfig(DatasetConfig):
    """A graph whose nodes have no features of their own."""

    #: `learned` gives each node an embedding that is trained beside the weights, `structural`
    #: computes features from the whole message graph once.
    features: str = one_of("learned", "structural")
    width: int = bounded(128, 1)


@dataclass
class LinkConfig(FeaturelessConfig):
    """Link prediction on such a graph, with a seeded split of its edges."""

    split_seed: int = bounded(0, 0, 2**32 - 1)


@dataclass
class CollabConfig(DatasetConfig):
    """ogbl-collab."""

    #: Whether validation edges are message edges at test, as OGB's rules allow.
    validation_edges_at_test: bool = False


@dataclass
class SyntheticConfig(DatasetConfig):
    """A degree-corrected block model with features that hint at the class (data/synthetic.py)."""

    nodes: int = bounded(10_000, 10, 10_000_000)
    #: Undirected edges.
    edges: int = bounded(50_000, 1, 10_000_000)
    classes: int = bounded(10, 2, 1000)
    num_features: int = bounded(128, 1)
    #: Non-zero features of each node; where all are, they are dense and real-valued.
    active: int = bounded(16, 1)
    #: Share of edges inside a class, of features that tell the class, and of training nodes.
    homophily: float = bounded(0.6, 0, 1)
    signal: float = bounded(0.15, 0, 1)
    train_fraction: float = bounded(0.5, 0, 1, above=True, below=True)
    #: Exponent of the power law of expected degrees.
    exponent: float = bounded(2.5, 1, above=True)
    data_seed: int = bounded(0, 0, 2**32 - 1)

    def problems(self) -> Iterator[str]:
        """See DatasetConfig."""
        most = self.nodes * (self.nodes - 1) // 4
        if self.edges > most:
            yield (
                f"dataset.edges={self.edges}: must be at most {most}, half of the pairs of "
                f"dataset.nodes={self.nodes}"
            )
        if self.classes > self.nodes:
            yield f"dataset.classes={self.classes}: must be at most dataset.nodes={self.nodes}"
        if self.active > self.num_features:
            yield (
                f"dataset.active={self.active}: must be at most "
                f"dataset.num_features={self.num_features} (where equal, features are dense)"
            )


@dataclass
class FilesConfig(DatasetConfig):
    """Somebody's own graph: CSV, Parquet or npz files (docs/your-own-graph.md)."""

    #: What tables and folders shall call it.
    title: str = "files"
    #: Where the files are; what is in them is what counts.
    edges: str | None = excluded_from_hash(None)
    nodes: str | None = excluded_from_hash(None)
    #: Column of the nodes file to predict.
    label: str | None = None
    #: Column of node ids; the first column where nothing is said.
    id: str | None = None
    #: Columns of the edges file; its first two where nothing is said.
    source: str | None = None
    target: str | None = None
    #: Column of edge weights; none where nothing is said.
    weight: str | None = None
    directed: bool = False
    #: Columns not to use as features; columns of numbers that are categories.
    ignore: list[str] = field(default_factory=list)
    categorical: list[str] = field(default_factory=list)
    #: Column that says train, val or test; where nothing is said, seeded fractions by label.
    split: str | None = None
    train_fraction: float = bounded(0.6, 0, 1, above=True, below=True)
    val_fraction: float = bounded(0.2, 0, 1, above=True, below=True)
    split_seed: int = bounded(0, 0, 2**32 - 1)
    #: Numeric columns by the training nodes' mean and deviation, or as they are.
    standardise: bool = True
    #: Of both files; a comma for .csv, a tab for .tsv and .txt where nothing is said.
    delimiter: str | None = None
    #: An edge to a node that the nodes file lacks is a mistake, or is left out and counted.
    unknown: str = one_of("error", "drop")
    metric: str = one_of("accuracy", "roc_auc")

    @property
    def shown(self) -> str:
        """See DatasetConfig."""
        return self.title

    def problems(self) -> Iterator[str]:
        """See DatasetConfig."""
        yield from _title_problems(self)
        for key in ("edges", "nodes", "label"):
            if not getattr(self, key):
                yield f"dataset.{key}: name it, as in dataset.{key}={_EXAMPLES[key]}"
        if self.delimiter is not None and len(self.delimiter.replace("\\t", "\t")) != 1:
            yield f"dataset.delimiter={self.delimiter}: must be one character, as in '\";\"'"
        if self.train_fraction + self.val_fraction >= 1:
            yield (
                f"dataset.train_fraction={self.train_fraction} and dataset.val_fraction="
                f"{self.val_fraction}: nothing is left to test on; together they must be below 1"
            )


@dataclass
class InMemoryConfig(DatasetConfig):
    """A torch-geometric `Data` in memory, for `glt_cli.find_ticket`."""

    transform: str = one_of("none", "row_normalise", "standardise")
    #: What records and tables call it.
    title: str = "data"
    task: str = one_of("node classification", "multi-label node classification")
    metric: str = one_of("accuracy", "roc_auc")

    @property
    def shown(self) -> str:
        """See DatasetConfig."""
        return self.title

    def problems(self) -> Iterator[str]:
        """See DatasetConfig."""
        yield from _title_problems(self)


def _title_problems(config: FilesConfig | InMemoryConfig) -> Iterator[str]:
    """Yield what is wrong with a title, which becomes part of a folder's name."""
    from glt_cli.data.catalog import CATALOG

    title = config.title
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,60}", title) or title.strip(".") == "":
        yield f"dataset.title={title}: at most 60 letters, digits and ._- may stand there"
    elif title in CATALOG and title != config.name:
        yield f"dataset.title={title}: is the name of a known data set; take another"


_EXAMPLES = {"edges": "edges.csv", "nodes": "nodes.csv", "label": "churned"}

#: Schema of each data set; the plain one where a name is not listed.
DATASETS: dict[str, type[DatasetConfig]] = {
    "blogcatalog": FeaturelessConfig,
    "ca_astroph": LinkConfig,
    "drugbank_ddi": LinkConfig,
    "files": FilesConfig,
    "in_memory": InMemoryConfig,
    "ogbl_collab": CollabConfig,
    "synthetic": SyntheticConfig,
    "synthetic_arxiv_size": SyntheticConfig,
    "synthetic_quarter_proteins_size": SyntheticConfig,
}


def schema(name: str) -> type[DatasetConfig]:
    """Look up the schema of a data set."""
    return DATASETS.get(name, DatasetConfig)


def default(name: str, **settings: Any) -> DatasetConfig:
    """Make the settings of a data set as its schema has them."""
    return schema(name)(name=name, **settings)
