"""The split of the labelled nodes into train, val and test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from glt_cli.config.datasets import BINARY_METRICS, FilesConfig
from glt_cli.data.files.cells import coded
from glt_cli.data.files.labels import Labels
from glt_cli.data.files.tabular import Table, listed
from glt_cli.data.files.times import times
from glt_cli.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

PARTS = ("train", "val", "test")
_TRAIN, _VAL, _TEST = range(3)
#: Cells of a mask.
_TRUTHS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
#: Words for the parts in a split column, and their position in PARTS.
WORDS = {"train": _TRAIN, "val": _VAL, "valid": _VAL, "validation": _VAL, "test": _TEST}


def split(
    table: Table, ids: pd.Index, labelled: Labels, config: FilesConfig
) -> tuple[list[NDArray[np.int64]], list[str]]:
    """Return the ascending nodes of train, val and test, and lines for the report.

    Raises:
        UserError: A part is empty, or lacks a class that its metric needs.
    """
    import numpy as np

    if config.time is not None:
        part, report = _by_time(table, config.time, labelled, config)
    elif config.masks:
        part, report = _by_masks(table, config.masks, labelled)
    elif config.split is not None:
        part, report = _by_column(table, config, labelled)
    else:
        part, report = _drawn(ids, labelled, config), []
    given = config.split is not None
    if given and not (part == _VAL).any() and all((part == each).any() for each in (_TRAIN, _TEST)):
        part, carved = _carved(part, ids, labelled, config)
        report.append(carved)
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


def _by_column(
    table: Table, config: FilesConfig, labelled: Labels
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the part of each node according to a column, [N]; -1 for none.

    Raises:
        UserError: A value that the settings give to a part isn't in the column.
    """
    import numpy as np

    column = coded(table, config.split)
    part = np.full(len(column.values), -1, dtype=np.int64)
    if config.words:
        for place, (name, words) in enumerate(zip(PARTS, config.words, strict=True)):
            for word, found in zip(words, column.among(words), strict=True):
                if not found.any():
                    raise UserError(
                        f"dataset.{name}: no cell of {config.split!r} is {word!r} in {table.name} "
                        f"(values: {listed([repr(str(value)) for value in column.values])})."
                    )
                part[found] = place
    else:
        texts = [str(value).strip().lower() for value in column.values]
        part[:] = [WORDS.get(text, -1) for text in texts]
    part = column.spread(part, -1)
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
            f"{config.split!r} has {listed(named)}"
        )
    return np.where(has_label, part, -1), report


