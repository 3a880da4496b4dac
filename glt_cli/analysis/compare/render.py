"""Render a pivot table as text: headings, cells, the best results, title and notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.dense_models import has_own_trainer
from glt_cli.analysis.compare.measures import METRICS
from glt_cli.analysis.compare.notes import notes_on_results, ranges
from glt_cli.analysis.compare.pivot import PivotTable, TableRow
from glt_cli.analysis.compare.statistics import Estimate, SettingResult
from glt_cli.terminal import printable

NOTHING = "-"
#: The name of the column with the number of seeds.
SEEDS = "seeds"


@dataclass(frozen=True)
class TableCell:
    """Text of a cell, and whether it is the best result of its task."""

    text: str
    is_best: bool = False

    def __post_init__(self) -> None:
        """Escape control characters: a record may be anybody's, and terminals obey them."""
        object.__setattr__(self, "text", printable(self.text))


@dataclass(frozen=True)
class RenderedTable:
    """A table as text.

    Attributes:
        title: The title.
        headings: Headings of the columns.
        key_columns: How many columns, from the left, identify the row.
        rows: The cells.
        notes: Notes under the table.
        spare: Headings that a narrow terminal may leave out, the least important first.
    """

    title: str
    headings: list[str]
    key_columns: int
    rows: list[list[TableCell]]
    notes: list[str]
    spare: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """As the cells' texts, so those around them."""
        object.__setattr__(self, "notes", [printable(note) for note in self.notes])
        object.__setattr__(self, "headings", [printable(each) for each in self.headings])
        object.__setattr__(self, "title", printable(self.title))

    @property
    def has_best(self) -> bool:
        """Whether any cell is marked as best."""
        return any(cell.is_best for row in self.rows for cell in row)


@dataclass(frozen=True)
class _Column:
    """A column: its name (a field, `seeds` or a metric), its heading and its cells."""

    name: str
    heading: str
    cells: list[TableCell]

    @property
    def is_constant(self) -> bool:
        return len({cell.text for cell in self.cells}) == 1

    @property
    def in_title(self) -> str:
        """The one text of a constant column, as part of the title."""
        text = self.cells[0].text
        if self.name == SEEDS:
            return f"{text} seed{'' if text == '1' else 's'}"
        return f"{self.heading} {text}"


def render(
    pivot_table: PivotTable,
    metrics: Sequence[str],
    tolerance: float,
    notes: Sequence[str] = (),
    foldable: Sequence[str] = (),
) -> RenderedTable:
    """Render a pivot table.

    Args:
        pivot_table: The results.
        metrics: Metrics to show, one column each; with a column field, all in each cell.
        tolerance: The tolerance of the verdicts.
        notes: Further notes.
        foldable: Columns that move to the title if all rows agree: row fields, metrics, `seeds`.
    """
    metrics = _needed(pivot_table, metrics)
    best = _best_results(pivot_table, metrics)
    keys = _key_columns(pivot_table)
    if pivot_table.column_field:
        columns = _field_columns(pivot_table, pivot_table.column_field, metrics, best)
    else:
        columns = _metric_columns(pivot_table, metrics, best)
    folded = [c for c in (*keys, *columns) if c.name in foldable and c.is_constant]
    keys, columns = ([c for c in part if c not in folded] for part in (keys, columns))
    title = [_title(pivot_table, metrics, tolerance), *(column.in_title for column in folded)]
    shown = [*keys, *columns]
    return RenderedTable(
        title="; ".join([*title, *_common_fields(pivot_table)]),
        headings=[column.heading for column in shown],
        key_columns=len(keys),
        rows=[list(row) for row in zip(*(column.cells for column in shown), strict=True)],
        notes=[*notes, *notes_on_results(pivot_table, metrics)],
        spare=() if pivot_table.column_field else _SPARE,
    )


#: What a narrow terminal leaves out first: costs, then sparsities, which targets tell already.
_SPARE = (
    *(METRICS[name].heading for name in ("memory", "speedup", "retrain", "epoch", "find")),
    *(METRICS[name].heading for name in ("macs", "weight_sparsity", "graph_sparsity", "dense")),
    "95 % interval",
)


def _needed(pivot_table: PivotTable, metrics: Sequence[str]) -> tuple[str, ...]:
    """Leave out what would only repeat the difference to dense."""
    own = any(has_own_trainer(result.settings) for result in pivot_table.our_results())
    return tuple(name for name in metrics if name != "matched" or own)


def format_estimate(name: str, estimate: Estimate | None) -> str:
    """Format an estimate of a metric, with its deviation."""
    metric = METRICS[name]
    if estimate is None:
        return NOTHING
    mean = metric.format_mean(estimate.mean)
    if estimate.deviation is None or metric.format_deviation is None:
        return mean
    return f"{mean} ± {metric.format_deviation(estimate.deviation)}"


def format_interval(difference: Estimate | None) -> str:
    """Format the 95 % interval of a paired difference."""
    if difference is None or difference.lower is None or difference.upper is None:
        return NOTHING
    format_end = METRICS["difference"].format_mean
    return f"{format_end(difference.lower)} to {format_end(difference.upper)}"


