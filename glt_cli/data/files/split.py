"""The classes of the nodes, and the split into train, val and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glt_cli.config.datasets import BINARY_METRICS, FilesConfig
from glt_cli.data.files.cells import Coded, as_numbers, coded
from glt_cli.data.files.tabular import Table, listed
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

PARTS = ("train", "val", "test")
#: Cells of a mask.
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
#: Words for the parts in a split column, and their position in PARTS.
WORDS = {"train": 0, "val": 1, "valid": 1, "validation": 1, "test": 2}
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
    left_out = _among(column, unlabelled)
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


def _among(column: Coded, words: Sequence[str]) -> list[NDArray[np.bool_]]:
    """For each word, which distinct values are it, as text or as the same number, each [U]."""
    import numpy as np

    values, wanted = column.numbers(), as_numbers(np.array([*words], dtype=object))
    return [
        (column.values == word) | (values == number)
        for word, number in zip(words, wanted, strict=True)
    ]


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


def split(
    table: Table, ids: pd.Index, labelled: Labels, config: FilesConfig
) -> tuple[list[NDArray[np.int64]], list[str]]:
    """Return the ascending nodes of train, val and test, and lines for the report.

    Raises:
        UserError: A part is empty, or lacks a class that its metric needs.
    """
    import numpy as np

    report: list[str] = []
    if config.split is None:
        part = _drawn(ids, labelled, config)
    elif config.masks:
        part, report = _by_masks(table, config.masks, labelled)
    else:
        part, report = _by_column(table, config.split, labelled)
    parts = [np.flatnonzero(part == place) for place in range(len(PARTS))]
    for name, nodes in zip(PARTS, parts, strict=True):
        if not len(nodes):
            raise _empty(table, name, int((labelled.y >= 0).sum()), config)
        if config.metric in BINARY_METRICS and name != "train" and len(set(labelled.y[nodes])) < 2:
            raise UserError(
                f"dataset.metric={config.metric}: needs both classes in {name}, which has "
                f"only {labelled.classes[labelled.y[nodes[0]]]!r}; choose dataset.metric=accuracy "
                "or another split."
            )
    unseen = np.setdiff1d(np.unique(labelled.y[labelled.y >= 0]), labelled.y[parts[0]])
    if len(unseen):
        names = listed([repr(labelled.classes[place]) for place in unseen])
        report.append(f"classes: no training node has {names}, so the model can't learn it")
    return parts, report


def _by_column(table: Table, name: str, labelled: Labels) -> tuple[NDArray[np.int64], list[str]]:
    """Return the part of each node according to a column, [N]; -1 for none."""
    import numpy as np

    column = coded(table, name)
    words = [str(value).strip().lower() for value in column.values]
    part = column.spread(np.array([WORDS.get(word, -1) for word in words], dtype=np.int64), -1)
    has_label = labelled.y >= 0
    without_part = (part < 0) & has_label
    report = []
    if without_part.any():
        others = np.unique(column.codes[without_part & (column.codes >= 0)])
        named = [repr(str(column.values[code])) for code in others]
        if (without_part & (column.codes < 0)).any():
            named.append("an empty cell")
        report.append(
            f"split: {int(without_part.sum()):,} labelled nodes are in no part, because column "
            f"{name!r} has {listed(named)}"
        )
    return np.where(has_label, part, -1), report


def _by_masks(
    table: Table, names: Sequence[str], labelled: Labels
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the part of each node by a column for each part, [N]; -1 for none.

    Raises:
        UserError: A cell is neither true nor false, or a node is in two parts.
    """
    import numpy as np

    masks = []
    for name in names:
        column = coded(table, name)
        truth = [_TRUTHS.get(str(value).strip().lower()) for value in column.values]
        wrong = column.spread(np.array([each is None for each in truth], dtype=bool), False)
        if wrong.any():
            position = int(np.flatnonzero(wrong)[0])
            shown = str(column.values[column.codes[position]])
            raise UserError(
                f"{table.where(position)}, column {name!r}: {shown!r} doesn't say whether the node "
                "is in this part (dataset.split); write true or false."
            )
        masks.append(column.spread(np.array([bool(each) for each in truth], dtype=bool), False))
    chosen = np.stack(masks)
    twice = np.flatnonzero(chosen.sum(axis=0) > 1)
    if len(twice):
        both = listed(
            [repr(name) for name, there in zip(names, chosen[:, twice[0]], strict=True) if there]
        )
        raise UserError(
            f"{table.where(int(twice[0]))}: the node is in {both} at once ({len(twice):,} such "
            "nodes); the parts of dataset.split must not share nodes."
        )
    part = np.where(chosen.any(axis=0), chosen.argmax(axis=0), -1)
    has_label = labelled.y >= 0
    outside = int(((part < 0) & has_label).sum())
    report = [f"split: {outside:,} labelled nodes are in no part"] if outside else []
    return np.where(has_label, part, -1), report


def _drawn(ids: pd.Index, labelled: Labels, config: FilesConfig) -> NDArray[np.int64]:
    """Draw the part of each node, class by class, [N]; -1 for nodes without a label.

    Nodes are drawn in the order of their ids, so the order of the rows doesn't matter. A class with
    three nodes or more has nodes in every part.
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


def _empty(table: Table, name: str, count: int, config: FilesConfig) -> UserError:
    if config.split is not None:
        columns = listed(config.masks) or config.split
        return UserError(
            f"{table.name}, column {columns!r}: has no labelled node for {name}; write "
            f"{name!r} for some nodes, or leave out dataset.split to have the parts drawn."
        )
    return UserError(
        f"{table.name}: {count:,} labelled nodes are too few for dataset.train_fraction="
        f"{config.train_fraction} and dataset.val_fraction={config.val_fraction}: {name} is "
        "empty; change the fractions or label more nodes."
    )
