"""A file without names of columns, whose first row was taken for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.cells import as_numbers
from glt_cli.data.files.tabular import Table, listed
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Rows that are looked at.
_ENOUGH = 1000


def refuse_headerless(table: Table, config: FilesConfig) -> None:
    """Raise UserError if the names of the columns look like a row of the table.

    They do if each fits its column: both are numbers, or the name is among the values, or both are
    made alike, as `n0` and `n17` are.
    """
    names = [str(name) for name in table.frame.columns]
    numbering = (list(map(str, range(len(names)))), list(map(str, range(1, len(names) + 1))))
    if not table.text or not config.has_header("nodes") or names in numbering:
        return
    rows = table.frame.iloc[:_ENOUGH]
    if not all(_fits(name, rows[name].to_numpy(dtype=object)) for name in names):
        return
    remedy = "edges" if config.has_header("edges") else "false"
    raise UserError(
        f"{table.name}, line {table.first_line - 1}: {listed(names, 5)} look like a node, not like "
        "names of columns; add a first line such as id,size,kind, or set "
        f"dataset.header={remedy} and name columns by their number, as in "
        f"dataset.label={len(names)}."
    )


def _fits(name: str, cells: NDArray[np.object_]) -> bool:
    import numpy as np

    values = cells[cells != ""]
    if name in values:
        return True
    if not np.isnan(as_numbers(np.array([name], dtype=object)))[0]:
        return len(values) > 0 and not np.isnan(as_numbers(values)).any()
    shape = _shape(name)
    return "9" in shape and len(values) > 0 and all(_shape(str(value)) == shape for value in values)


def _shape(text: str) -> str:
    """Write digits as 9 and letters as a, each run once."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", text))
