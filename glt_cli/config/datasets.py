"""Schemas of `conf/dataset/*`: where the data comes from, and how it is prepared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from glt_cli.config.declare import bounded, excluded_from_hash, hashed_as, one_of
from glt_cli.config.registry import Registry

#: Metrics of one class for each node; those of two classes, by the score of the second.
BINARY_METRICS = ("roc_auc", "average_precision")
CLASS_METRICS = ("accuracy", "f1_macro", *BINARY_METRICS)
#: What may describe the nodes of own files, besides a file of features.
FEATURES = ("columns", "degree", "constant", "identity", "structural")
#: Suffixes of files that hold nodes and edges.
GRAPH_FILES = (".graphml", ".gml", ".gexf", ".json", ".safetensors")
TRANSFORMS = ("row_normalise", "standardise", "none")


@dataclass
class DatasetConfig:
    """Settings of a data set; `name` is its name in the catalogue."""

    name: str = MISSING
    #: What happens to the input features before training.
    transform: str = one_of(*TRANSFORMS)

    @property
    def shown(self) -> str:
        """Its name in tables and folders."""
        return self.name

    @property
    def is_featureless(self) -> bool:
        """Whether the input is learned, or computed from the edges of whatever graph it is."""
        return False

    def problems(self) -> Iterator[str]:
        """Yield an error message for each contradiction between fields."""
        yield from ()


@dataclass
class FeaturelessConfig(DatasetConfig):
    """A graph whose nodes have no features of their own."""

    #: `learned` trains an embedding of each node together with the weights; `structural` computes
    #: features from the whole message graph once.
    features: str = one_of("learned", "structural")
    #: Width of these features.
    width: int = bounded(128, 1)

    @property
    def is_featureless(self) -> bool:
        """See DatasetConfig."""
        return True


@dataclass
class LinkConfig(FeaturelessConfig):
    """Link prediction on a graph without node features, with a seeded split of its edges."""

    #: Seed of the split of the edges.
    split_seed: int = bounded(0, 0, 2**32 - 1)


@dataclass
class CollabConfig(DatasetConfig):
    """ogbl-collab."""

    #: Whether validation edges are message edges in testing, as OGB's rules allow.
    validation_edges_at_test: bool = False


@dataclass
class SyntheticConfig(DatasetConfig):
    """A degree-corrected block model with features that depend on the class (data/synthetic.py)."""

    #: Number of nodes.
    nodes: int = bounded(10_000, 10, 10_000_000)
    #: Number of undirected edges.
    edges: int = bounded(50_000, 1, 10_000_000)
    #: Number of classes.
    classes: int = bounded(10, 2, 1000)
    #: Number of features.
    num_features: int = bounded(128, 1)
    #: Number of non-zero features of each node; if it is all, features are dense real numbers.
    active: int = bounded(16, 1)
    #: Share of the edges inside a class.
    homophily: float = bounded(0.6, 0, 1)
    #: Share of the features that depend on the class.
    signal: float = bounded(0.15, 0, 1)
    #: Share of the nodes that train.
    train_fraction: float = bounded(0.5, 0, 1, above=True, below=True)
    #: Exponent of the power law of expected degrees.
    exponent: float = bounded(2.5, 1, above=True)
    #: Seed of the graph.
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


def _kind_of_features(features: str) -> str:
    return features if features in FEATURES else "file"


@dataclass
class FilesConfig(DatasetConfig):
    """The user's own graph: CSV, Parquet or npz files (docs/your-own-graph.md)."""

    #: Its name in tables and folders.
    title: str = "files"
    #: File of the edges; by default that of the nodes, where it holds both. A run is identified by
    #: the content of files, not by their paths.
    edges: str | None = excluded_from_hash(None)
    #: File of the nodes.
    nodes: str | None = excluded_from_hash(None)
    #: Column of the nodes file to predict.
    label: str | None = None
    #: Column of node ids; by default the one named so, else the first.
    id: str | None = None
    #: Column of the edges file where an edge begins; by default known by its name.
    source: str | None = None
    #: Column where it ends.
    target: str | None = None
    #: Column of edge weights; by default none.
    weight: str | None = None
    #: Whether an edge leads from source to target only.
    directed: bool = False
    #: What describes the nodes: `columns` of the nodes file, or without any `degree`, `constant`,
    #: `identity` or `structural`; or a file of sparse features: id, feature and perhaps value in
    #: each row, or a CSR matrix in an npz file.
    features: str = hashed_as("columns", _kind_of_features)
    #: Width of structural features.
    width: int = bounded(128, 1)
    #: Columns that aren't features.
    ignore: list[str] = field(default_factory=list)
    #: Columns of numbers that are categories.
    categorical: list[str] = field(default_factory=list)
    #: Labels that stand for "unknown".
    unlabelled: list[str] = field(default_factory=list)
    #: Cells of other columns that stand for "missing".
    missing: list[str] = field(default_factory=list)
    #: Column with train, val or test, or two or three columns that are true for train (val) and
    #: test; by default drawn class by class.
    split: Any = None
    #: Values of the split column that stand for train.
    train: list[str] = field(default_factory=list)
    #: Values that stand for val; if no node is in val, some of train are.
    val: list[str] = field(default_factory=list)
    #: Values that stand for test.
    test: list[str] = field(default_factory=list)
    #: Column of times: the earliest labelled nodes train and the latest test, by the fractions.
    time: str | None = None
    #: Share of the labelled nodes that train, where the split is drawn or by time.
    train_fraction: float = bounded(0.6, 0, 1, above=True, below=True)
    #: Share that validates; of train, where no node is given to val.
    val_fraction: float = bounded(0.2, 0, 1, above=True, below=True)
    #: Seed of the drawn split.
    split_seed: int = bounded(0, 0, 2**32 - 1)
    #: Whether to standardise numeric columns by the training nodes' mean and deviation.
    standardise: bool = True
    #: Delimiter of text files; by default a comma for .csv, a tab for .tsv and .txt. A file whose
    #: first line has none of it but another common one is read with that.
    delimiter: str | None = None
    #: How text files are written that aren't UTF-8 or UTF-16, as in cp1252.
    encoding: str | None = None
    #: Which text files begin with the names of their columns: both, none, or one of them.
    #: Columns without names are called 1, 2, …
    header: str = one_of("true", "false", "nodes", "edges")
    #: Whether what looks like a mistake is an error instead of a warning.
    strict: bool = False
    #: Whether the weights of an edge's copies are averaged, or added up; without weights, `sum`
    #: makes an edge weigh as much as it has copies.
    copies: str = one_of("mean", "sum")
    #: Whether an edge to an unknown node is an error, or is left out and counted.
    unknown: str = one_of("error", "drop")
    #: What is scored.
    metric: str = one_of(*CLASS_METRICS)

    @property
    def shown(self) -> str:
        """See DatasetConfig."""
        return self.title

    @property
    def is_featureless(self) -> bool:
        """See DatasetConfig."""
        return self.features == "structural"

    @property
    def has_features_file(self) -> bool:
        """Whether `features` names a file."""
        return self.features_kind == "file"

    @property
    def features_kind(self) -> str:
        """One of FEATURES, or `file`."""
        return _kind_of_features(self.features)

    @property
    def edges_file(self) -> str | None:
        """The file of the edges, which may be that of the nodes."""
        nodes = self.nodes if holds_edges(self.nodes or "") else None
        return self.edges or nodes

    @property
    def masks(self) -> list[str]:
        """The columns that are true for nodes of train, val and test, if the split is by them."""
        return [str(name) for name in self.split] if isinstance(self.split, list) else []

    @property
    def words(self) -> list[list[str]]:
        """The values of the split column that stand for train, val and test, if any are given."""
        given = [self.train, self.val, self.test]
        return given if any(given) else []

    def has_header(self, key: str) -> bool:
        """Whether the file, "nodes" or "edges", begins with the names of its columns."""
        return (
            self.header == "true"
            or self.header == key
            or (key == "features" and self.header != "false")
        )

    def problems(self) -> Iterator[str]:
        """See DatasetConfig."""
        yield from _title_problems(self)
        yield from self._split_problems()
        if self.has_features_file and not re.search(r"\.\w+$", self.features):
            yield (
                f"dataset.features={self.features}: must be one of {', '.join(FEATURES)}, or a "
                "file such as words.csv or x.npz"
            )
        for key in ("edges", "nodes", "label"):
            if not (self.edges_file if key == "edges" else getattr(self, key)):
                yield f"dataset.{key}: must be given, as in dataset.{key}={_EXAMPLES[key]}"
        delimiter = (self.delimiter or ",").replace("\\t", "\t")
        if len(delimiter) != 1 or delimiter in '"\r\n':
            yield (
                f"dataset.delimiter={self.delimiter}: must be one character, as in ';', and no "
                "quotation mark"
            )
        if self.encoding is not None and not _is_encoding(self.encoding):
            yield (
                f"dataset.encoding={self.encoding}: must be a text encoding, such as cp1252, "
                "latin-1 or shift_jis"
            )
        if self.train_fraction + self.val_fraction >= 1:
            yield (
                f"dataset.train_fraction={self.train_fraction} and dataset.val_fraction="
                f"{self.val_fraction}: no nodes are left for testing; their sum must be below 1"
            )

    def _split_problems(self) -> Iterator[str]:
        masks = len(self.masks)
        if self.split is not None and not isinstance(self.split, str) and masks not in (2, 3):
            yield (
                f"dataset.split={self.split}: must be a column, or three for train, val and test, "
                "as in dataset.split=[train_mask,val_mask,test_mask], or two for train and test"
            )
        if self.split is not None and self.time is not None:
            yield (
                f"dataset.split={self.split} and dataset.time={self.time}: give one of them; "
                "dataset.time makes the split itself"
            )
        if not self.words:
            return
        if not isinstance(self.split, str):
            yield (
                "dataset.train, dataset.val and dataset.test are values of the column "
                "dataset.split; name it, as in dataset.split=year"
            )
        for name, words in (("train", self.train), ("test", self.test)):
            if not words:
                yield f"dataset.{name}: must list the values of {name}, as in dataset.{name}=[2024]"
        every = [*self.train, *self.val, *self.test]
        for word in sorted({word for word in every if every.count(word) > 1}):
            yield f"dataset.train, dataset.val and dataset.test: {word!r} must be in one of them"


