"""CSV and similar files, read as text: '007' stays '007' until a column is known to be numbers."""

from __future__ import annotations

import csv
import gzip
import io
import re
import warnings
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from glt_cli.data.files.tabular import check_names
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

#: Common delimiters; the space is last because names contain spaces too.
_COMMON_DELIMITERS = (";", "\t", "|", ",", " ")
_SAMPLE = 1 << 16


def read(path: Path, name: str, delimiter: str | None) -> pd.DataFrame:
    """Read all columns as text, [rows, columns]; blank lines leave gaps in the index.

    Raises:
        UserError: It isn't UTF-8 text or isn't a table with this delimiter.
    """
    try:
        return _read(path, name, _separator(path, delimiter))
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name}, line {_undecodable(path)}: is not UTF-8; save the file as 'CSV UTF-8'."
        ) from error
    except (OSError, EOFError, zlib.error, csv.Error, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{name}: can't be read as text ({reason}); save it as CSV.") from error


def _read(path: Path, name: str, separator: str) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    header = _header(path, name, separator)
    try:
        with warnings.catch_warnings():
            # pandas only warns if the first row has more fields than the header.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                path,
                sep=separator,
                dtype=str,
                keep_default_na=False,
                na_filter=False,
                skip_blank_lines=False,
                index_col=False,
                encoding="utf-8-sig",
                compression="gzip" if _is_compressed(path) else None,
                engine="c",
            )
    except pd.errors.ParserWarning:
        raise _too_long(name, 2) from None
    except pd.errors.ParserError as error:
        if found := re.search(r"Expected \d+ fields in line (\d+)", str(error)):
            raise _too_long(name, int(found[1])) from error
        if found := re.search(r"EOF inside string starting at row (\d+)", str(error)):
            raise UserError(
                f"{name}, line {int(found[1]) + 1}: a quotation mark opens here but is "
                "never closed; close it or remove it."
            ) from error
        raise
    frame.columns = pd.Index(header)
    if (frame[header[-1]] == "").any():
        _refuse_short_rows(path, name, separator, len(header))
    blank = np.array(frame[header[0]] == "")
    if blank.any():
        blank[blank] = (frame[blank] == "").all(axis=1)
        frame = frame[~blank]
    return frame


def _too_long(name: str, line: int) -> UserError:
    return UserError(
        f"{name}, line {line}: has more cells than line 1 has column names; put a cell that "
        "contains the delimiter in quotation marks."
    )


def _refuse_short_rows(path: Path, name: str, separator: str, columns: int) -> None:
    """Raise UserError for a row with too few cells, which pandas fills with empty ones."""
    with _opened(path) as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        rows = csv.reader(text, delimiter=separator)
        for row in rows:
            if 0 < len(row) < columns and any(row):
                raise UserError(
                    f"{name}, line {rows.line_num}: has {len(row)} cells, but line 1 has {columns} "
                    "column names; leave unknown cells empty, but keep their delimiters."
                )


def _header(path: Path, name: str, separator: str) -> list[str]:
    """Return the column names; UserError for files that pandas would misread."""
    with _opened(path) as stream:
        sample = stream.read(_SAMPLE)
    if not sample:
        raise UserError(f"{name}: is empty; the first line must be the column names.")
    if b"\0" in sample:
        raise UserError(f"{name}: is not UTF-8 text; save it as 'CSV UTF-8'.")
    with _opened(path) as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        header = next(csv.reader(text, delimiter=separator), [])
    if not "".join(header).strip():
        raise UserError(f"{name}, line 1: is blank; the first line must be the column names.")
    if len(header) == 1:
        for other in _COMMON_DELIMITERS:
            if other != separator and other in header[0].strip():
                written = other.replace("\t", "\\t")
                raise UserError(
                    f"{name}, line 1: has only one column, {header[0]!r}; the delimiter "
                    f"seems to be '{written}': set dataset.delimiter='\"{written}\"'."
                )
    check_names(name, header)
    return header


def _separator(path: Path, delimiter: str | None) -> str:
    if delimiter is not None:
        return delimiter.replace("\\t", "\t")  # as it comes from a shell and Hydra
    plain = path.name.lower().removesuffix(".gz")
    return "," if plain.endswith(".csv") else "\t"


def _is_compressed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if _is_compressed(path) else path.open("rb")


def _undecodable(path: Path) -> int:
    """Return the number of the first line that isn't UTF-8, from 1."""
    with _opened(path) as stream:
        for line, content in enumerate(stream, start=1):
            try:
                content.decode()
            except UnicodeDecodeError:
                return line
    return 1  # an incomplete character at the end of the data
