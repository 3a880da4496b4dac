"""npz archives of data sets, read without unpickling anything."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def unpack(path: Path, content: bytes, needed: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the needed arrays of an npz archive.

    Args:
        path: The file's path, for error messages; the file isn't opened.
        content: The file's bytes, verified before if their digest is known.
        needed: Names of arrays; others aren't read.

    Raises:
        UserError: The archive is damaged or has no such arrays.
    """
    import numpy as np

    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in needed}
    except Exception as error:  # zipfile, zlib and numpy raise errors of many types
        raise UserError(
            f"{path} is damaged, or is not an npz file with {contents(needed)}: {error}."
        ) from error


def contents(needed: Sequence[str]) -> str:
    """Describe the arrays of a file for messages: "the arrays x, y", or "the array edges"."""
    return f"the array{'s' if len(needed) > 1 else ''} {', '.join(needed)}"
