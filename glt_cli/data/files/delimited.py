"""CSV and similar files, read as text: '007' stays '007' until a column is known to be numbers."""

from __future__ import annotations

import csv
import gzip
import io
import re
import warnings
import zlib
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import IO, cast

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.encodings import encoding_of
from glt_cli.data.files.tabular import Table, check_names, listed
from glt_cli.errors import UserError
from glt_cli.terminal import plural

#: Common delimiters; the space is last because names contain spaces too.
_COMMON_DELIMITERS = (";", "\t", "|", ",", " ")
_SAMPLE = 1 << 16


@dataclass(frozen=True)
class _Source:
    """A text file: where it is, its path as the user gave it, and how its bytes are text."""

    path: Path
    name: str
    encoding: str

    @property
    def is_compressed(self) -> bool:
        return self.path.name.lower().endswith(".gz")

    def opened(self) -> IO[bytes]:
        return cast(IO[bytes], gzip.open(self.path)) if self.is_compressed else self.path.open("rb")

    def text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(self.opened(), self.encoding, newline="")


@dataclass(frozen=True)
class _Layout:
    """How a file begins.

    Attributes:
        names: The names of the columns.
        separator: What separates cells.
        comments: Lines before the rows and their header, which begin with # or %.
        header: Whether a line with the names follows them; otherwise the last comment has them, or
            columns are numbered.
        report: What the comments were taken for.
    """

    names: list[str]
    separator: str
    comments: int
    header: bool
    report: tuple[str, ...]


def read(path: Path, name: str, config: FilesConfig, has_header: bool) -> Table:
    """Read all columns as text; blank lines leave gaps in the index.

    Args:
        path: The file.
        name: The path as the user gave it.
        config: The settings; `delimiter` and `encoding` say what each file may say itself.
        has_header: Whether the first line, after comments, holds the names of the columns.

    Raises:
        UserError: It isn't text in this encoding, or isn't a table.
    """
    try:
        source, remark = _source(path, name, config.encoding)
        table = _read(source, _suffix_separator(path, config.delimiter), has_header)
        return replace(table, report=(*remark, *table.report))
    except (OSError, EOFError, zlib.error, csv.Error, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{name}: can't be read as text ({reason}); save it as CSV.") from error


def _source(path: Path, name: str, given: str | None) -> tuple[_Source, list[str]]:
    """Find out how a file's bytes are text, and what to say of it."""
    source = _Source(path, name, "utf-8-sig")
    with source.opened() as stream:
        encoding = encoding_of(stream, name, given)
    remark = [] if encoding == source.encoding else [f"{name}: its text is read as {encoding}"]
    return replace(source, encoding=encoding), remark


def _read(source: _Source, separator: str, has_header: bool) -> Table:
    import numpy as np
    import pandas as pd

    name = source.name
    layout = _layout(source, separator, has_header)
    try:
        with warnings.catch_warnings():
            # pandas only warns if the first row has more fields than the header.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                source.path,
                sep=layout.separator,
                dtype=str,
                keep_default_na=False,
                na_filter=False,
                skip_blank_lines=False,
                skiprows=layout.comments,
                header=0 if layout.header else None,
                index_col=False,
                encoding=source.encoding,
                compression="gzip" if source.is_compressed else None,
                engine="c",
            )
    except pd.errors.ParserWarning:
        raise _too_long(name, layout.comments + 2) from None
    except pd.errors.EmptyDataError:
        frame = pd.DataFrame(columns=layout.names, dtype=str)
    except pd.errors.ParserError as error:
        if found := re.search(r"Expected \d+ fields in line (\d+)", str(error)):
            raise _too_long(name, int(found[1])) from error
        if found := re.search(r"EOF inside string starting at row (\d+)", str(error)):
            raise UserError(
                f"{name}, line {int(found[1]) + 1 + layout.comments}: a quotation mark opens here "
                "but is never closed; close it or remove it."
            ) from error
        raise
    first_line = 1 + layout.comments + layout.header
    if len(frame.columns) != len(layout.names):  # of a comment with the names, or no names at all
        raise _too_long(name, first_line)
    frame.columns = pd.Index(layout.names)
    if (frame[layout.names[-1]] == "").any():
        _refuse_short_rows(source, layout)
    blank = np.array(frame[layout.names[0]] == "")
    if blank.any():
        blank[blank] = (frame[blank] == "").all(axis=1)
        frame = frame[~blank]
    return Table(name, frame, text=True, first_line=first_line, report=layout.report)


