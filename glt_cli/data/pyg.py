"""Amazon and Coauthor, one raw npz file each, as torch-geometric keeps them.

Looked for in the data root, then in our cache, then fetched from where torch-geometric fetches.
The files hold no pickles, so the two whose digest isn't known here (catalog entries without a
checksum) are opened all the same, and then held to the published counts.

There is no public split. Ours is part of the data, whatever the run's seed: of each class, in a
permutation by `numpy.random.default_rng(0)`, the first 20 nodes train, the next 30 validate and
all others test, after Shchur et al., Pitfalls of Graph Neural Network Evaluation, 2018.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data import archives, checksums, sources
from glt_cli.data.catalog import entry
from glt_cli.data.folders import ROOT_VARIABLE, cache_root
from glt_cli.data.forms import NodeData
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse
    from numpy.typing import NDArray

TRAIN_PER_CLASS = 20
VAL_PER_CLASS = 30

#: What a file must hold: two CSR matrices in parts, and a class for each node.
ARRAYS = (
    *(f"{matrix}_{part}" for matrix in ("adj", "attr") for part in ("data", "indices", "indptr")),
    "adj_shape",
    "attr_shape",
    "labels",
)


@dataclass(frozen=True)
class RawFile:
    """Where torch-geometric keeps a set: ``<family>/<title>/raw/<file>``."""

    family: str
    title: str
    file: str

    @property
    def below(self) -> Path:
        """Its path below a root of both families."""
        return Path(self.family, self.title, "raw", self.file)


RAW_FILES = {
    "amazon_computers": RawFile("Amazon", "Computers", "amazon_electronics_computers.npz"),
    "amazon_photo": RawFile("Amazon", "Photo", "amazon_electronics_photo.npz"),
    "coauthor_cs": RawFile("Coauthor", "CS", "ms_academic_cs.npz"),
    "coauthor_physics": RawFile("Coauthor", "Physics", "ms_academic_phy.npz"),
}


@dataclass(frozen=True)
class _Read:
    """A verified file's content: x [N, F] binary, adjacency [N, N] as stored, y [N]."""

    x: scipy.sparse.csr_array
    adjacency: scipy.sparse.csr_array
    y: NDArray[np.int64]


def is_present(config: DatasetConfig, root: Path | None) -> str | None:
    """Return the file's path; its content isn't looked at."""
    path = archives.first_file(_places(config.name, root))
    return str(path) if path else None


def prepare(config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
    """Return the verified file's path; fetches it into the cache if it is nowhere.

    A file that is present but isn't the published one is a UserError and never passed over.
    """
    path = archives.first_file(_places(config.name, root)) or _fetch(config.name, root, say)
    _read(config.name, path)
    return str(path)


def load(config: DatasetConfig, root: Path | None) -> NodeData:
    """Read the file: binary bag of words as torch-geometric makes it, edges as stored."""
    import numpy as np

    found = _read(config.name, _present_or_fetched(config.name, root))
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


def checksum(config: DatasetConfig, root: Path | None) -> str:
    """Digest the arrays of a set whose file the catalog has no digest of.

    UserError where the file isn't on this machine: nothing is fetched for a digest's sake.
    """
    path = archives.first_file(_places(config.name, root))
    if path is None:
        raise UserError(
            f"{entry(config.name).title} is not on this machine: glt datasets prepare {config.name}"
        )
    return checksums.of_arrays(archives.read(path, ARRAYS))


def class_split(
    y: NDArray[np.int64], num_classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Draw the fixed split that the module's first lines describe; three ascending int64 arrays.

    A class of fewer than 50 nodes fills training first, then validation.
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


def _places(name: str, root: Path | None) -> list[Path]:
    """List the paths to look at: both layouts of the data root, then the cache."""
    below = RAW_FILES[name].below
    in_root = [] if root is None else [root / "pyg_raw" / below, root / below]
    return [*in_root, _in_cache(name)]


def _in_cache(name: str) -> Path:
    return cache_root() / "pyg_raw" / RAW_FILES[name].below


def _present_or_fetched(name: str, root: Path | None) -> Path:
    return archives.first_file(_places(name, root)) or _fetch(name, root, lambda message: None)


def _read(name: str, path: Path) -> _Read:
    """Read and verify a file; UserError where it isn't the published one."""
    import numpy as np
    import scipy.sparse

    known = entry(name)
    stored = archives.read(path, ARRAYS, known.checksum)

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
        raise UserError(f"{path} is damaged: {error}. Replace it, or remove it.") from error
    nodes = known.nodes
    if counts != (nodes, known.features, nodes, nodes, nodes, known.edges, known.classes):
        raise UserError(
            f"{path} is not {known.title}: that has {nodes} nodes, {known.edges} edges, "
            f"{known.features} features and {known.classes} classes; this file has {counts[0]}, "
            f"{counts[5]}, {counts[1]} and {counts[6]}. Replace it, or remove it."
        )
    return _Read(x, adjacency, y)


def _undirected(adjacency: Any) -> int:
    """Count pairs of different nodes that an edge joins, in whichever direction."""
    import scipy.sparse

    return int(scipy.sparse.triu(adjacency + adjacency.T, k=1).nnz)


def _fetch(name: str, root: Path | None, say: Callable[[str], None]) -> Path:
    """Download the file into the cache, whole and verified or not at all."""
    raw, destination, title = RAW_FILES[name], _in_cache(name), entry(name).title
    say(f"Fetching {title} by torch-geometric's download")
    try:
        with sources.staging(destination.parent) as folder:
            fetched = folder / raw.file
            sources.download(_upstream_url(raw.family) + raw.file, fetched)
            _read(name, fetched)
            fetched.replace(destination)
    except sources.SourceError as error:
        reason = str(error)
    except UserError:
        reason = "what came is not the published data"
    except OSError as error:
        reason = f"{destination.parent} can't be written ({error.strerror or error})"
    else:
        say(f"{title} is in {destination}")
        return destination
    seen = f"not in the data root {root}" if root else f"no data root is set ({ROOT_VARIABLE})"
    raise UserError(
        f"{title} is not on this machine ({seen}) and could not be fetched: {reason}. Put "
        f"{raw.file} into pyg_raw/{raw.below.parent} under a folder of yours and name that folder "
        f"as data_root or in {ROOT_VARIABLE}, or put it into {destination.parent}."
    )


def _upstream_url(family: str) -> str:
    """Ask torch-geometric where it downloads from; ends with a slash."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_geometric import datasets
    return str(getattr(datasets, family).url)
