"""Archives of arrays (npz): found, verified and unpacked, never unpickled."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.data import checksums
from glt_cli.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def first_file(paths: Iterable[Path]) -> Path | None:
    """Return the first of the paths that is a file; UserError where one may not be looked at."""
    for path in paths:
        try:
            if path.is_file():
                return path
        except OSError as error:
            raise UserError(f"{path} can't be read: {error.strerror or error}.") from error
    return None


def read(path: Path, needed: Sequence[str], sha256: str | None = None) -> dict[str, NDArray[Any]]:
    """Return the needed arrays of an archive.

    The bytes that are verified are the very bytes that are unpacked.

    Args:
        path: The archive.
        needed: Names of arrays; others are left alone.
        sha256: Digest that the file must have; None where no such thing is known.

    Raises:
        UserError: The file can't be read, is another one, is damaged or lacks an array.
    """
    import numpy as np

    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror or error}.") from error
    found = checksums.of_bytes(content)
    if sha256 not in (None, found):
        raise UserError(
            f"{path} is not the file that glt knows by this name, or is damaged: its "
            f"{len(content)} bytes have SHA-256 {found[:12]}…, not {sha256[:12]}…. "
            f"Known is an npz file with the arrays {', '.join(needed)}."
        )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in needed}
    except Exception as error:  # whatever damage makes zipfile, zlib and numpy raise
        raise UserError(
            f"{path} is damaged, or no npz file with the arrays {', '.join(needed)}: {error}."
        ) from error