def _too_long(name: str, line: int) -> UserError:
    return UserError(
        f"{name}, line {line}: has more cells than there are columns; put a cell "
        "that contains the delimiter in quotation marks."
    )


def _refuse_short_rows(source: _Source, layout: _Layout) -> None:
    """Raise UserError for a row with too few cells, which pandas fills with empty ones."""
    columns = len(layout.names)
    with source.text() as text:
        for _ in range(layout.comments):
            next(text)
        rows = csv.reader(text, delimiter=layout.separator)
        for row in rows:
            if 0 < len(row) < columns and any(row):
                line = rows.line_num + layout.comments
                raise UserError(
                    f"{source.name}, line {line}: has {len(row)} cells, but there are {columns} "
                    "columns; leave unknown cells empty, but keep their delimiters."
                )


def _layout(source: _Source, separator: str, has_header: bool) -> _Layout:
    """Find comments, delimiter and column names; UserError for files that pandas would misread."""
    name = source.name
    with source.text() as text:
        sample = text.read(_SAMPLE)
    if not sample:
        raise UserError(f"{name}: is empty; the first line must be the column names.")
    comments, first = _beginning(source, separator)
    line = len(comments) + 1
    if not "".join(first).strip():
        raise UserError(f"{name}, line {line}: is blank; the first line must be the column names.")
    names, report = first, []
    if len(first) == 1 and (other := _delimiter_in(first[0], separator)):
        separator = other
        comments, names = _beginning(source, separator)
        first = names
        shown = "a blank" if separator == " " else repr(separator)
        report.append(f"its cells are separated by {shown}, as its first line shows")
    is_header = has_header
    last = _cells(comments[-1].lstrip("#% "), separator) if comments else []
    if len(comments) == 1 and comments[0][1:2].strip() and len(last) == len(first) > 1:
        # A lone line such as '#id,name' names the columns as it stands.
        comments, names, is_header = [], _cells(comments[0], separator), True
    elif has_header and len(last) == len(first) > 1:
        names, is_header = last, False
        report.append(f"columns {listed(names)}, named by the last comment")
    elif not has_header:
        names = [str(place) for place in range(1, len(first) + 1)]
        report.append(f"columns {listed(names)}, since dataset.header says that they have no names")
    if comments:
        marks = " and ".join(sorted({comment[0] for comment in comments}))
        report.insert(0, f"{plural(len(comments), 'line')} of comments skipped ({marks})")
    check_names(name, names)
    return _Layout(
        names, separator, len(comments), is_header, tuple(f"{name}: {line}" for line in report)
    )


def _delimiter_in(line: str, separator: str) -> str | None:
    """Return the common delimiter that divides a line which `separator` doesn't divide."""
    return next(
        (each for each in _COMMON_DELIMITERS if each != separator and each in line.strip()), None
    )


def _beginning(source: _Source, separator: str) -> tuple[list[str], list[str]]:
    """Return the comments before the first row, and the cells of that row."""
    comments: list[str] = []
    with source.text() as text:
        for line in text:
            if not line.startswith(("#", "%")):
                return comments, next(csv.reader(chain([line], text), delimiter=separator), [])
            comments.append(line)
    if len(comments) == 1:  # a header alone
        return [], _cells(comments[0], separator)
    return comments, []


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line.rstrip("\r\n")], delimiter=separator), [])


def _suffix_separator(path: Path, delimiter: str | None) -> str:
    if delimiter is not None:
        return delimiter.replace("\\t", "\t")  # as it comes from a shell and Hydra
    plain = path.name.lower().removesuffix(".gz")
    return "," if plain.endswith(".csv") else "\t"
