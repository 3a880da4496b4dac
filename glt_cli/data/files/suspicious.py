"""What can be read but looks like a mistake: codes for unknown, features that know the answer."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.cells import MISSING_WORDS
from glt_cli.data.files.columns import MISSING, Categories, Feature, Numbers
from glt_cli.data.files.labels import Labels
from glt_cli.data.files.split import WORDS
from glt_cli.data.files.tabular import Table, listed, setting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Labels that often stand for "unknown", in lower case.
_UNKNOWN = MISSING_WORDS | {
    *("unknown", "unlabeled", "unlabelled", "unclassified", "undefined", "missing", "unk", "tbd"),
    *("?", "-", "--", "#n/a", "n.a.", "\\n", "-1", "-9", "-99", "-999", "9999", "not available"),
    *("unbekannt", "inconnu", "inconnue", "desconocido", "sconosciuto", "onbekend"),
}
#: A date, perhaps with a time.
_DATE = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2}))([ T].*)?"
)
#: With fewer training nodes than this, a column may know the labels by chance.
_ENOUGH = 30
#: A column knows the label if this share of the training nodes, at most, breaks the rule.
_EXCEPTIONS = 0.02


def suspicious(
    table: Table,
    columns: Sequence[Feature],
    labelled: Labels,
    train: NDArray[np.int64],
    config: FilesConfig,
) -> list[str]:
    """Point out what looks like a mistake, a line each, with the setting that would mend it."""
    return [
        *_unknown_labels(labelled, str(config.label)),
        *_alike_labels(labelled, str(config.label)),
        *(line for column in columns for line in _knows_label(column, labelled, train)),
        *(line for column in columns for line in _is_an_id(column)),
        *(line for column in columns for line in _is_a_date(column)),
        *_forgotten_parts(columns, config),
    ]


def _unknown_labels(labelled: Labels, label: str) -> Iterator[str]:
    counts = labelled.counts()
    for name, count in zip(labelled.classes, counts, strict=True):
        plain = name.strip().lower()
        # Classes 1, 2, … with most nodes in class 0: those nodes may just not be labelled.
        is_rest = plain == "0" and len(labelled.classes) > 2 and 2 * count > counts.sum()
        if plain in _UNKNOWN or not plain or is_rest:
            yield (
                f"label {label!r}: {name!r} ({int(count):,} nodes) is trained and scored as a "
                f"class; if it means that the label is unknown, set "
                f"{setting('unlabelled', name)}"
            )


def _alike_labels(labelled: Labels, label: str) -> Iterator[str]:
    alike = defaultdict(list)
    for name in labelled.classes:
        alike["".join(name.lower().split())].append(repr(name))
    for names in alike.values():
        if len(names) > 1:
            yield (
                f"label {label!r}: {' and '.join(names)} are different classes, but differ only by "
                "capitals or blanks; write them alike if they are one"
            )


def _knows_label(column: Feature, labelled: Labels, train: NDArray[np.int64]) -> Iterator[str]:
    """Whether the label follows from the column's value, or from the interval that it is in.

    Sorted by the column, training nodes change their class as often as there are classes, or
    hardly more often, instead of at every other node.
    """
    import numpy as np

    y = labelled.y[train]
    values = column.values[train] if isinstance(column, Numbers) else column.codes[train]
    classes = len(np.unique(y))
    distinct = len(np.unique(values))
    if len(y) < _ENOUGH or classes < 2 or distinct < 2:
        return
    order = np.lexsort((y, values))
    in_order, at = y[order], values[order]
    changes = np.count_nonzero(in_order[1:] != in_order[:-1])
    allowed = classes - 1 + int(_EXCEPTIONS * len(y))
    # A value with two classes is an exception for each node of its smaller class.
    mixed = _minorities(in_order, at)
    rest = len(y) - int(np.bincount(y).max())
    few_values = distinct <= len(y) // 3
    known = mixed <= _EXCEPTIONS * len(y) if few_values else changes + mixed <= allowed
    if known and mixed < 0.5 * rest:
        yield (
            f"feature {column.name!r}: the label of {1 - mixed / len(y):.1%} of the training nodes "
            f"follows from it alone; if it is known only with the answer, set "
            f"{setting('ignore', column.name)}"
        )


def _minorities(y: NDArray[np.int64], values: NDArray[np.float64] | NDArray[np.int64]) -> int:
    """Nodes that aren't of the most frequent class of their value; sorted by value and class."""
    import numpy as np

    _, group = np.unique(values, return_inverse=True, equal_nan=True)
    classes = int(y.max()) + 1
    pairs, counts = np.unique(group * classes + y, return_counts=True)
    most = np.zeros(int(group.max()) + 1, dtype=np.int64)
    np.maximum.at(most, pairs // classes, counts)
    return len(y) - int(most.sum())


def _is_an_id(column: Feature) -> Iterator[str]:
    """Whether a column of numbers counts the nodes: whole, all different, without large gaps."""
    import numpy as np

    if not isinstance(column, Numbers) or column.boolean or len(column.values) < _ENOUGH:
        return
    values = column.values
    if column.missing or (values != np.trunc(values)).any() or len(np.unique(values)) < len(values):
        return
    if values.max() - values.min() < 2 * len(values) or _named_id(column.name):
        yield (
            f"feature {column.name!r}: numbers the nodes and says nothing of them; if it is an id, "
            f"set {setting('ignore', column.name)}"
        )


def _is_a_date(column: Feature) -> Iterator[str]:
    """Whether a column of categories holds dates, each of which would be a feature of its own."""
    if not isinstance(column, Categories):
        return
    names = [name for name in column.categories if name != MISSING]
    if len(names) > 1 and all(_DATE.fullmatch(name) for name in names):
        yield (
            f"feature {column.name!r}: {len(names):,} dates are taken as categories, which know no "
            f"order; write numbers, such as days since the first, or set "
            f"{setting('ignore', column.name)}"
        )


def _named_id(name: str) -> bool:
    return name.lower().replace("-", "_").endswith(("_id", "index")) or name.lower() == "id"


def _forgotten_parts(columns: Sequence[Feature], config: FilesConfig) -> Iterator[str]:
    """Point out features that look like a split that isn't used."""
    if config.split is not None:
        return
    masks: dict[str, str] = {}
    for column in columns:
        name = column.name.lower()
        part = next((part for part in ("train", "val", "test") if part in name), None)
        if isinstance(column, Categories):
            if {str(value).lower() for value in column.categories} <= {*WORDS, "(missing)"}:
                yield (
                    f"features: column {column.name!r} only has {listed(column.categories)}; if it "
                    f"is the split, set dataset.split={column.name}"
                )
        elif part and _is_mask(column):
            masks[part] = column.name
    if masks:
        names = [masks.get(part, f"{part.upper()}_COLUMN") for part in ("train", "val", "test")]
        yield (
            f"features: {listed([repr(name) for name in masks.values()])} look like the masks of a "
            f"split; set dataset.split=[{','.join(names)}], or leave them out with "
            f"dataset.ignore=[{','.join(masks.values())}]"
        )


def _is_mask(column: Numbers) -> bool:
    import numpy as np

    return column.boolean or bool(np.isin(column.values, (0.0, 1.0)).all())
