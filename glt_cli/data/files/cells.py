"""Cells of a column as indices into its distinct values, so each text is parsed only once.

An empty cell is a missing value. If the other values of a column are all numbers (or all true and
false), words such as NA, NaN and null are missing values too. In a column of text they are text: NA
may be Namibia.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glt_cli.data.files.tabular import Table, setting
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MISSING_WORDS = frozenset({"na", "n/a", "nan", "<na>", "null", "none"})


@dataclass(frozen=True)
class Coded:
    """A column of N cells with U distinct values.

    codes: Integers [N], index of each cell's value; -1 where it is missing.
    values: The distinct values as text, object [U], in order of first appearance.
    """

    codes: NDArray[np.integer[Any]]
    values: NDArray[np.object_]

    def counts(self) -> NDArray[np.int64]:
        """Count the cells of each value, [U]."""
        import numpy as np

        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    def spread(self, of_values: NDArray[Any], missing: Any) -> NDArray[Any]:
        """Return, for each cell, the entry of its value in ``of_values`` [U]; shape [N]."""
        import numpy as np

        # Code -1 selects the last entry, which is the one for missing cells.
        spread: NDArray[Any] = np.append(of_values, np.asarray([missing], dtype=of_values.dtype))[
            self.codes
        ]
        return spread

    def without(self, leave_out: NDArray[np.bool_]) -> Coded:
        """Return the column with the cells of some values made missing; `leave_out` is [U]."""
        import numpy as np

        return Coded(np.where(self.spread(leave_out, True), -1, self.codes), self.values)

    def among(self, words: Sequence[str]) -> list[NDArray[np.bool_]]:
        """For each word, return which distinct values are it, as text or as a number; each [U]."""
        import numpy as np

        values, wanted = self.numbers(), as_numbers(np.array([*words], dtype=object))
        return [
            (self.values == word) | (values == number)
            for word, number in zip(words, wanted, strict=True)
        ]

    def numbers(self) -> NDArray[np.float64]:
        """Return the distinct values as numbers, [U]; nan for other text."""
        return as_numbers(self.values)

    def missing_words(self) -> NDArray[np.bool_]:
        """Return which distinct values are words for a missing number, [U]."""
        import numpy as np

        return np.array([v.strip().lower() in MISSING_WORDS for v in self.values], dtype=bool)


def as_numbers(cells: NDArray[Any]) -> NDArray[np.float64]:
    """Read numbers with a decimal point and without group separators; nan for other text."""
    import numpy as np
    import pandas as pd

    return np.asarray(pd.to_numeric(pd.Series(cells), errors="coerce"), dtype=np.float64)


def coded(table: Table, name: str) -> Coded:
    """Convert a column; UserError if its cells are lists or other nested values."""
    import numpy as np
    import pandas as pd

    try:
        codes, uniques = pd.factorize(table.frame[name])
    except TypeError as error:
        raise UserError(
            f"{table.name}, column {name!r}: contains lists or other nested values; split it into "
            f"several columns, or leave it out with {setting('ignore', name)}."
        ) from error
    # A byte a cell is enough for most columns of a wide file, of which there are thousands.
    small = codes.astype(np.min_scalar_type(-len(uniques) - 1), copy=False)
    is_text = table.text and not pd.api.types.is_numeric_dtype(table.frame[name].dtype)
    column = Coded(small, _texts(uniques, is_text))
    empty = column.values == ""
    return column.without(empty) if empty.any() else column


def refuse_rounded(table: Table, name: str) -> None:
    """Raise UserError if ids are floating-point numbers so large that neighbours are the same."""
    import pandas as pd

    series = table.frame[name]
    if pd.api.types.is_float_dtype(series.dtype) and bool((series.abs() >= 2.0**53).any()):
        raise UserError(
            f"{table.name}, column {name!r}: has ids above 2^53 as floating-point numbers, which "
            "can't tell neighbouring ids apart; save whole numbers (pandas: .astype('Int64')) or "
            "text."
        )


def _texts(uniques: Any, text: bool) -> NDArray[np.object_]:
    import numpy as np

    if text:
        return np.asarray(uniques, dtype=object)
    array = np.asarray(uniques)
    if array.dtype.kind == "f" and (array == np.trunc(array)).all():
        # Whole numbers became floats because a cell was missing: 7 must stay 7, not 7.0.
        array = np.array([int(v) if np.isfinite(v) else v for v in array], dtype=object)
    return np.array([str(value) for value in array], dtype=object)
