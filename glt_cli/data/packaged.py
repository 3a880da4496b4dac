"""Data sets that travel inside the package: Cora, so that a first run needs no network.

`scripts/build_cora.py` makes the file. It stores what can't be derived, in the smallest integer
types, and deflates to about a tenth of a megabyte:

x_indices [nnz], x_indptr [N + 1]   the binary feature matrix in CSR form (all values are 1)
x_columns []                        the number of features
edges [2, E]                        each undirected edge once, smaller node first
y [N]; train, val, test             labels; node indices of the public split
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
    """Tell whether the package has its file; ``root`` plays no part."""
    return PLACE if (resources.files("glt_cli.data") / f"{config.name}.npz").is_file() else None


def prepare(config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
    """Verify the file; UserError where the installation is damaged."""
    stored_arrays(config.name)
    return PLACE


def load(config: DatasetConfig, root: Path | None) -> NodeData:
    """Unfold the stored arrays into the tensors that torch-geometric's Planetoid gives."""
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
    """Read the package's file and compare it with the catalog's checksum."""
    import numpy as np

    try:
        with (
            (resources.files("glt_cli.data") / f"{name}.npz").open("rb") as stream,
            np.load(stream, allow_pickle=False) as archive,
        ):
            arrays = dict(archive)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(
            f"The package's own {name}.npz can't be read ({error}): install glt again."
        ) from error
    if checksums.of_arrays(arrays) != entry(name).checksum:
        raise UserError(
            f"The package's own {name}.npz is not the published data: install glt again."
        )
    return arrays


def _both_directions(once: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each edge both ways, ordered by target and then source, as torch-geometric does."""
    import numpy as np

    both = np.concatenate([once, once[::-1]], axis=1)
    return both[:, np.lexsort((both[0], both[1]))]