#: Names of metrics and ids of the results that are best in them.
Best = set[tuple[str, int]]


def _key_columns(pivot_table: PivotTable) -> list[_Column]:
    columns = []
    for i, field in enumerate(pivot_table.row_fields):
        texts = [fields.text(field, row.field_values[i]) for row in pivot_table.rows]
        columns.append(_Column(field, field, [*map(TableCell, texts)]))
    if any(row.label for row in pivot_table.rows):
        labels = [TableCell(row.label) for row in pivot_table.rows]
        columns.append(_Column("setting", "setting", labels))
    return columns


def _field_columns(
    pivot_table: PivotTable, column_field: str, metrics: Sequence[str], best: Best
) -> list[_Column]:
    """One column for each value of the column field."""

    def cell(row: TableRow, value: object) -> TableCell:
        result = row.cells.get(value)
        if result is None:
            return TableCell(NOTHING)
        parts = [format_estimate(name, result.estimates.get(name)) for name in metrics]
        return TableCell(" / ".join(parts), (metrics[0], id(result)) in best)

    return [
        _Column(
            "", fields.text(column_field, value), [cell(row, value) for row in pivot_table.rows]
        )
        for value in pivot_table.column_values
    ]


def _metric_columns(pivot_table: PivotTable, metrics: Sequence[str], best: Best) -> list[_Column]:
    """The number of seeds and one column for each metric."""
    results = [row.cells[None] for row in pivot_table.rows]
    columns = [_Column(SEEDS, "seeds", [TableCell(_seed_count(result)) for result in results])]
    for name in metrics:
        texts = [format_estimate(name, result.estimates.get(name)) for result in results]
        if name in ("matched", "against"):
            ends = [format_interval(result.estimates.get(name)) for result in results]
            texts = [
                text if end == NOTHING else f"{text} ({end})"
                for text, end in zip(texts, ends, strict=True)
            ]
        cells = [
            TableCell(text, (name, id(result)) in best)
            for text, result in zip(texts, results, strict=True)
        ]
        columns.append(_Column(name, METRICS[name].heading, cells))
        if name == "difference":
            intervals = [format_interval(result.estimates.get(name)) for result in results]
            verdicts = [result.verdict for result in results]
            columns.append(_Column("interval", "95 % interval", [*map(TableCell, intervals)]))
            columns.append(_Column("verdict", "verdict", [*map(TableCell, verdicts)]))
    return columns


def _seed_count(result: SettingResult) -> str:
    if result.published_label:
        score = result.estimates.get("test")
        return str(score.n) if score and score.n else NOTHING
    return str(len(result.seeds))


def _best_results(pivot_table: PivotTable, metrics: Sequence[str]) -> Best:
    """Find our best tickets of each task, to the digits shown.

    Dense models and published results are what tickets are compared with, so they are never
    marked. If all tickets are equal, none is marked.
    """
    tasks: dict[object, list[SettingResult]] = defaultdict(list)
    for result in pivot_table.our_results():
        if result.prunes:
            tasks[result.task].append(result)
    best: Best = set()
    for name in metrics:
        choose, format_mean = METRICS[name].best, METRICS[name].format_mean
        for results in tasks.values():
            means = {id(o): o.estimates[name].mean for o in results if name in o.estimates}
            if choose and len({format_mean(mean) for mean in means.values()}) > 1:
                top = format_mean(choose(means.values()))
                best |= {(name, i) for i, mean in means.items() if format_mean(mean) == top}
    return best


def _title(pivot_table: PivotTable, metrics: Sequence[str], tolerance: float) -> str:
    score_metrics = {result.metric for result in pivot_table.our_results()}
    score = score_metrics.pop() if len(score_metrics) == 1 else "scores"
    if pivot_table.column_field:
        title = " / ".join(METRICS[name].title or METRICS[name].heading for name in metrics)
        title = title[0].upper() + title[1:]
        is_score = METRICS[metrics[0]].format_deviation is not None
        title += f": {score} in per cent, mean ± deviation" if is_score else ": mean"
        seeds = {result.seeds for result in pivot_table.our_results()}
        return f"{title} over {ranges(seeds.pop()) if len(seeds) == 1 else 'seeds'}"
    # A difference is one of test scores.
    shows_test = any(name in metrics for name in ("test", "difference", "dense"))
    split = "validation" if "val" in metrics and not shows_test else "test"
    title = f"Comparison: {split} {score} in per cent, mean ± deviation over seeds"
    if "difference" in metrics:
        title += f"; difference paired with dense, tolerance {100 * tolerance:g} points"
    return title


def _common_fields(pivot_table: PivotTable) -> list[str]:
    """Name the standard fields that no row or column shows and in which all tickets agree."""
    common = []
    for name in fields.STANDARD_FIELDS:
        results = [o for o in pivot_table.our_results() if o.prunes or name != fields.TARGETS]
        values = {result.field_values[name] for result in results}
        if name not in pivot_table.fields and len(values) == 1:
            common.append(f"{name} {fields.text(name, values.pop())}")
    return common
