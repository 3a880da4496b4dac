"""What must be said under a table, so that nobody reads into it what is not there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.measures import METRICS, TIMES
from glt_cli.analysis.compare.pivot import Line, PivotTable, differing
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.analysis.compare.statistics import SettingResult

#: A note is no second table.
_MOST = 8


def left_out(compared_runs: Sequence[ComparedRun], used: int) -> Iterator[str]:
    """Runs that are in no figure."""
    unfinished = Counter(
        "incomplete" if e.record.status == "done" else e.record.status
        for e in compared_runs
        if not e.is_done
    )
    if unfinished:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(unfinished.items()))
        yield f"Left out: {counts} (the same glt run goes on with what is missing)."
    if again := len(compared_runs) - unfinished.total() - used:
        runs = "1 run repeats" if again == 1 else f"{again} runs repeat"
        yield f"{runs} a setting and seed: the latest of each counts."


def about(layout: PivotTable, metrics: Sequence[str]) -> Iterator[str]:
    """Everything about the outcomes of a table that its cells don't show."""
    ours = layout.ours()
    yield from _missing(layout)
    yield from _seeds(layout, ours)
    if any(line.label and not line.label.startswith("published") for line in layout.lines):
        yield "Settings that differ stand in rows of their own: no mean is over several."
    yield from _hidden(layout, ours)
    yield from _hidden_settings(layout, ours)
    yield from _scores(layout, ours)
    timed = [name for name in metrics if name in TIMES]
    if timed:
        yield from _devices(layout, ours, timed)
    if "speedup" in metrics and any(o.prunes and "speedup" not in o.figures for o in ours):
        yield (
            "No speed-up where imp has no run here, or several settings, on the same model, data "
            "set, targets and device."
        )
    yield from dict.fromkeys(remark for outcome in ours for remark in outcome.remarks)


def _missing(layout: PivotTable) -> Iterator[str]:
    if layout.column is None:
        return
    with_tickets = {at for line in layout.lines for at, o in line.cells.items() if o.prunes}
    gaps = [
        f"{_row(layout, line.facts, line.label)} on {fields.text(layout.column, at)}"
        for line in layout.lines
        for at in layout.across
        if _is_missing(layout.column, line, at, at in with_tickets)
    ]
    if gaps:
        yield f"Missing: {_listed(gaps)}."


def _is_missing(column: str, line: Line, at: object, has_tickets: bool) -> bool:
    if at in line.cells or line.label.startswith("published"):
        return False
    if not any(column in names for names in fields.SHOWING_TARGETS):
        return True
    # The dense model has no targets, and what prunes is never without.
    return has_tickets and any(outcome.prunes for outcome in line.cells.values())


def _seeds(layout: PivotTable, ours: Sequence[SettingResult]) -> Iterator[str]:
    sets: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for name, outcome in zip(_names(layout), ours, strict=True):
        sets[outcome.seeds].append(name)
    if len(sets) > 1 and "seed" not in (*layout.rows, layout.column):
        parts = [
            f"{ranges(seeds)} ({_listed(list(dict.fromkeys(names)))})"
            for seeds, names in sorted(sets.items(), key=lambda item: (-len(item[0]), item[0]))
        ]
        yield f"Not the same seeds everywhere: {'; '.join(parts)}."


def _hidden(layout: PivotTable, ours: Sequence[SettingResult]) -> Iterator[str]:
    for key in fields.STANDARD:
        if key in (*layout.rows, layout.column):
            continue
        counted = _with_hidden_targets(layout, ours) if key == fields.TARGETS else ours
        yield from _not_the_same(key, [outcome.facts[key] for outcome in counted])


def _hidden_settings(layout: PivotTable, ours: Sequence[SettingResult]) -> Iterator[str]:
    """Settings in which a method differs from itself; that methods differ is no surprise."""
    alike: dict[tuple[object, ...], list[SettingResult]] = defaultdict(list)
    for one in ours:
        alike[tuple(one.facts[key] for key in ("method", "backbone", "dataset"))].append(one)
    names = {name for several in alike.values() for name in differing(several)}
    labels = [line.label for line in layout.lines]
    for key in sorted(names - {*layout.rows, layout.column}):
        if not key.startswith("sparsity.") and not any(key in label for label in labels):
            yield from _not_the_same(key, [outcome.settings.get(key) for outcome in ours])


def _with_hidden_targets(layout: PivotTable, ours: Sequence[SettingResult]) -> list[SettingResult]:
    """Outcomes that prune, if a target that rows and columns don't show varies among them."""
    shown = {*layout.rows, layout.column}
    hidden = [i for i, names in enumerate(fields.SHOWING_TARGETS) if not names & shown]
    counted = [outcome for outcome in ours if outcome.prunes]
    found = set()
    for outcome in counted:
        targets = outcome.facts[fields.TARGETS]
        assert isinstance(targets, tuple)
        found.add(tuple(targets[i] for i in hidden))
    return counted if len(found) > 1 else []


def _not_the_same(key: str, values: Iterable[object]) -> Iterator[str]:
    found = sorted(set(values), key=lambda value: fields.rank(key, value))
    if len(found) > 1:
        listed = _listed([fields.text(key, value) for value in found])
        yield f"Not the same in all cells: {key} ({listed}); --rows {key} shows it."


def _scores(layout: PivotTable, ours: Sequence[SettingResult]) -> Iterator[str]:
    kinds: dict[str, set[str]] = defaultdict(set)
    for outcome in ours:
        kinds[outcome.metric].add(str(outcome.facts["dataset"]))
    if len(kinds) > 1:
        parts = [f"{metric} ({', '.join(sorted(of))})" for metric, of in sorted(kinds.items())]
        yield f"Scores are not all of one kind: {'; '.join(parts)}."


def _devices(
    layout: PivotTable, ours: Sequence[SettingResult], timed: Sequence[str]
) -> Iterator[str]:
    devices = sorted({device for outcome in ours for device in outcome.devices})
    if len(devices) > 1 and "device" not in (*layout.rows, layout.column):
        figures = ", ".join(METRICS[name].heading for name in timed)
        yield f"Not all on one device ({'; '.join(devices)}): don't compare {figures}."


def _names(layout: PivotTable) -> list[str]:
    """What to call each of our outcomes, in the order of `Layout.ours`."""
    names = []
    for line in layout.lines:
        for at in layout.across:
            if at in line.cells and not line.cells[at].published:
                name = _row(layout, line.facts, line.label)
                names.append(
                    f"{name} on {fields.text(layout.column, at)}" if layout.column else name
                )
    return names


def _row(layout: PivotTable, facts: tuple[object, ...], label: str) -> str:
    """Name a row by those of its keys that tell rows apart."""
    told = [
        fields.text(key, fact)
        for i, (key, fact) in enumerate(zip(layout.rows, facts, strict=True))
        if len({line.facts[i] for line in layout.lines}) > 1
    ]
    return " ".join([*told, *([label] if label else [])]) or fields.text(layout.rows[0], facts[0])


def _listed(words: Sequence[str]) -> str:
    more = len(words) - _MOST
    return ", ".join(words[:_MOST]) + (f" and {more} more" if more > 0 else "")


def ranges(seeds: Iterable[int]) -> str:
    """Write seeds briefly: 0-4, 7."""
    parts: list[list[int]] = []
    for seed in sorted(seeds):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    written = ", ".join(
        f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts
    )
    return f"{'seed' if sum(map(len, parts)) == 1 else 'seeds'} {written}"
