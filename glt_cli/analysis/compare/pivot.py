"""Where outcomes stand in a table: rows, columns, and settings that must not share a place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.statistics import SettingResult


@dataclass(frozen=True)
class Line:
    """A row of a table.

    Attributes:
        facts: Values of the row fields.
        label: What sets it apart from rows of the same values; empty where nothing must.
        cells: Outcomes by the value of the column key; of a table without one, by None.
    """

    facts: tuple[object, ...]
    label: str
    cells: Mapping[object, SettingResult]


@dataclass(frozen=True)
class PivotTable:
    """A table before it is text.

    Attributes:
        rows: The row fields.
        column: The column key, if there is one.
        lines: Rows, sorted.
        across: Values of the column key, sorted; `[None]` without one.
    """

    rows: tuple[str, ...]
    column: str | None
    lines: list[Line]
    across: list[object]

    def ours(self) -> list[SettingResult]:
        """All outcomes that are not published ones, row by row."""
        cells = (line.cells[at] for line in self.lines for at in self.across if at in line.cells)
        return [outcome for outcome in cells if not outcome.published]

    def published(self) -> list[SettingResult]:
        """All published ones."""
        cells = (line.cells[at] for line in self.lines for at in self.across if at in line.cells)
        return [outcome for outcome in cells if outcome.published]


def pivot(outcomes: Iterable[SettingResult], rows: Sequence[str], column: str | None) -> PivotTable:
    """Give every outcome a place of its own."""
    by_row: dict[tuple[object, ...], list[SettingResult]] = defaultdict(list)
    for outcome in outcomes:
        by_row[tuple(outcome.facts[key] for key in rows)].append(outcome)
    lines = []
    across: set[object] = set()
    for facts, group in by_row.items():
        labelled: dict[str, dict[object, SettingResult]] = defaultdict(dict)
        for label, outcome in _told_apart(group, column):
            at = outcome.facts[column] if column else None
            assert at not in labelled[label], "two outcomes in one cell"
            labelled[label][at] = outcome
            across.add(at)
        lines += [Line(facts, label, cells) for label, cells in labelled.items()]

    def order(line: Line) -> tuple[object, ...]:
        ranks = [fields.rank(key, fact) for key, fact in zip(rows, line.facts, strict=True)]
        return ranks, line.label.startswith("published"), line.label

    lines.sort(key=order)
    return PivotTable(
        tuple(rows), column, lines, sorted(across, key=lambda at: fields.rank(column or "", at))
    )


def _told_apart(
    group: Sequence[SettingResult], column: str | None
) -> list[tuple[str, SettingResult]]:
    """Label outcomes of one row by the settings in which those that would share a cell differ."""
    ours: dict[object, list[SettingResult]] = defaultdict(list)
    for outcome in group:
        if not outcome.published:
            ours[outcome.facts[column] if column else None].append(outcome)
    names = sorted({name for several in ours.values() for name in differing(several)})
    labelled = []
    for several in ours.values():
        labels = [_label(outcome, names) for outcome in several]
        for outcome, label in zip(several, labels, strict=True):
            if labels.count(label) > 1:
                # Nothing in the settings tells them apart: another device kind, data or code.
                label = ", ".join(part for part in (label, f"hash {outcome.setting}") if part)
            labelled.append((label, outcome))
    return labelled + [(outcome.published, outcome) for outcome in group if outcome.published]


def differing(several: Sequence[SettingResult]) -> set[str]:
    """Name the settings in which some outcomes differ."""
    names = {name for outcome in several for name in outcome.settings}
    return {
        name for name in names if len({repr(outcome.settings.get(name)) for outcome in several}) > 1
    }


def _label(outcome: SettingResult, names: Iterable[str]) -> str:
    found = [(name, outcome.settings[name]) for name in names if name in outcome.settings]
    return ", ".join(f"{name}={fields.text(name, value)}" for name, value in found)
