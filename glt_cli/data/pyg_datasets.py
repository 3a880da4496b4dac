"""Amazon and Coauthor: one raw npz file each, as torch-geometric keeps them.

The files contain no pickles, so the two files whose digest isn't known (their catalogue entries
have no checksum) can be opened safely; their counts must be the published ones.

There is no public split. The split is part of the data and doesn't depend on the run's seed: in a
permutation of each class by `numpy.random.default_rng(0)`, the first 20 nodes are for training, the
next 30 for validation and all others for testing, after Shchur et al., Pitfalls of Graph Neural
Network Evaluation, 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data import archives, checksums, sources
from glt_cli.data.catalog import entry
from glt_cli.data.dataset_files import DatasetFiles, Download, FileLoader
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse
    from numpy.typing import NDArray

TRAIN_PER_CLASS = 20
VAL_PER_CLASS = 30

#: The arrays of a file: two CSR matrices in parts, and the class of each node.
ARRAYS = (
    *(f"{matrix}_{part}" for matrix in ("adj", "attr") for part in ("data", "indices", "indptr")),
    "adj_shape",
    "attr_shape",
    "labels",
)


@dataclass(frozen=True)
class RawFile:
    """Where torch-geometric keeps a data set: ``<family>/<title>/raw/<file>``."""

    family: str
    title: str
    file: str

    @property
    def folder(self) -> str:
        """The folder below a root of both families."""
        return f"{self.family}/{self.title}/raw"


RAW_FILES = {
    "amazon_computers": RawFile("Amazon", "Computers", "amazon_electronics_computers.npz"),
    "amazon_photo": RawFile("Amazon", "Photo", "amazon_electronics_photo.npz"),
    "coauthor_cs": RawFile("Coauthor", "CS", "ms_academic_cs.npz"),
    "coauthor_physics": RawFile("Coauthor", "Physics", "ms_academic_phy.npz"),
}


@dataclass(frozen=True)
class _Content:
    """The content of a file: binary x [N, F], the stored adjacency matrix [N, N], and y [N]."""

    x: scipy.sparse.csr_array
    adjacency: scipy.sparse.csr_array
    y: NDArray[np.int64]


def dataset_files(config: DatasetConfig) -> DatasetFiles:
    """Describe the raw file of a data set."""
    raw, known = RAW_FILES[config.name], entry(config.name)
    return DatasetFiles(
        title=known.title,
        collection="pyg_raw",
        folder=raw.folder,
        names=(raw.file,),
        sha256={raw.file: known.checksum} if known.checksum else {},
        contents=f"an npz file with {archives.contents(ARRAYS)}",
        downloads=(Download("torch-geometric's download", partial(_from_torch_geometric, raw)),),
        check=partial(_read, config),
    )


def parse(config: DatasetConfig, folder: Path) -> NodeData:
    """Read the file: bags of words as 0 and 1, like torch-geometric's, and the stored edges."""
    import numpy as np

    found = _read(config, folder)
    num_classes = int(found.y.max()) + 1
    train, val, test = class_split(found.y, num_classes)
    adjacency = found.adjacency.tocoo()
    return NodeData(
        num_nodes=len(found.y),
        x=found.x,
        edges=np.stack([adjacency.row, adjacency.col]).astype(np.int64),
        y=found.y,
        train=train,
        val=val,
        test=test,
        num_classes=num_classes,
    )


_loader = FileLoader(dataset_files, parse)
is_present, prepare, load = _loader.is_present, _loader.prepare, _loader.load


def checksum(config: DatasetConfig, root: Path | None) -> str:
    """Return the digest of the arrays, for a data set without a checksum in the catalogue.

    Raises:
        UserError: The file isn't on this machine (it isn't downloaded for this) or is damaged.
    """
    return checksums.of_arrays(_arrays(config, _loader.present_folder(config, root)))


def class_split(
    y: NDArray[np.int64], num_classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Draw the fixed split that the module's docstring describes.

    The nodes of a class with fewer than 50 nodes go to training first, then to validation.

    Returns:
        The nodes of the train, validation and test sets: int64, ascending.
    """
    import numpy as np

    generator = np.random.default_rng(0)
    parts: tuple[list[NDArray[np.int64]], ...] = ([], [], [])
    for label in range(num_classes):
        members = generator.permutation(np.flatnonzero(y == label))
        cuts = [TRAIN_PER_CLASS, TRAIN_PER_CLASS + VAL_PER_CLASS]
        for part, nodes in zip(parts, np.split(members, cuts), strict=True):
            part.append(nodes)
    train, val, test = (np.sort(np.concatenate(part)) for part in parts)
    return train, val, test


def _arrays(config: DatasetConfig, folder: Path) -> dict[str, NDArray[Any]]:
    """Read the arrays of the file, after comparing its digest if that is known."""
    file = RAW_FILES[config.name].file
    return archives.unpack(folder / file, dataset_files(config).read(folder)[file], ARRAYS)


def _read(config: DatasetConfig, folder: Path) -> _Content:
    """Read and verify the file; UserError if it isn't the published one."""
    import numpy as np
    import scipy.sparse

    known, path = entry(config.name), folder / RAW_FILES[config.name].file
    stored = _arrays(config, folder)

    def matrix(part: str) -> Any:
        parts = tuple(stored[f"{part}_{piece}"] for piece in ("data", "indices", "indptr"))
        built = scipy.sparse.csr_array(parts, shape=tuple(stored[f"{part}_shape"].tolist()))
        built.check_format(full_check=True)
        return built

    try:
        words, adjacency = matrix("attr"), matrix("adj")
        words.sum_duplicates()
        x = scipy.sparse.csr_array(words > 0, dtype=np.float32)
        x.sort_indices()
        y = stored["labels"].astype(np.int64)
        if not np.array_equal(np.unique(y), np.arange(y.max() + 1)):
            raise ValueError("its classes are not numbered from 0 without gaps")
        counts = (*x.shape, *adjacency.shape, *y.shape, _undirected(adjacency), int(y.max()) + 1)
    except (ValueError, TypeError, IndexError) as error:
        raise UserError(
            f"{path} is damaged: {error}. Replace it, or remove it to have it downloaded again."
        ) from error
    nodes = known.nodes
    if counts != (nodes, known.features, nodes, nodes, nodes, known.edges, known.classes):
        raise UserError(
            f"{path} is not {known.title}: that has {nodes} nodes, {known.edges} edges, "
            f"{known.features} features and {known.classes} classes; this file has {counts[0]}, "
            f"{counts[5]}, {counts[1]} and {counts[6]}. Replace it, or remove it to have it "
            "downloaded again."
        )
    return _Content(x, adjacency, y)


def _undirected(adjacency: Any) -> int:
    """Count the undirected edges, without self-loops."""
    import scipy.sparse

    return int(scipy.sparse.triu(adjacency + adjacency.T, k=1).nnz)


def _from_torch_geometric(raw: RawFile, temporary: Path) -> Path:
    files = temporary / "raw"
    files.mkdir()
    url = sources.torch_geometric_url(raw.family)  # ends with a slash
    sources.download(url + raw.file, files / raw.file)
    return files
