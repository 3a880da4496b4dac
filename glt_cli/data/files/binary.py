"""Parquet and npz files as tables, whose cells have types."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Names of the columns made from the arrays `edges` and `weights` of an npz file.
SOURCE, TARGET, WEIGHTS = "source", "target", "weights"


def parquet(path: Path, name: str) -> pd.DataFrame:
    """Read a Parquet file; an index with a name becomes a column."""
    import pandas as pd

    try:
        # Whole numbers with a null would become floats, which round large ids.
        frame = pd.read_parquet(path, dtype_backend="numpy_nullable")
    except ImportError as error:
        raise UserError(
            f"{name}: Parquet files need pyarrow: pip install 'glt-cli[parquet]', or save the "
            "file as CSV."
        ) from error
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        raise _unreadable(name, "a Parquet file", error) from error
    named = [level for level in frame.index.names if level is not None]
    frame = frame.reset_index(level=named) if named else frame
    frame.columns = pd.Index([str(column) for column in frame.columns])
    frame = frame.reset_index(drop=True)
    for column in frame.columns:
        frame[column] = _plain(name, str(column), frame[column])
    return frame


def _plain(name: str, column: str, values: pd.Series) -> pd.Series:
    """Floats with nan as the only missing value, and bytes as the text that they are."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_float_dtype(values.dtype):
        return pd.Series(values.to_numpy(dtype=np.float64, na_value=np.nan))
    if pd.api.types.infer_dtype(values, skipna=True) != "bytes":
        return values
    try:
        return values.map(bytes.decode, na_action="ignore")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name}, column {column!r}: holds bytes that are not UTF-8 text; save it as text or "
            "numbers."
        ) from error


def npz(path: Path, name: str, key: str) -> pd.DataFrame:
    """Read an npz file.

    Args:
        path: The file.
        name: The path as the user gave it.
        key: "edges" for a file with the array `edges` and perhaps `weights`; otherwise each array
            is a column of the nodes.
    """
    arrays = plain_arrays(path, name)
    for array_name, array in arrays.items():
        if array.dtype.kind not in "biufUM":
            raise UserError(
                f"{name}, array {array_name!r}: has dtype {array.dtype}; save numbers, "
                "booleans or text (.astype(str))."
            )
    return _edges(name, arrays) if key == "edges" else _nodes(name, arrays)


def plain_arrays(path: Path, name: str) -> dict[str, NDArray[Any]]:
    """Read the arrays of an npz file; UserError if it is damaged, or holds pickled objects."""
    import numpy as np

    try:
        # Opened here because numpy doesn't close a file that isn't an archive.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, TypeError, RuntimeError) as error:
        # zipfile raises RuntimeError for encrypted archives and unknown compression.
        raise _unreadable(name, "an npz file", error) from error
    except (MemoryError, OverflowError, SyntaxError, tokenize.TokenError) as error:
        wrong = ValueError("an array's header is damaged")
        raise _unreadable(name, "an npz file", wrong) from error
    except ValueError as error:  # what numpy raises for arrays that are pickled
        raise UserError(
            f"{name}: can't be read as plain arrays; save text with .astype(str), and numbers "
            "with a numeric dtype (np.savez, no objects)."
        ) from error


def _edges(name: str, arrays: dict[str, NDArray[Any]]) -> pd.DataFrame:
    import pandas as pd

    pairs = arrays.get("edges")
    if pairs is None or pairs.ndim != 2 or 2 not in pairs.shape:
        shape = "is missing" if pairs is None else f"has shape {list(pairs.shape)}"
        raise UserError(f"{name}: array 'edges' {shape}; it must be [2, M] or [M, 2].")
    if pairs.shape[0] != 2:
        pairs = pairs.T
    columns = {SOURCE: pairs[0], TARGET: pairs[1]}
    if WEIGHTS in arrays:
        columns[WEIGHTS] = _column(name, WEIGHTS, arrays[WEIGHTS], len(pairs[0]))
    return pd.DataFrame(columns)


def _nodes(name: str, arrays: dict[str, NDArray[Any]]) -> pd.DataFrame:
    """Make columns in the archive's order; `x` [N, F] becomes x0, x1 and so on at the end."""
    import pandas as pd

    wide = arrays.pop("x") if "x" in arrays and arrays["x"].ndim == 2 else None
    if not arrays:
        raise UserError(f"{name}: has no array of node ids; save one, as in np.savez(id=ids, ...).")
    rows = len(next(iter(arrays.values())).reshape(-1))
    columns = {key: _column(name, key, array, rows) for key, array in arrays.items()}
    frame = pd.DataFrame(columns)
    if wide is None:
        return frame
    if len(wide) != rows:
        raise UserError(
            f"{name}: array 'x' has {len(wide)} rows, but the others have {rows}; "
            "they must be equal."
        )
    return pd.concat([frame, pd.DataFrame(wide).add_prefix("x")], axis=1)


def _column(name: str, key: str, array: NDArray[Any], rows: int) -> NDArray[Any]:
    if array.ndim != 1 or len(array) != rows:
        raise UserError(
            f"{name}: array {key!r} has shape {list(array.shape)}; a column has shape [{rows}] "
            "(only 'x' may have two dimensions)."
        )
    return array


def _unreadable(name: str, kind: str, error: Exception) -> UserError:
    reason = " ".join(str(error).split())[:120]
    return UserError(f"{name}: can't be read as {kind} ({reason}); save it again.")