@dataclass
class InMemoryConfig(DatasetConfig):
    """A torch-geometric `Data` in memory, for `glt_cli.find_ticket`."""

    #: What happens to the input features before training.
    transform: str = one_of("none", "row_normalise", "standardise")
    #: Its name in records and tables.
    title: str = "data"
    #: What is predicted.
    task: str = one_of("node classification", "multi-label node classification")
    #: What is scored.
    metric: str = one_of(*CLASS_METRICS)

    @property
    def shown(self) -> str:
        """See DatasetConfig."""
        return self.title

    def problems(self) -> Iterator[str]:
        """See DatasetConfig."""
        yield from _title_problems(self)


def _title_problems(config: FilesConfig | InMemoryConfig) -> Iterator[str]:
    """Yield what is wrong with a title, which becomes part of a folder's name."""
    title = config.title
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,60}", title) or title.strip(".") == "":
        yield f"dataset.title={title}: must be at most 60 letters, digits and ._-"
    elif title in DATASETS and title != config.name:
        yield f"dataset.title={title}: is the name of a known data set; choose another"


def holds_edges(nodes: str) -> bool:
    """Whether a file of nodes is of a kind that holds edges as well, or may do so."""
    return nodes.lower().endswith((*GRAPH_FILES, ".npz"))


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


