"""Columns of times: numbers, or dates written as ISO 8601 has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from glt_cli.data.files.cells import coded
from glt_cli.data.files.tabular import Table
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def times(table: Table, name: str) -> tuple[NDArray[np.float64], Callable[[float], str]]:
    """Return the time of each row, [N], nan where there is none, and how to show one.

    Raises:
        UserError: A cell is neither a number nor a date, or the column has both.
    """
    import numpy as np
    import pandas as pd

    column = coded(table, name)
    column = column.without(column.missing_words())
    present = column.counts() > 0
    numbers = column.numbers()
    if present.any() and np.isfinite(numbers[present]).all():
        return column.spread(numbers, np.nan), lambda moment: f"{moment:.15g}"
    texts = pd.Series(column.values)
    parsed = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    dates = parsed.dt.tz_convert(None).to_numpy()
    wrong = np.flatnonzero(present & np.isnat(dates))
    if len(wrong) or not present.any():
        position = int(np.flatnonzero(column.codes == wrong[0])[0]) if len(wrong) else 0
        found = f"{str(column.values[wrong[0]])!r} is" if len(wrong) else "there is no cell that is"
        raise UserError(
            f"{table.where(position)}, column {name!r}: {found} neither a number nor a date such "
            "as 2024-03-31 (dataset.time); write all times of the column alike."
        )
    seconds = dates.astype("datetime64[us]").astype(np.int64) / 1e6
    return column.spread(seconds, np.nan), _as_date


def _as_date(seconds: float) -> str:
    import pandas as pd

    moment = pd.Timestamp(round(seconds * 1e6), unit="us")
    return moment.isoformat() if moment != moment.normalize() else str(moment.date())
