"""Columns of a nodes file as features.

`features` finds the type of each column. `fitted` computes how to encode each column from the
training nodes (in a form for JSON, because it is saved with the ticket). `encoded` makes x from the
columns and these descriptions alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.cells import Coded, as_numbers, coded
from glt_cli.data.files.number_forms import is_placeholder, meant_as
from glt_cli.data.files.tabular import WIDE, Table, setting
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse
    from numpy.typing import NDArray

MISSING = "(missing)"
MOST_CATEGORIES = 1000
#: A text column with more values than this, nearly all of them unique, has names or notes.
_UNIQUE = 20
#: If fewer entries of x than this share are non-zero, x is sparse so that it fits in memory.
_SPARSE_BELOW = 0.2


@dataclass(frozen=True)
class Numbers:
    """A column of numbers; `boolean` if they were true and false.

    name: Its name.
    stored: float64 [N], nan if missing; or indices into `levels`, -1 if missing.
    boolean: Whether they were true and false.
    levels: The distinct numbers, float64 [U]. So 4,000 columns of counts fit in memory.
    """

    name: str
    stored: NDArray[np.float64] | NDArray[np.integer[Any]]
    boolean: bool
    levels: NDArray[np.float64] | None = None

    @property
    def values(self) -> NDArray[np.float64]:
        """The numbers, float64 [N], nan if missing."""
        import numpy as np

        if self.levels is None:
            return self.stored.astype(np.float64, copy=False)
        values: NDArray[np.float64] = np.append(self.levels, np.nan)[self.stored.astype(np.intp)]
        return values

    @property
    def missing(self) -> int:
        """The number of cells without a value."""
        import numpy as np

        return int(np.isnan(self.values).sum())

    @property
    def filled(self) -> float:
        """The share of cells that are missing or other than 0."""
        import numpy as np

        return np.count_nonzero(self.values) / max(len(self.stored), 1)


@dataclass(frozen=True)
class Categories:
    """A column of categories: int64 [N] indices into sorted names; MISSING is the last name."""

    name: str
    codes: NDArray[np.int64]
    categories: list[str]
    missing: int


Feature = Numbers | Categories


def features(table: Table, names: Iterable[str], config: FilesConfig) -> list[Feature]:
    """Find the type of each column; UserError if a column has no clear type."""
    chosen, missing = set(config.categorical), frozenset(config.missing)
    return [_feature(table, name, name in chosen, missing) for name in names]


def _feature(table: Table, name: str, chosen: bool, missing: frozenset[str]) -> Feature:
    import numpy as np
    import pandas as pd

    series = table.frame[name]
    if pd.api.types.is_numeric_dtype(series.dtype) and not chosen:
        boolean = pd.api.types.is_bool_dtype(series.dtype)
        if boolean and not missing:
            codes = series.to_numpy(dtype=np.int8, na_value=-1)
            return Numbers(name, codes, boolean, levels=np.array([0.0, 1.0]))
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        values = np.where(np.isin(values, as_numbers(np.array([*missing]))), np.nan, values)
        if np.isnan(values).all():
            raise _no_values(table, name)
        return _finite(table, Numbers(name, values, boolean))
    column = coded(table, name)
    column = column.without(np.isin(column.values, [*missing]))
    if chosen:
        return _categories(table, name, column, chosen)
    known = column.without(column.missing_words())
    if not known.counts().any():
        raise _no_values(table, name)
    return _numbers(table, name, known) or _categories(table, name, column, chosen)


def _no_values(table: Table, name: str) -> UserError:
    return UserError(
        f"{table.name}, column {name!r}: has no values; leave it out with "
        f"{setting('ignore', name)}."
    )


def _numbers(table: Table, name: str, column: Coded) -> Numbers | None:
    """Read numbers, or true and false; None for text, UserError for a mixture."""
    import numpy as np

    counts = column.counts()
    words = np.array([value.strip().lower() for value in column.values], dtype=object)
    if np.isin(words[counts > 0], ["true", "false"]).all():
        values = np.where(words == "true", 1.0, 0.0)
        return Numbers(name, column.codes, boolean=True, levels=values)
    numbers = column.numbers()
    wrong = np.isnan(numbers) & (counts > 0)
    if not wrong.any():
        return _finite(table, Numbers(name, column.codes, boolean=False, levels=numbers))
    meant = np.array([meant_as(word) for word in words], dtype=object)
    almost = wrong & np.array([each is not None for each in meant], dtype=bool)
    good = int(counts[~wrong].sum())
    if 2 * (good + int(counts[almost].sum())) < int(counts.sum()):
        return None
    position = int(np.flatnonzero(column.spread(wrong, False))[0])
    code = int(column.codes[position])
    others = f", unlike {good:,} of the column's {int(counts.sum()):,} values" if good else ""
    shown = repr(str(column.values[code]))
    hint = meant[code]
    if hint is None and is_placeholder(words[code]):
        word = str(column.values[code])
        hint = f"if it stands for a missing value, set {setting('missing', word)}"
    raise UserError(
        f"{table.where(position)}, column {name!r}: {shown} is not a number{others}; "
        f"{hint or 'correct it'}, or use the column as categories with "
        f"{setting('categorical', name)}, or leave it out with {setting('ignore', name)}."
    )


def _finite(table: Table, column: Numbers) -> Numbers:
    import numpy as np

    limit = np.finfo(np.float32).max
    if column.levels is not None and not (np.abs(column.levels) > limit).any():
        return column
    wrong = np.flatnonzero(np.abs(column.values) > limit)
    if len(wrong):
        raise UserError(
            f"{table.where(int(wrong[0]))}, column {column.name!r}: "
            f"{column.values[wrong[0]]:g} is infinite or too large; correct it, leave the cell "
            f"empty, or leave the column out with {setting('ignore', column.name)}."
        )
    return column


def _categories(table: Table, name: str, column: Coded, chosen: bool) -> Categories:
    import numpy as np

    counts = column.counts()
    present = counts > 0
    different, cells = int(present.sum()), int(counts.sum())
    where = f"{table.name}, column {name!r}: has {different:,} different texts"
    ignore = f"leave it out with {setting('ignore', name)}"
    if different > MOST_CATEGORIES:
        raise UserError(f"{where}, but at most {MOST_CATEGORIES} categories are allowed; {ignore}.")
    if not chosen and different > _UNIQUE and different > 0.9 * cells:
        raise UserError(
            f"{where} in {cells:,} rows, too many to learn from; {ignore}, or use it as categories "
            f"anyway with {setting('categorical', name)}."
        )
    names, place = np.unique(column.values[present], return_inverse=True)
    index = np.zeros(len(present), dtype=np.int64)
    index[present] = place
    missing = int((column.codes < 0).sum())
    categories = [str(category) for category in names]
    if missing and MISSING not in categories:
        categories.append(MISSING)
    last = categories.index(MISSING) if missing else -1
    return Categories(name, column.spread(index, last), categories, missing)


def fitted(
    table: Table, columns: list[Feature], train: NDArray[np.int64], config: FilesConfig
) -> list[dict[str, Any]]:
    """Describe how to encode each column, with the mean and deviation of the training nodes.

    Raises:
        UserError: No training node has a value in a column of numbers.
    """
    return [
        {"column": column.name, "kind": "category", "categories": column.categories}
        if isinstance(column, Categories)
        else _statistics(table, column, train, config)
        for column in columns
    ]


def _statistics(
    table: Table, column: Numbers, train: NDArray[np.int64], config: FilesConfig
) -> dict[str, Any]:
    import numpy as np

    seen = column.values[train]
    seen = seen[~np.isnan(seen)]
    if not len(seen):
        raise UserError(
            f"{table.name}, column {column.name!r}: no training node has a value; leave it out "
            f"with {setting('ignore', column.name)}."
        )
    mean = float(seen.mean())
    scaled = config.standardise and not column.boolean
    if scaled and _stays_sparse(table, column):
        largest = float(np.abs(seen).max())
        return {
            "column": column.name,
            "kind": "number",
            "fill": mean,
            "mean": 0.0,
            "deviation": largest or 1.0,
            "centred": False,
        }
    varied = seen.min() < seen.max()  # the computed deviation of equal numbers may not be exactly 0
    return {
        "column": column.name,
        "kind": "boolean" if column.boolean else "number",
        "fill": mean,
        "mean": mean if scaled else 0.0,
        "deviation": float(seen.std()) if scaled and varied else 1.0,
    }


def _stays_sparse(table: Table, column: Numbers) -> bool:
    """Whether a column of a wide file is nearly all zeros, none of which centring would leave."""
    return table.frame.shape[1] > WIDE and column.filled < _SPARSE_BELOW


def encoded(
    columns: list[Feature], described: list[dict[str, Any]]
) -> NDArray[np.float32] | scipy.sparse.csr_array:
    """Make x [N, F] in the order of the columns: (value - mean) / deviation, or one-hot."""
    import numpy as np
    import scipy.sparse

    rows = len(columns[0].stored if isinstance(columns[0], Numbers) else columns[0].codes)
    widths = [len(about.get("categories", [0])) for about in described]
    starts = np.append(0, np.cumsum(widths))
    shape = (rows, int(starts[-1]))
    filled = sum(map(_share, columns, described))
    if filled < _SPARSE_BELOW * shape[1]:
        parts = [_entries(*each) for each in zip(columns, described, starts, strict=False)]
        row, column, value = (np.concatenate(each) for each in zip(*parts, strict=True))
        x = scipy.sparse.csr_array((value, (row, column)), shape=shape)
        x.sort_indices()
        return x
    dense = np.zeros(shape, dtype=np.float32)
    for each in zip(columns, described, starts, strict=False):
        row, column, value = _entries(*each)
        dense[row, column] = value
    return dense


def _share(column: Feature, about: dict[str, Any]) -> float:
    """Share of the rows in which a column's features have an entry other than 0, about."""
    return 1.0 if isinstance(column, Categories) or about["mean"] else column.filled


def _entries(
    column: Feature, about: dict[str, Any], start: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return rows, columns and values of a column's entries of x other than 0."""
    import numpy as np

    if isinstance(column, Categories):
        rows = np.arange(len(column.codes))
        return rows, start + column.codes, np.ones(len(rows), dtype=np.float32)
    values = column.values
    values = np.where(np.isnan(values), about["fill"], values)
    scaled = ((values - about["mean"]) / about["deviation"]).astype(np.float32)
    rows = np.flatnonzero(scaled)
    return rows, np.full(len(rows), start), scaled[rows]
