"""The classes of the nodes, from a column of the nodes file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glt_cli.data.files.cells import Coded, coded
from glt_cli.data.files.tabular import Table, listed
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_CLASSES = 1000
#: A label column with more different numbers than this, most of them unique, is a quantity.
_QUANTITY = 20


@dataclass(frozen=True)
class Labels:
    """y int64 [N], -1 for nodes without a label, and the sorted names of the classes."""

    y: NDArray[np.int64]
    classes: list[str]

    def counts(self) -> NDArray[np.int64]:
        """Count the nodes of each class."""
        import numpy as np

        return np.bincount(self.y[self.y >= 0], minlength=len(self.classes))


def labels(table: Table, name: str, unlabelled: Sequence[str] = ()) -> Labels:
    """Read the label column; cells in `unlabelled` are no label.

    If all classes are numbers, they are sorted and compared as numbers: 1 and 1.0 are one class.

    Raises:
        UserError: There are fewer than two classes or too many, or the column is a quantity.
    """
    import numpy as np

    column = coded(table, name)
    left_out = column.among(unlabelled)
    for word, found in zip(unlabelled, left_out, strict=True):
        if not found.any():
            raise UserError(
                f"dataset.unlabelled: no cell of {name!r} is {word!r} in {table.name} (values: "
                f"{listed([repr(str(value)) for value in column.values])})."
            )
    for found in left_out:
        column = column.without(found)
    words = column.missing_words() | (column.counts() == 0)
    values = column.numbers()
    whole = 2.0**53  # above this, different whole numbers are the same float
    numeric = bool(np.all(words | (np.abs(values) < whole)) and not words.all())
    if numeric:
        column = column.without(words)
        _refuse_quantity(table, name, column)
    present = np.flatnonzero(column.counts())
    keys = values[present] if numeric else column.values[present]
    sorted_keys, place = np.unique(keys, return_inverse=True)
    if len(sorted_keys) < 2:
        only = f"only the class {column.values[present[0]]!r}" if len(present) else "no label"
        raise UserError(
            f"{table.name}, column {name!r}: has {only}; at least two classes are needed "
            "(dataset.label is the column of classes)."
        )
    if len(sorted_keys) > _MOST_CLASSES:
        raise UserError(
            f"{table.name}, column {name!r}: has {len(sorted_keys):,} classes, more than the "
            f"maximum of {_MOST_CLASSES}; choose another column with dataset.label."
        )
    index = np.zeros(len(column.values), dtype=np.int64)
    index[present] = place
    classes = [_shown(float(key)) if numeric else str(key) for key in sorted_keys]
    return Labels(column.spread(index, -1), classes)


def _refuse_quantity(table: Table, name: str, column: Coded) -> None:
    counts = column.counts()
    different, cells = int((counts > 0).sum()), int(counts.sum())
    if different > _QUANTITY and 2 * different > cells:
        raise UserError(
            f"{table.name}, column {name!r}: has {different:,} different numbers in {cells:,} "
            "rows, which look like a quantity, but glt predicts classes; group the numbers into "
            "ranges, or choose another column with dataset.label."
        )


def _shown(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)