def _by_masks(
    table: Table, names: Sequence[str], labelled: Labels
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the part of each node by a column for each part, [N]; -1 for none.

    Two columns are those of train and test.

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
    places = np.array([_TRAIN, _TEST] if len(names) == 2 else [_TRAIN, _VAL, _TEST])
    part = np.where(chosen.any(axis=0), places[chosen.argmax(axis=0)], -1)
    has_label = labelled.y >= 0
    outside = int(((part < 0) & has_label).sum())
    report = [f"split: {outside:,} labelled nodes are in no part"] if outside else []
    return np.where(has_label, part, -1), report


def _by_time(
    table: Table, name: str, labelled: Labels, config: FilesConfig
) -> tuple[NDArray[np.int64], list[str]]:
    """Let the earliest labelled nodes train and the latest test, by the fractions, [N].

    Nodes of the same time are in the same part, so the fractions are met only as well as that
    allows; the report gives the borders. -1 for nodes without a time or a label.

    Raises:
        UserError: There are fewer than three times, or a cell is not a time.
    """
    import numpy as np

    when, shown = times(table, name)
    chosen = np.flatnonzero((labelled.y >= 0) & ~np.isnan(when))
    moments, counts = np.unique(when[chosen], return_counts=True)
    if len(moments) < len(PARTS):
        raise UserError(
            f"{table.name}, column {name!r}: has {len(moments)} different times, but a split by "
            "time needs three (dataset.time)."
        )
    earlier = np.cumsum(counts) - counts  # labelled nodes before each moment
    wanted = np.cumsum([config.train_fraction, config.val_fraction]) * len(chosen)
    val_from = 1 + int(np.abs(earlier[1:-1] - wanted[0]).argmin())
    test_from = val_from + 1 + int(np.abs(earlier[val_from + 1 :] - wanted[1]).argmin())
    part_of = np.repeat([_TRAIN, _VAL, _TEST], np.diff([0, val_from, test_from, len(moments)]))
    part = np.full(len(when), -1, dtype=np.int64)
    part[chosen] = part_of[np.searchsorted(moments, when[chosen])]
    report = [
        f"split: {PARTS[place]} from {shown(moments[part_of == place][0])} to "
        f"{shown(moments[part_of == place][-1])} ({name!r})"
        for place in range(len(PARTS))
    ]
    without = int(((labelled.y >= 0) & np.isnan(when)).sum())
    if without:
        report.append(f"split: {without:,} labelled nodes have no {name!r}; they are in no part")
    return part, report


def _carved(
    part: NDArray[np.int64], ids: pd.Index, labelled: Labels, config: FilesConfig
) -> tuple[NDArray[np.int64], str]:
    """Move some training nodes of each class to val; return the parts [N] and a report line."""
    part = part.copy()
    taken = 0
    for nodes in _shuffled_classes(ids, labelled, part == _TRAIN, config.split_seed):
        moved = nodes[: min(len(nodes) - 1, max(1, round(config.val_fraction * len(nodes))))]
        part[moved] = _VAL
        taken += len(moved)
    return part, (
        f"split: no node was given to val, so {taken:,} training nodes, drawn by label "
        f"(dataset.val_fraction={config.val_fraction}, split_seed {config.split_seed}), are val"
    )


def _drawn(ids: pd.Index, labelled: Labels, config: FilesConfig) -> NDArray[np.int64]:
    """Draw the part of each node, class by class, [N]; -1 for nodes without a label.

    A class with three nodes or more has nodes in every part.
    """
    import numpy as np

    part = np.full(len(labelled.y), -1, dtype=np.int64)
    for nodes in _shuffled_classes(ids, labelled, labelled.y >= 0, config.split_seed):
        size = len(nodes)
        least = 1 if size >= 3 else 0
        val = max(least, round(config.val_fraction * size))
        test = max(least, round((1 - config.train_fraction - config.val_fraction) * size))
        train = max(1, size - val - test)
        val = min(val, size - train - least)
        part[nodes[:train]] = _TRAIN
        part[nodes[train : train + val]] = _VAL
        part[nodes[train + val :]] = _TEST
    return part


def _shuffled_classes(
    ids: pd.Index, labelled: Labels, among: NDArray[np.bool_], seed: int
) -> Iterator[NDArray[np.int64]]:
    """Yield the nodes of each class that are `among` [N], in random order.

    They are drawn in the order of their ids, so the order of the rows doesn't matter.
    """
    import numpy as np

    generator = np.random.default_rng(seed)
    in_order = np.argsort(ids.to_numpy(dtype=object), kind="stable")
    in_order = in_order[among[in_order]]
    y = labelled.y[in_order]
    for label in range(len(labelled.classes)):
        nodes = in_order[y == label]
        if len(nodes):
            yield generator.permutation(nodes)


def _empty(table: Table, name: str, count: int, config: FilesConfig) -> UserError:
    if config.split is not None:
        columns = listed(config.masks) or config.split
        return UserError(
            f"{table.name}, column {columns!r}: has no labelled node for {name}; write "
            f"{name!r} for some nodes, name its values with dataset.{name}=[…], or leave out "
            "dataset.split to have the parts drawn."
        )
    return UserError(
        f"{table.name}: {count:,} labelled nodes are too few for dataset.train_fraction="
        f"{config.train_fraction} and dataset.val_fraction={config.val_fraction}: {name} is "
        "empty; change the fractions or label more nodes."
    )
