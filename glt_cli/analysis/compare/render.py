"""A layout as text: headings, cells, the best of each task, title and notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.measures import METRICS
from glt_cli.analysis.compare.notes import about, ranges
from glt_cli.analysis.compare.pivot import Line, PivotTable
from glt_cli.analysis.compare.statistics import Estimate, SettingResult

NOTHING = "-"


@dataclass(frozen=True)
class TableCell:
    """Text, and whether it is the best of its task."""

    text: str
    is_best: bool = False


@dataclass(frozen=True)
class RenderedTable:
    """A table of text.

    Attributes:
        title: What it shows.
        headings: Of its columns.
        keys: How many of them, from the left, name the row.
        rows: Its cells.
        notes: What stands under it.
    """

    title: str
    headings: list[str]
    keys: int
    rows: list[list[TableCell]]
    notes: list[str]

    @property
    def has_best(self) -> bool:
        """Whether any cell is marked."""
        return any(cell.is_best for row in self.rows for cell in row)


def render(
    layout: PivotTable,
    metrics: Sequence[str],
    tolerance: float,
    notes: Sequence[str],
    folded: Sequence[str] = (),
) -> RenderedTable:
    """Write a layout as text.

    Args:
        layout: What stands where.
        metrics: Figures to show: all as columns, or in every cell where there is a column key.
        tolerance: The verdicts' tolerance.
        notes: What else is to be said under the table.
        folded: Row keys that go into the title where all rows agree.
    """
    gone = [
        i
        for i, key in enumerate(layout.rows)
        if key in folded and len({line.facts[i] for line in layout.lines}) == 1
    ]
    shown = [i for i in range(len(layout.rows)) if i not in gone]
    has_labels = any(line.label for line in layout.lines)
    headings = [layout.rows[i] for i in shown] + (["setting"] if has_labels else [])
    best = _best(layout, metrics)
    rows = []
    for line in layout.lines:
        names = [fields.text(layout.rows[i], line.facts[i]) for i in shown]
        names += [line.label] if has_labels else []
        cells = _crossed if layout.column else _listed
        rows.append([*map(TableCell, names), *cells(layout, line, metrics, best)])
    same = [
        f"{layout.rows[i]} {fields.text(layout.rows[i], layout.lines[0].facts[i])}" for i in gone
    ] + _same_elsewhere(layout)
    return RenderedTable(
        title="; ".join([_title(layout, metrics, tolerance), *same]),
        headings=headings + _figure_headings(layout, metrics),
        keys=len(headings),
        rows=rows,
        notes=[*notes, *about(layout, metrics)],
    )


def written(name: str, figure: Estimate | None) -> str:
    """Write a figure with its deviation."""
    metric = METRICS[name]
    if figure is None:
        return NOTHING
    mean = metric.write(figure.mean)
    if figure.deviation is None or metric.spread is None:
        return mean
    return f"{mean} ± {metric.spread(figure.deviation)}"


def _figure_headings(layout: PivotTable, metrics: Sequence[str]) -> list[str]:
    if layout.column:
        return [fields.text(layout.column, at) for at in layout.across]
    headings = ["seeds"]
    for name in metrics:
        headings.append(METRICS[name].heading)
        headings += ["95 % interval", "verdict"] if name == "difference" else []
    return headings


#: Names of figures with the outcomes in which they are best.
Best = set[tuple[str, int]]


def _crossed(layout: PivotTable, line: Line, metrics: Sequence[str], best: Best) -> list[TableCell]:
    """One cell for each value of the column key."""
    cells = []
    for at in layout.across:
        outcome = line.cells.get(at)
        if outcome is None:
            cells.append(TableCell(NOTHING))
            continue
        parts = [written(name, outcome.figures.get(name)) for name in metrics]
        cells.append(TableCell(" / ".join(parts), (metrics[0], id(outcome)) in best))
    return cells


def _listed(layout: PivotTable, line: Line, metrics: Sequence[str], best: Best) -> list[TableCell]:
    """One cell for each figure."""
    outcome = line.cells[None]
    cells = [TableCell(_seed_count(outcome))]
    for name in metrics:
        figure = outcome.figures.get(name)
        cells.append(TableCell(written(name, figure), (name, id(outcome)) in best))
        if name == "difference":
            cells += [TableCell(interval(figure)), TableCell(outcome.verdict)]
    return cells


def _seed_count(outcome: SettingResult) -> str:
    if outcome.published:
        found = outcome.figures.get("test")
        return str(found.n) if found and found.n else NOTHING
    return str(len(outcome.seeds))


def interval(figure: Estimate | None) -> str:
    """Write the 95 % interval of a paired difference."""
    if figure is None or figure.lower is None or figure.upper is None:
        return NOTHING
    write = METRICS["difference"].write
    return f"{write(figure.lower)} to {write(figure.upper)}"


def _best(layout: PivotTable, metrics: Sequence[str]) -> Best:
    """Which of our tickets are best among those of the same task, to the digits shown.

    Not the dense model and not what was published: they are what tickets are held against. Where
    all are equal none is best.
    """
    tasks: dict[object, list[SettingResult]] = defaultdict(list)
    for outcome in layout.ours():
        if outcome.prunes:
            tasks[outcome.task].append(outcome)
    found: Best = set()
    for name in metrics:
        choose, write = METRICS[name].best, METRICS[name].write
        for several in tasks.values():
            means = {id(o): o.figures[name].mean for o in several if name in o.figures}
            if choose and len({write(mean) for mean in means.values()}) > 1:
                top = write(choose(means.values()))
                found |= {(name, i) for i, mean in means.items() if write(mean) == top}
    return found


def _title(layout: PivotTable, metrics: Sequence[str], tolerance: float) -> str:
    kinds = {outcome.metric for outcome in layout.ours()}
    score = kinds.pop() if len(kinds) == 1 else "scores"
    if layout.column:
        title = " / ".join(METRICS[name].title or METRICS[name].heading for name in metrics)
        title = title[0].upper() + title[1:]
        is_score = METRICS[metrics[0]].spread is not None
        title += f": {score} in per cent, mean ± deviation" if is_score else ": mean"
        seeds = {outcome.seeds for outcome in layout.ours()}
        return f"{title} over {ranges(seeds.pop()) if len(seeds) == 1 else 'seeds'}"
    # A difference is one of test scores.
    of_test = any(name in metrics for name in ("test", "difference", "dense"))
    split = "validation" if "val" in metrics and not of_test else "test"
    title = f"Comparison: {split} {score} in per cent, mean ± deviation over seeds"
    if "difference" in metrics:
        title += f"; difference paired with dense, tolerance {100 * tolerance:g} points"
    return title


def _same_elsewhere(layout: PivotTable) -> list[str]:
    """Name what is not in rows or columns, where it is the same for all tickets."""
    same = []
    for key in fields.STANDARD:
        counted = [o for o in layout.ours() if o.prunes or key != fields.TARGETS]
        found = {outcome.facts[key] for outcome in counted}
        if key not in (*layout.rows, layout.column) and len(found) == 1:
            same.append(f"{key} {fields.text(key, found.pop())}")
    return same
