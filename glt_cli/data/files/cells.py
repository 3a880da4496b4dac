"""Cells of a column as codes into its distinct values, so that text is looked at only once.

Missing is an empty cell. In a column whose other values are all numbers (or true and false), the
words NA, NaN, null and the like are missing too; in a column of text they are text: NA is Namibia.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glt_cli.data.files.tabular import TextColumns, setting
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MISSING_WORDS = frozenset({"na", "n/a", "nan", "<na>", "null", "none"})


@dataclass(frozen=True)
class Coded:
    """A column of N cells with U distinct values.

    codes: int64 [N], index of each cell's value; -1 where it is missing.
    values: Text of the distinct values, object [U], in the order in which they appear.
    """

    codes: NDArray[np.int64]
    values: NDArray[np.object_]

    def counts(self) -> NDArray[np.int64]:
        """Count the cells of each value, [U]."""
        import numpy as np

        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    def spread(self, of_values: NDArray[Any], missing: Any) -> NDArray[Any]:
        """Hand each cell what its value has, [N]."""
        import numpy as np

        # -1 takes the last one, which stands for all that is missing.
        return np.append(of_values, np.asarray([missing], dtype=of_values.dtype))[self.codes]

    def without(self, leave_out: NDArray[np.bool_]) -> Coded:
        """Make the cells of some values missing; `leave_out` is [U]."""
        import numpy as np

        return Coded(np.where(self.spread(leave_out, True), -1, self.codes), self.values)

    def numbers(self) -> NDArray[np.float64]:
        """Read the distinct values as numbers, [U]; nan for what is none."""
        return as_numbers(self.values)

    def missing_words(self) -> NDArray[np.bool_]:
        """Tell which distinct values are words for a missing number, [U]."""
        import numpy as np

        return np.array([v.strip().lower() in MISSING_WORDS for v in self.values], dtype=bool)


def as_numbers(cells: NDArray[Any]) -> NDArray[np.float64]:
    """Read cells as numbers, with a point and no group separators; nan for what is none."""
    import numpy as np
    import pandas as pd

    return np.asarray(pd.to_numeric(pd.Series(cells), errors="coerce"), dtype=np.float64)


def coded(table: TextColumns, name: str) -> Coded:
    """Code a column; UserError where its cells are lists or the like."""
    import numpy as np
    import pandas as pd

    try:
        codes, uniques = pd.factorize(table.frame[name])
    except TypeError as error:
        raise UserError(
            f"{table.name}, column {name!r}: holds lists or other nested values; make columns of "
            f"them, or {setting('ignore', name)}."
        ) from error
    column = Coded(codes.astype(np.int64, copy=False), _texts(uniques, table.text))
    empty = column.values == ""
    return column.without(empty) if empty.any() else column


def _texts(uniques: Any, text: bool) -> NDArray[np.object_]:
    import numpy as np

    if text:
        return np.asarray(uniques, dtype=object)
    array = np.asarray(uniques)
    if array.dtype.kind == "f" and (array == np.trunc(array)).all():
        # Whole numbers became floats because a cell was missing: 7 must stay 7, not 7.0.
        array = np.array([int(v) if np.isfinite(v) else v for v in array], dtype=object)
    return np.array([str(value) for value in array], dtype=object)
