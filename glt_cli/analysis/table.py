"""`glt table`: compare finished runs, and published results next to them, in any format."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from glt_cli.analysis.collect import collect
from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.against import with_differences
from glt_cli.analysis.compare.dense_models import notes_on_dense_models
from glt_cli.analysis.compare.filters import matching
from glt_cli.analysis.compare.formats import as_csv, as_html, as_text, draw, latex, markdown
from glt_cli.analysis.compare.measures import CHOICES, DEFAULT_CHOICES, METRICS
from glt_cli.analysis.compare.notes import notes_on_unused
from glt_cli.analysis.compare.pivot import PivotTable, pivot
from glt_cli.analysis.compare.published import (
    claim_notes,
    closest_published,
    notes_on_others,
    read_published,
)
from glt_cli.analysis.compare.render import RenderedTable, render
from glt_cli.analysis.compare.runs import ComparedRun, compared_runs
from glt_cli.analysis.compare.statistics import compare, parse_tolerance
from glt_cli.errors import UserError
from glt_cli.experiment.paths import output_file, write_output
from glt_cli.terminal import console, table_console

#: The format of each file suffix.
_FORMATS = {
    ".txt": "terminal",
    ".csv": "csv",
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
}


def write_table(flags: argparse.Namespace) -> int:
    """Print or write a table; returns the exit code."""
    default_rows = tuple(name for name in fields.STANDARD_FIELDS if name != flags.cols)
    row_fields = default_rows if flags.rows is None else _row_fields(flags.rows)
    metrics = _metrics(flags.metric, flags.cols)
    if flags.against and flags.cols:
        raise UserError("--against: gives each row a figure of its own, so leave out --cols")
    form = _format(flags.format, flags.output)
    if flags.output:
        output_file(flags.output, "table.md")
    tolerance = parse_tolerance(flags.tolerance)
    all_runs = compared_runs(collect(flags.folders or ["outputs"]))
    _check_fields(row_fields, flags.cols, all_runs)
    runs = matching(all_runs, flags.where)
    pivot_table, notes = _pivot_table(
        runs, all_runs, row_fields, flags.cols, metrics, tolerance, flags.published, flags.against
    )
    metrics = _with_reference(metrics) if flags.against else metrics
    foldable = default_rows[1:] if flags.rows is None else ()
    rendered = render(pivot_table, metrics, tolerance, notes, foldable)
    if flags.against:
        named = {METRICS["against"].heading: f"to {flags.against}"}
        headings = [named.get(heading, heading) for heading in rendered.headings]
        rendered = replace(rendered, headings=headings)
    _output(rendered, pivot_table, metrics, form, flags.output, flags.width)
    return 0


def _pivot_table(
    runs: Sequence[ComparedRun],
    all_runs: Sequence[ComparedRun],
    row_fields: Sequence[str],
    column_field: str | None,
    metrics: Sequence[str],
    tolerance: float,
    with_published: bool,
    against: str | None,
) -> tuple[PivotTable, list[str]]:
    """Compare the finished runs; returns the table and notes on what is not in it."""
    group_by = [*row_fields, *([column_field] if column_field else [])]
    done = [run for run in runs if run.is_done]
    ours = compare(done, group_by, tolerance, [run for run in all_runs if run.is_done])
    notes = list(notes_on_unused(runs, sum(len(result.seeds) for result in ours)))
    notes += notes_on_dense_models(runs, all_runs)
    if not ours:
        raise UserError(f"no finished run to compare. {notes[0]}")
    if against:
        ours, more = with_differences(ours, done, against)
        notes += more
    if not with_published:
        return pivot(ours, row_fields, column_field), notes
    if column_field and column_field not in fields.STANDARD_FIELDS:
        notes.append(f"Published results are not given by {column_field}, so none are shown.")
        return pivot(ours, row_fields, column_field), notes
    values = read_published()
    others = closest_published(ours, group_by, metrics, values)
    found = [*notes_on_others(others, metrics), *claim_notes(ours, values)]
    if not found:
        notes.append("No published results are known for these methods, backbones and data sets.")
    return pivot([*ours, *others.beside], row_fields, column_field), [*notes, *found]


def _with_reference(metrics: tuple[str, ...]) -> tuple[str, ...]:
    """Put the difference to the reference behind those to dense models."""
    places = [metrics.index(name) for name in ("difference", "matched") if name in metrics]
    last = max(places, default=-1)
    return (*metrics[: last + 1], "against", *metrics[last + 1 :])


def _row_fields(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not names:
        raise UserError("--rows: name at least one field, as in --rows method,dataset")
    return names


def _metrics(text: str | None, column_field: str | None) -> tuple[str, ...]:
    """The metrics that --metric chooses, by their names in METRICS."""
    default = ("test",) if column_field else DEFAULT_CHOICES
    names = default if text is None else tuple(word.strip() for word in text.split(","))
    for name in names:
        if name not in CHOICES:
            hint = fields.suggestion(name, list(CHOICES))
            raise UserError(f"--metric {name}: must be one of {', '.join(CHOICES)}{hint}")
    if column_field and len(names) > 1:
        raise UserError(f"--metric {text}: with --cols a cell holds one figure; name one")
    return tuple(dict.fromkeys(metric for name in names for metric in CHOICES[name]))


def _format(form: str | None, output: str | None) -> str:
    if form or not output:
        return form or "terminal"
    suffix = Path(output).suffix.lower()
    if suffix not in _FORMATS:
        raise UserError(
            f"--output {output}: its suffix names no format; use {', '.join(_FORMATS)}, or give "
            "--format"
        )
    return _FORMATS[suffix]


def _check_fields(
    row_fields: Sequence[str], column_field: str | None, runs: Sequence[ComparedRun]
) -> None:
    fields.check(row_fields, "--rows", runs)
    if column_field is None:
        return
    fields.check([column_field], "--cols", runs)
    if column_field in row_fields:
        raise UserError(f"--cols {column_field}: is in --rows already; name another field")


def _output(
    rendered: RenderedTable,
    pivot_table: PivotTable,
    metrics: Sequence[str],
    form: str,
    output: str | None,
    width: int | None,
) -> None:
    if form == "terminal" and not output:
        draw(rendered, table_console(width))
        return
    if form == "terminal":
        text = as_text(rendered, width or 200)
    elif form == "csv":
        text = as_csv(pivot_table, metrics)
        # CSV has no place for notes, but they must not get lost.
        for note in rendered.notes:
            print(f"glt: {note}", file=sys.stderr)
    else:
        text = {"markdown": markdown, "latex": latex, "html": as_html}[form](rendered)
    if output is None:
        sys.stdout.write(text)
        return
    write_output(output, text)
    console().print(f"Table: {output}", markup=False, soft_wrap=True)
