"""Columns of lists as columns of single values: `[0.1, 2.0]`, or `["red", "round"]`.

Lists of numbers that are all equally long become a column for each place; other lists become a
column of true and false for each entry that occurs.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from glt_cli.data.files.tabular import Table, check_names, setting
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

#: More different entries than this are refused: a file of sparse features holds them better.
MOST_ENTRIES = 20_000

#: For each column of lists its entries, or how long its lists are.
Lists = dict[str, "list[str] | int"]


def expanded(
    table: Table, names: Iterable[str], known: Mapping[str, list[str] | int] | None = None
) -> tuple[Table, Lists, list[str]]:
    """Replace the columns of lists.

    Args:
        table: The nodes.
        names: The columns that may hold lists.
        known: Which of them held lists in training, with their entries or their length; None in
            training itself.

    Returns:
        The table, which columns were replaced, and lines of the report.

    Raises:
        UserError: A column holds too many different entries, or other lists than in training.
    """
    import pandas as pd

    found: Lists = {}
    report: list[str] = []
    frame = table.frame
    for name in names:
        lists = _lists(frame[name], table.text)
        if lists is None and known is not None:
            raise UserError(f"{table.name}, column {name!r}: must hold lists, as in training.")
        if lists is None:
            continue
        before = None if known is None else known.get(name)
        columns, about, line = _columns(table, name, lists, before)
        place = list(frame.columns).index(name)
        rest = frame.drop(columns=name)
        frame = pd.concat([rest.iloc[:, :place], columns, rest.iloc[:, place:]], axis=1)
        found[name] = about
        report.append(line)
    if found:
        check_names(table.name, [str(column) for column in frame.columns])
    return replace(table, frame=frame), found, report


def _lists(series: pd.Series, text: bool) -> list[list[Any] | None] | None:
    """Return the lists of a column, None for an empty cell; None if it holds anything else."""
    cells = series.to_numpy(dtype=object)
    made: list[list[Any] | None] = []
    for cell in cells:
        each = _parsed(cell) if text else _listed(cell)
        if each is _NO_LIST:
            return None
        made.append(each)
    return made if any(each is not None for each in made) else None


_NO_LIST: Any = object()


def _listed(cell: Any) -> Any:
    import numpy as np

    if isinstance(cell, (list, tuple, np.ndarray)):
        flat = [each.item() if isinstance(each, np.generic) else each for each in cell]
        return flat if all(_is_plain(each) for each in flat) else _NO_LIST
    return None if cell is None or cell != cell or str(cell) == "<NA>" else _NO_LIST


def _parsed(cell: str) -> Any:
    bare = cell.strip()
    if not bare:
        return None
    if not (bare.startswith("[") and bare.endswith("]")):
        return _NO_LIST
    for parse in (json.loads, ast.literal_eval):  # as JSON and as Python write them
        try:
            parsed = parse(bare)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return parsed if all(_is_plain(each) for each in parsed) else _NO_LIST
    return _NO_LIST


def _is_plain(entry: Any) -> bool:
    return entry is None or isinstance(entry, (str, int, float, bool))


def _columns(
    table: Table, name: str, lists: list[list[Any] | None], known: list[str] | int | None
) -> tuple[pd.DataFrame, list[str] | int, str]:
    """Make the columns of one column of lists, what they are, and a line about them."""
    length = _length(lists)
    if isinstance(known, int) and length != known:
        raise UserError(
            f"{table.name}, column {name!r}: must hold lists of {known} numbers, as in training."
        )
    if length and not isinstance(known, list):
        numbers = _numbers(lists, length)
        names = [f"{name}[{place}]" for place in range(length)]
        line = f"features: {name!r} holds lists of {length} numbers, a column for each"
        return _frame(table, numbers, names), length, line
    entries = [[str(entry) for entry in each if entry is not None] for each in _given(lists)]
    there = sorted({entry for each in entries for entry in each})
    if len(there) > MOST_ENTRIES:
        raise UserError(
            f"{table.name}, column {name!r}: its lists have {len(there):,} different entries, but "
            f"at most {MOST_ENTRIES:,} are allowed; write rows of id and entry to a file of "
            f"sparse features (dataset.features), or leave it out with {setting('ignore', name)}."
        )
    kept = there if known is None else list(known) if isinstance(known, list) else there
    unseen = len(set(there) - set(kept))
    others = f"; {unseen:,} others, not seen in training, are left out" if unseen else ""
    line = (
        f"features: {name!r} holds lists with {len(kept):,} different entries, a column of true "
        f"and false for each{others}"
    )
    marks = _marks(entries, kept)
    return _frame(table, marks, [f"{name}={entry}" for entry in kept]), kept, line


def _given(lists: list[list[Any] | None]) -> list[list[Any]]:
    return [each or [] for each in lists]


def _length(lists: list[list[Any] | None]) -> int:
    """How long all lists are, if they are equally long and hold numbers; else 0."""
    lengths = {len(each) for each in lists if each is not None}
    if len(lengths) != 1:
        return 0
    are_numbers = all(
        isinstance(entry, (int, float)) and not isinstance(entry, bool)
        for each in _given(lists)
        for entry in each
    )
    return lengths.pop() if are_numbers else 0


def _numbers(lists: list[list[Any] | None], length: int) -> NDArray[np.float64]:
    import numpy as np

    gap = [float("nan")] * length
    return np.array([gap if each is None else each for each in lists], dtype=np.float64)


def _marks(entries: list[list[str]], kept: list[str]) -> NDArray[np.bool_]:
    import numpy as np

    place = {entry: index for index, entry in enumerate(kept)}
    marks = np.zeros((len(entries), len(kept)), dtype=bool)
    for row, each in enumerate(entries):
        marks[row, [place[entry] for entry in each if entry in place]] = True
    return marks


def _frame(table: Table, values: NDArray[Any], names: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(values, columns=names, index=table.frame.index)
