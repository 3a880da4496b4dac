"""Lines about what was read from the user's files, printed before training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.tabular import listed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from glt_cli.data.files.columns import Feature
    from glt_cli.data.files.labels import Labels


def label_report(labelled: Labels, column: str) -> list[str]:
    """Count the nodes of each class, and those without a label."""
    unlabelled = int((labelled.y < 0).sum())
    counted = zip(labelled.classes, labelled.counts(), strict=True)
    shown = [f"{name!r} {count:,}" for name, count in counted]
    lines = [f"label {column!r}: {listed(shown)}"]
    if unlabelled:
        lines.append(
            f"label {column!r}: {unlabelled:,} of {len(labelled.y):,} nodes have no label; they "
            "stay in the graph, but in no part"
        )
    return lines


def split_report(parts: list[NDArray[np.int64]], config: FilesConfig) -> str:
    """Say how many nodes each part has, and where the parts come from."""
    by = f"drawn by label, split_seed {config.split_seed}"
    if config.time is not None:
        by = f"by time, column {config.time!r}"
    elif config.masks:
        by = f"by columns {listed(config.masks)}"
    elif config.split is not None:
        by = f"by column {config.split!r}"
    train, val, test = (f"{len(nodes):,}" for nodes in parts)
    return f"split: {train} train, {val} val, {test} test, {by}"


def kinds(columns: list[Feature]) -> str:
    """List columns with what they were taken for."""
    from glt_cli.data.files.columns import Categories

    shown = [
        f"{column.name} ({len(column.categories)} categories)"
        if isinstance(column, Categories)
        else f"{column.name} ({'true/false' if column.boolean else 'number'})"
        for column in columns
    ]
    return f"{len(columns)} {'columns' if len(columns) > 1 else 'column'}: {listed(shown)}"


def sparse_report(described: list[dict[str, Any]]) -> list[str]:
    """Report the columns of numbers that were scaled without centring, as columns.fitted does."""
    count = sum(about.get("centred") is False for about in described)
    return (
        [
            f"features: {count:,} columns of numbers that are nearly all 0 are divided by the "
            "largest value of the training nodes, not centred, so that they stay sparse "
            "(dataset.standardise=false leaves them as they are)"
        ]
        if count
        else []
    )


def fill_report(columns: list[Feature], described: list[dict[str, Any]]) -> list[str]:
    """Report what replaces missing values."""
    from glt_cli.data.files.columns import MISSING

    lines = [
        f"missing: {column.missing:,} in {column.name!r}, replaced by "
        + (f"{about['fill']:.6g}" if "fill" in about else f"the category {MISSING}")
        for column, about in zip(columns, described, strict=True)
        if column.missing
    ]
    most = 20
    return lines[:most] + (
        [f"missing: {len(lines) - most} more columns"] if len(lines) > most else []
    )
