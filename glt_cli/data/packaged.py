"""Cora, which is part of the package, so a first run needs no network.

`scripts/build_cora.py` makes the file, about 0.1 MB of compressed arrays in the smallest integer
types:

    x_indices [nnz], x_indptr [N + 1]   the binary feature matrix in CSR form (all values are 1)
    x_columns []                        the number of features
    edges [2, E]                        each undirected edge once, smaller node first
    y [N]; train, val, test             classes; node indices of the public split
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data import checksums
from glt_cli.data.catalog import entry
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PLACE = "in the package"


def is_present(config: DatasetConfig, root: Path | None) -> str | None:
    """Return "in the package" if the file is there; ``root`` isn't used."""
    return PLACE if (resources.files("glt_cli.data") / f"{config.name}.npz").is_file() else None


def prepare(config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
    """Verify the file; UserError if the installation is damaged."""
    stored_arrays(config.name)
    return PLACE


def load(config: DatasetConfig, root: Path | None) -> NodeData:
    """Return the same data as torch-geometric's Planetoid data set."""
    import numpy as np
    import scipy.sparse

    stored = stored_arrays(config.name)
    indices = stored["x_indices"].astype(np.int32)
    indptr = stored["x_indptr"].astype(np.int32)
    x = scipy.sparse.csr_array(
        (np.ones(len(indices), dtype=np.float32), indices, indptr),
        shape=(len(indptr) - 1, int(stored["x_columns"])),
    )
    y = stored["y"].astype(np.int64)
    return NodeData(
        num_nodes=x.shape[0],
        x=x,
        edges=_both_directions(stored["edges"].astype(np.int64)),
        y=y,
        train=stored["train"].astype(np.int64),
        val=stored["val"].astype(np.int64),
        test=stored["test"].astype(np.int64),
        num_classes=int(y.max()) + 1,
    )


def stored_arrays(name: str) -> dict[str, NDArray[Any]]:
    """Read the file and compare it with the catalogue's checksum; UserError if it is damaged."""
    import numpy as np

    try:
        with (
            (resources.files("glt_cli.data") / f"{name}.npz").open("rb") as stream,
            np.load(stream, allow_pickle=False) as archive,
        ):
            arrays = dict(archive)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(
            f"{name}.npz in the glt package can't be read ({error}); reinstall glt."
        ) from error
    if checksums.of_arrays(arrays) != entry(name).checksum:
        raise UserError(f"{name}.npz in the glt package is not the published data; reinstall glt.")
    return arrays


def _both_directions(edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return both directions of each edge, sorted by target, then source, like torch-geometric."""
    import numpy as np

    both = np.concatenate([edges, edges[::-1]], axis=1)
    return both[:, np.lexsort((both[0], both[1]))]