_EXAMPLES = {"edges": "edges.csv", "nodes": "nodes.csv", "label": "churned"}

#: Schema of each data set, in the order of the catalogue (glt_cli/data/catalog.py).
DATASETS: Registry[type[DatasetConfig]] = Registry(
    "data set",
    {
        "cora": DatasetConfig,
        "citeseer": DatasetConfig,
        "pubmed": DatasetConfig,
        "files": FilesConfig,
        "amazon_computers": DatasetConfig,
        "amazon_photo": DatasetConfig,
        "coauthor_cs": DatasetConfig,
        "coauthor_physics": DatasetConfig,
        "ogbn_arxiv": DatasetConfig,
        "ogbn_proteins": DatasetConfig,
        "ogbl_collab": CollabConfig,
        "tolokers": DatasetConfig,
        "pcg": DatasetConfig,
        "humango": DatasetConfig,
        "blogcatalog": FeaturelessConfig,
        "ca_astroph": LinkConfig,
        "drugbank_ddi": LinkConfig,
        "synthetic": SyntheticConfig,
        "synthetic_arxiv_size": SyntheticConfig,
        "synthetic_quarter_proteins_size": SyntheticConfig,
    },
)


def schema(name: str) -> type[DatasetConfig]:
    """Return the schema of a data set; the plain one for an unknown name."""
    # A graph in memory has no entry in the catalogue: the command line can't ask for it.
    return InMemoryConfig if name == "in_memory" else DATASETS.get(name, DatasetConfig)


def default(name: str, **settings: Any) -> DatasetConfig:
    """Return the settings of a data set: its schema's defaults, changed by ``settings``."""
    return schema(name)(name=name, **settings)
