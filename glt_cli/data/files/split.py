"""Classes of nodes, and which nodes train, validate and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.cells import Coded, coded
from glt_cli.data.files.tabular import TextColumns, listed
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

PARTS = ("train", "val", "test")
WORDS = {"train": 0, "val": 1, "valid": 1, "validation": 1, "test": 2}
_MOST_CLASSES = 1000
#: More numbers than this, most of them different, are a quantity and not classes.
_QUANTITY = 20


@dataclass(frozen=True)
class Labels:
    """y int64 [N], -1 where a node has no label; names of the classes, sorted."""

    y: NDArray[np.int64]
    classes: list[str]


def labels(table: TextColumns, name: str) -> Labels:
    """Read the label column; UserError where it isn't two classes or more.

    Classes that are all numbers are sorted as such and compared as such: 1 and 1.0 are one class.
    """
    import numpy as np

    column = coded(table, name)
    words = column.missing_words() | (column.counts() == 0)
    values = column.numbers()
    whole = 2.0**53  # beyond it, different whole numbers are the same float
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
            f"{table.name}, column {name!r}: has {only}; to learn something, at least two classes "
            "are needed (dataset.label names the column)."
        )
    if len(sorted_keys) > _MOST_CLASSES:
        raise UserError(
            f"{table.name}, column {name!r}: has {len(sorted_keys):,} classes, more than "
            f"{_MOST_CLASSES}; name another column (dataset.label)."
        )
    index = np.zeros(len(column.values), dtype=np.int64)
    index[present] = place
    classes = [_shown(float(key)) if numeric else str(key) for key in sorted_keys]
    return Labels(column.spread(index, -1), classes)


def _refuse_quantity(table: TextColumns, name: str, column: Coded) -> None:
    counts = column.counts()
    different, cells = int((counts > 0).sum()), int(counts.sum())
    if different > _QUANTITY and 2 * different > cells:
        raise UserError(
            f"{table.name}, column {name!r}: {different:,} different numbers in {cells:,} rows "
            "are a quantity; glt learns classes: put the numbers into ranges, or name another "
            "column (dataset.label)."
        )


def _shown(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def split(
    table: TextColumns, ids: pd.Index, labelled: Labels, config: FilesConfig
) -> tuple[list[NDArray[np.int64]], list[str]]:
    """Return the ascending nodes of train, val and test, and lines on what is in none.

    Raises:
        UserError: A part is empty, or lacks a class that its metric needs.
    """
    import numpy as np

    report: list[str] = []
    if config.split is None:
        part = _drawn(ids, labelled, config)
    else:
        part, report = _by_column(table, config.split, labelled)
    parts = [np.flatnonzero(part == place) for place in range(len(PARTS))]
    for name, nodes in zip(PARTS, parts, strict=True):
        if not len(nodes):
            raise _empty(table, name, int((labelled.y >= 0).sum()), config)
        if config.metric == "roc_auc" and name != "train" and len(set(labelled.y[nodes])) < 2:
            raise UserError(
                f"dataset.metric=roc_auc: needs both classes in {name}, which has "
                f"{labelled.classes[labelled.y[nodes[0]]]!r} only; choose dataset.metric=accuracy "
                "or another split."
            )
    unseen = np.setdiff1d(np.unique(labelled.y[labelled.y >= 0]), labelled.y[parts[0]])
    if len(unseen):
        names = listed([repr(labelled.classes[place]) for place in unseen])
        report.append(f"classes: train has no node of {names}, so it can't learn them")
    return parts, report


def _by_column(
    table: TextColumns, name: str, labelled: Labels
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the part of each node by a column's words, [N]; -1 for none."""
    import numpy as np

    column = coded(table, name)
    words = [str(value).strip().lower() for value in column.values]
    said = column.spread(np.array([WORDS.get(word, -1) for word in words], dtype=np.int64), -1)
    has_label = labelled.y >= 0
    left = (said < 0) & has_label
    report = []
    if left.any():
        others = np.unique(column.codes[left & (column.codes >= 0)])
        named = [repr(str(column.values[code])) for code in others]
        if (left & (column.codes < 0)).any():
            named.append("nothing")
        report.append(
            f"split: labelled nodes in no part: {int(left.sum()):,}, for which column {name!r} "
            f"says {listed(named)}"
        )
    return np.where(has_label, said, -1), report


def _drawn(ids: pd.Index, labelled: Labels, config: FilesConfig) -> NDArray[np.int64]:
    """Draw the part of each node class by class, [N]; -1 where it has no label.

    Nodes are drawn in the order of their ids, so the order of rows changes nothing. A class of
    three nodes or more is in every part.
    """
    import numpy as np

    part = np.full(len(labelled.y), -1, dtype=np.int64)
    generator = np.random.default_rng(config.split_seed)
    in_order = np.argsort(ids.to_numpy(dtype=object), kind="stable")
    by_class = in_order[np.argsort(labelled.y[in_order], kind="stable")]
    sizes = np.bincount(labelled.y[labelled.y >= 0], minlength=len(labelled.classes))
    start = int((labelled.y < 0).sum())
    for size in sizes:
        nodes = generator.permutation(by_class[start : start + size])
        start += size
        least = 1 if size >= 3 else 0
        val = max(least, round(config.val_fraction * size))
        test = max(least, round((1 - config.train_fraction - config.val_fraction) * size))
        train = max(1, size - val - test)
        val = min(val, size - train - least)
        part[nodes[:train]] = 0
        part[nodes[train : train + val]] = 1
        part[nodes[train + val :]] = 2
    return part


def _empty(table: TextColumns, name: str, count: int, config: FilesConfig) -> UserError:
    if config.split is not None:
        return UserError(
            f"{table.name}, column {config.split!r}: puts no labelled node into {name}; write "
            f"{name!r} for some, or leave dataset.split out and glt draws the parts."
        )
    return UserError(
        f"{table.name}: {count:,} labelled nodes are too few for dataset.train_fraction="
        f"{config.train_fraction} and dataset.val_fraction={config.val_fraction}, as {name} is "
        "empty; change the fractions or label more nodes."
    )
