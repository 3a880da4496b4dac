"""Arrange results in rows and columns; different settings never share a cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.statistics import SettingResult


@dataclass(frozen=True)
class TableRow:
    """A row of a table.

    Attributes:
        field_values: Values of the row fields.
        label: Distinguishes rows with the same field values; empty if there are none.
        cells: Results by the value of the column field, or under None without a column field.
    """

    field_values: tuple[object, ...]
    label: str
    cells: Mapping[object, SettingResult]

    @property
    def is_published(self) -> bool:
        """Whether the row holds published results."""
        return any(result.published_label for result in self.cells.values())


@dataclass(frozen=True)
class PivotTable:
    """Results arranged in rows and columns.

    Attributes:
        row_fields: The fields that identify rows.
        column_field: The field with one column per value, if any.
        rows: The rows, sorted.
        column_values: Values of the column field, sorted; `[None]` without a column field.
    """

    row_fields: tuple[str, ...]
    column_field: str | None
    rows: list[TableRow]
    column_values: list[object]

    @property
    def fields(self) -> tuple[str, ...]:
        """Row fields and the column field."""
        return (*self.row_fields, *([self.column_field] if self.column_field else []))

    def results(self, row: TableRow) -> list[SettingResult]:
        """Results of a row, by column."""
        return [row.cells[value] for value in self.column_values if value in row.cells]

    def our_results(self) -> list[SettingResult]:
        """All results except published ones, row by row."""
        return [o for row in self.rows for o in self.results(row) if not o.published_label]

    def published_results(self) -> list[SettingResult]:
        """All published results, row by row."""
        return [o for row in self.rows for o in self.results(row) if o.published_label]


def pivot(
    results: Iterable[SettingResult], row_fields: Sequence[str], column_field: str | None
) -> PivotTable:
    """Give every result a cell of its own."""
    by_fields: dict[tuple[object, ...], list[SettingResult]] = defaultdict(list)
    for result in results:
        by_fields[tuple(result.field_values[name] for name in row_fields)].append(result)
    rows = []
    column_values: set[object] = set()
    for field_values, group in by_fields.items():
        by_label: dict[str, dict[object, SettingResult]] = defaultdict(dict)
        for label, result in _labelled(group, column_field):
            value = result.field_values[column_field] if column_field else None
            assert value not in by_label[label], "two results in one cell"
            by_label[label][value] = result
            column_values.add(value)
        rows += [TableRow(field_values, label, cells) for label, cells in by_label.items()]

    def sort_key(row: TableRow) -> tuple[object, ...]:
        values = zip(row_fields, row.field_values, strict=True)
        return [fields.sort_key(*pair) for pair in values], row.is_published, row.label

    rows.sort(key=sort_key)
    return PivotTable(
        tuple(row_fields),
        column_field,
        rows,
        sorted(column_values, key=lambda value: fields.sort_key(column_field or "", value)),
    )


def _labelled(
    group: Sequence[SettingResult], column_field: str | None
) -> list[tuple[str, SettingResult]]:
    """Label results that would share a cell by the settings in which they differ."""
    by_column: dict[object, list[SettingResult]] = defaultdict(list)
    for result in group:
        if not result.published_label:
            by_column[result.field_values[column_field] if column_field else None].append(result)
    names = sorted({name for cell in by_column.values() for name in differing_settings(cell)})
    labelled = []
    for cell in by_column.values():
        labels = [_settings_label(result, names) for result in cell]
        for result, label in zip(cell, labels, strict=True):
            if labels.count(label) > 1:
                # Same settings, different hash: another kind of device, other data or code.
                label = ", ".join(part for part in (label, f"hash {result.config_hash}") if part)
            labelled.append((label, result))
    published = [result for result in group if result.published_label]
    return labelled + [(result.published_label, result) for result in published]


def differing_settings(results: Sequence[SettingResult]) -> set[str]:
    """Find the settings in which some results differ."""
    names = {name for result in results for name in result.settings}
    return {
        name for name in names if len({repr(result.settings.get(name)) for result in results}) > 1
    }


def _settings_label(result: SettingResult, names: Iterable[str]) -> str:
    settings = [(name, result.settings[name]) for name in names if name in result.settings]
    return ", ".join(f"{name}={fields.text(name, value)}" for name, value in settings)
