"""SHA-256 digests of files, arrays and graphs, as hexadecimal text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glt_cli.data.graph_data import GraphData

#: The arrays of a CSR array.
_CSR = ("data", "indices", "indptr")


def of_bytes(content: bytes) -> str:
    """Return the digest of bytes in memory."""
    return hashlib.sha256(content).hexdigest()


def of_file(path: Path) -> str:
    """Return the digest of a file of any size; OSError if it can't be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def of_pins(pins: Mapping[str, str]) -> str:
    """Return the digest of a set of files, from their digests by name."""
    lines = (f"{pins[name]}  {name}\n" for name in sorted(pins))
    return of_bytes("".join(lines).encode())


def of_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the digest of named arrays: name, dtype, shape and bytes of each, sorted by name.

    The digest of an archive wouldn't do, because its bytes depend on the version of zlib.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes(order="C"))
    return digest.hexdigest()


def of_graph(data: GraphData) -> str:
    """Return the digest of everything in a graph but its `preparation` and `report`."""
    import numpy as np
    import scipy.sparse

    arrays: dict[str, NDArray[Any]] = {}
    for item in fields(data):
        value = getattr(data, item.name)
        if item.name in ("preparation", "report") or value is None:
            continue
        if scipy.sparse.issparse(value):
            csr = value.tocsr()
            arrays |= {f"{item.name}.{part}": getattr(csr, part) for part in _CSR}
            arrays[f"{item.name}.shape"] = np.array(csr.shape)
        else:
            arrays[item.name] = np.asarray(value)
    return of_arrays(arrays)
