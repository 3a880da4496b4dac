"""Notes under a table: what a reader must know and the cells do not show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.measures import DEVICE_METRICS, METRICS
from glt_cli.analysis.compare.pivot import PivotTable, TableRow, differing_settings
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.analysis.compare.statistics import SettingResult

#: A note lists at most this many items.
_MAX_LISTED = 8


def notes_on_unused(runs: Sequence[ComparedRun], used: int) -> Iterator[str]:
    """Count the runs that are in no cell: unfinished ones and repetitions."""
    unfinished = Counter(
        "incomplete" if run.record.status == "done" else run.record.status
        for run in runs
        if not run.is_done
    )
    if unfinished:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(unfinished.items()))
        yield f"Left out: {counts} (the same glt run command completes them)."
    if repeated := len(runs) - unfinished.total() - used:
        count = "1 run repeats" if repeated == 1 else f"{repeated} runs repeat"
        yield f"{count} a setting and seed; only the latest counts."


def notes_on_results(pivot_table: PivotTable, metrics: Sequence[str]) -> Iterator[str]:
    """Everything about the results of a table that its cells do not show."""
    results = pivot_table.our_results()
    yield from _missing_cells(pivot_table)
    yield from _different_seeds(pivot_table, results)
    if any(row.label and not row.is_published for row in pivot_table.rows):
        yield "Different settings are in separate rows; no mean mixes them."
    yield from _hidden_fields(pivot_table, results)
    yield from _hidden_settings(pivot_table, results)
    yield from _different_metrics(results)
    yield from _different_devices(pivot_table, results, metrics)
    if "speedup" in metrics and any(o.prunes and "speedup" not in o.estimates for o in results):
        yield (
            "No speed-up where imp has no runs, or runs of several settings, for the same model, "
            "data set, targets and device."
        )
    yield from dict.fromkeys(remark for result in results for remark in result.remarks)


def _missing_cells(pivot_table: PivotTable) -> Iterator[str]:
    column_field = pivot_table.column_field
    if column_field is None:
        return
    with_tickets = {
        value for row in pivot_table.rows for value, result in row.cells.items() if result.prunes
    }
    missing = [
        f"{_row_name(pivot_table, row)} on {fields.text(column_field, value)}"
        for row in pivot_table.rows
        for value in pivot_table.column_values
        if _is_missing(column_field, row, value, value in with_tickets)
    ]
    if missing:
        yield f"Missing: {_shortened(missing)}."


def _is_missing(column_field: str, row: TableRow, value: object, has_tickets: bool) -> bool:
    if value in row.cells or row.is_published:
        return False
    if not any(column_field in names for names in fields.TARGET_FIELDS):
        return True
    # Dense models have no targets, and pruned ones always have some.
    return has_tickets and any(result.prunes for result in row.cells.values())


def _different_seeds(pivot_table: PivotTable, results: Sequence[SettingResult]) -> Iterator[str]:
    names_by_seeds: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for name, result in zip(_result_names(pivot_table), results, strict=True):
        names_by_seeds[result.seeds].append(name)
    if len(names_by_seeds) > 1 and "seed" not in pivot_table.fields:
        parts = [
            f"{ranges(seeds)} ({_shortened(list(dict.fromkeys(names)))})"
            for seeds, names in sorted(
                names_by_seeds.items(), key=lambda item: (-len(item[0]), item[0])
            )
        ]
        yield f"Seeds differ: {'; '.join(parts)}."


def _hidden_fields(pivot_table: PivotTable, results: Sequence[SettingResult]) -> Iterator[str]:
    for name in fields.STANDARD_FIELDS:
        if name in pivot_table.fields:
            continue
        relevant = _with_hidden_targets(pivot_table, results) if name == fields.TARGETS else results
        yield from _differs(name, [result.field_values[name] for result in relevant])


def _hidden_settings(pivot_table: PivotTable, results: Sequence[SettingResult]) -> Iterator[str]:
    """Name the settings that differ within one method; between methods that is expected."""
    groups: dict[tuple[object, ...], list[SettingResult]] = defaultdict(list)
    for result in results:
        key = tuple(result.field_values[name] for name in ("method", "backbone", "dataset"))
        groups[key].append(result)
    names = {name for group in groups.values() for name in differing_settings(group)}
    labels = [row.label for row in pivot_table.rows]
    for name in sorted(names - {*pivot_table.fields}):
        if not name.startswith("sparsity.") and not any(name in label for label in labels):
            yield from _differs(name, [result.settings.get(name) for result in results])


def _with_hidden_targets(
    pivot_table: PivotTable, results: Sequence[SettingResult]
) -> list[SettingResult]:
    """Results that prune, if they differ in a target that no row or column shows."""
    hidden = [
        i for i, names in enumerate(fields.TARGET_FIELDS) if not names & {*pivot_table.fields}
    ]
    pruned = [result for result in results if result.prunes]
    hidden_targets = set()
    for result in pruned:
        targets = result.field_values[fields.TARGETS]
        assert isinstance(targets, tuple)
        hidden_targets.add(tuple(targets[i] for i in hidden))
    return pruned if len(hidden_targets) > 1 else []


def _differs(field: str, values: Iterable[object]) -> Iterator[str]:
    distinct = sorted(set(values), key=lambda value: fields.sort_key(field, value))
    if len(distinct) > 1:
        listed = _shortened([fields.text(field, value) for value in distinct])
        yield f"Differs between cells: {field} ({listed}); --rows {field} shows it."


def _different_metrics(results: Sequence[SettingResult]) -> Iterator[str]:
    datasets: dict[str, set[str]] = defaultdict(set)
    for result in results:
        datasets[result.metric].add(str(result.field_values["dataset"]))
    if len(datasets) > 1:
        parts = [f"{metric} ({', '.join(sorted(names))})" for metric, names in datasets.items()]
        yield f"Scores use different metrics: {'; '.join(sorted(parts))}."


def _different_devices(
    pivot_table: PivotTable, results: Sequence[SettingResult], metrics: Sequence[str]
) -> Iterator[str]:
    affected = [METRICS[name].heading for name in metrics if name in DEVICE_METRICS]
    devices = sorted({device for result in results for device in result.devices})
    if affected and len(devices) > 1 and "device" not in pivot_table.fields:
        yield (
            f"Runs used different devices ({'; '.join(devices)}): "
            f"don't compare {', '.join(affected)}."
        )


def _result_names(pivot_table: PivotTable) -> list[str]:
    """Name each of our results, in the order of `PivotTable.our_results`."""
    names = []
    for row in pivot_table.rows:
        for value in pivot_table.column_values:
            if value in row.cells and not row.cells[value].published_label:
                name = _row_name(pivot_table, row)
                column = pivot_table.column_field
                names.append(f"{name} on {fields.text(column, value)}" if column else name)
    return names


def _row_name(pivot_table: PivotTable, row: TableRow) -> str:
    """Name a row by the fields in which rows differ."""
    names = [
        fields.text(field, value)
        for i, (field, value) in enumerate(
            zip(pivot_table.row_fields, row.field_values, strict=True)
        )
        if len({other.field_values[i] for other in pivot_table.rows}) > 1
    ]
    names += [row.label] if row.label else []
    return " ".join(names) or fields.text(pivot_table.row_fields[0], row.field_values[0])


def _shortened(items: Sequence[str]) -> str:
    more = len(items) - _MAX_LISTED
    return ", ".join(items[:_MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def ranges(seeds: Iterable[int]) -> str:
    """Format seeds as ranges: 0-4, 7."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    text = ", ".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts)
    return f"{'seed' if sum(map(len, parts)) == 1 else 'seeds'} {text}"
