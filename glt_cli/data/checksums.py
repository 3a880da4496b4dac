"""SHA-256 of what data sets are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def of_bytes(content: bytes) -> str:
    """Digest of a file's content that is in memory already."""
    return hashlib.sha256(content).hexdigest()


def of_file(path: Path) -> str:
    """Digest of a file that may be large."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def of_pins(pins: Mapping[str, str]) -> str:
    """Digest of a set of files, from their names and digests alone."""
    lines = (f"{pins[name]}  {name}\n" for name in sorted(pins))
    return of_bytes("".join(lines).encode())


def of_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Digest of named arrays: name, dtype, shape and bytes of each, in the names' order.

    An archive's own bytes would not do: they change with the zlib that wrote it.
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes(order="C"))
    return digest.hexdigest()
