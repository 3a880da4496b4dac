"""Another file of nodes, whose columns become features as those of training did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.cells import as_numbers, coded
from glt_cli.data.files.columns import MISSING, Categories, Feature, Numbers, encoded, features
from glt_cli.data.files.lists import expanded
from glt_cli.data.files.tabular import Table, listed
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def encoded_as_trained(
    table: Table, preparation: Mapping[str, Any], config: FilesConfig
) -> tuple[NDArray[np.float32], list[str]]:
    """Make x [N, F] by the ticket's preparation of columns.

    A category that training hadn't is none of its categories. A missing value becomes what it
    became in training.

    Args:
        table: The nodes.
        preparation: What the ticket says of it: how each column was encoded (`columns.fitted`),
            and what columns of lists held.
        config: The settings of training.

    Returns:
        x, dense, and lines that count what was missing or unseen.

    Raises:
        UserError: A column is missing, or has other values than in training.
    """
    import numpy as np
    import scipy.sparse

    described, lists = preparation["columns"], preparation.get("lists", {})
    _refuse_absent(table, lists)
    table, _, remarks = expanded(table, lists, lists)
    names = [str(about["column"]) for about in described]
    _refuse_absent(table, names)
    read = [_read(table, about, config) for about in described]
    made: Any = encoded([column for column, _, _ in read], described)
    x = np.ascontiguousarray(made.toarray() if scipy.sparse.issparse(made) else made)
    for (_, unseen, _), start, about in zip(read, _starts(described), described, strict=True):
        if about["kind"] == "category":
            x[unseen, start : start + len(about["categories"])] = 0
    return x, [*remarks, *(line for _, _, lines in read for line in lines)]


def _refuse_absent(table: Table, names: Iterable[str]) -> None:
    there = {str(name) for name in table.frame.columns}
    if absent := [name for name in names if name not in there]:
        raise UserError(
            f"{table.name}: lacks {listed([repr(name) for name in absent])}, which the model was "
            f"trained on; its columns: {listed(sorted(there))}."
        )


def _starts(described: list[dict[str, Any]]) -> list[int]:
    """Where the features of each column begin."""
    widths = [len(about.get("categories", [0])) for about in described]
    return [sum(widths[:place]) for place in range(len(widths))]


def _read(
    table: Table, about: dict[str, Any], config: FilesConfig
) -> tuple[Feature, NDArray[np.bool_], list[str]]:
    """Read a column; also which rows have an unseen category [N], and lines of the report."""
    name = str(about["column"])
    if about["kind"] == "category":
        return _categories(table, name, about["categories"], config)
    return _numbers(table, name, about["kind"] == "boolean", about["fill"], config)


def _categories(
    table: Table, name: str, categories: list[str], config: FilesConfig
) -> tuple[Feature, NDArray[np.bool_], list[str]]:
    import numpy as np

    column = coded(table, name)
    column = column.without(np.isin(column.values, [*config.missing]))
    place = {category: index for index, category in enumerate(categories)}
    codes = np.array([place.get(str(value), -1) for value in column.values], dtype=np.int64)
    missing = column.codes < 0
    found = column.spread(codes, place.get(MISSING, -1))
    unseen = found < 0
    lines = []
    if missing.any():
        became = f"the category {MISSING}" if MISSING in place else "no category"
        lines.append(f"missing: {int(missing.sum()):,} in {name!r}, replaced by {became}")
    if new := int((unseen & ~missing).sum()):
        words = [str(value) for value in column.values[np.unique(column.codes[unseen & ~missing])]]
        lines.append(f"unseen: {new:,} in {name!r} ({listed(words)}), taken as no category")
    return Categories(name, np.maximum(found, 0), categories, int(missing.sum())), unseen, lines


def _numbers(
    table: Table, name: str, boolean: bool, fill: float, config: FilesConfig
) -> tuple[Feature, NDArray[np.bool_], list[str]]:
    import numpy as np

    column = coded(table, name)
    gone = column.missing_words() | np.isin(column.values, [*config.missing])
    rows = len(table.frame)
    if not column.without(gone).counts().any():  # which is no reason to refuse it here
        read: Feature = Numbers(name, np.full(rows, np.nan), boolean)
    else:
        plain = FilesConfig(name="files", missing=config.missing)
        (read,) = features(table, [name], plain)
    if not isinstance(read, Numbers):
        wrong = np.flatnonzero(np.isnan(as_numbers(column.values)) & (column.counts() > 0))
        shown = str(column.values[wrong[0]])
        raise UserError(
            f"{table.name}, column {name!r}: {shown!r} is not "
            f"{'true or false' if boolean else 'a number'}, as this column was in training."
        )
    lines = []
    if read.missing:
        lines.append(f"missing: {read.missing:,} in {name!r}, replaced by {fill:.6g}")
    return read, np.zeros(rows, dtype=bool), lines
