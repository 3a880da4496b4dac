"""`glt table`: finished runs, and published figures beside them, as a table in any format."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from glt_cli.analysis.collect import collect
from glt_cli.analysis.compare import fields, published
from glt_cli.analysis.compare.filters import matching
from glt_cli.analysis.compare.formats import as_csv, as_html, as_text, draw, latex, markdown
from glt_cli.analysis.compare.measures import CHOICES, USUAL
from glt_cli.analysis.compare.notes import left_out
from glt_cli.analysis.compare.pivot import PivotTable, pivot
from glt_cli.analysis.compare.render import RenderedTable, render
from glt_cli.analysis.compare.runs import ComparedRun, compared_runs
from glt_cli.analysis.compare.statistics import compare, tolerance_of
from glt_cli.errors import UserError
from glt_cli.experiment.paths import output_file, write_output
from glt_cli.terminal import console

#: Formats, and what files of theirs are called.
_SUFFIXES = {
    ".txt": "terminal",
    ".csv": "csv",
    ".md": "markdown",
    ".tex": "latex",
    ".html": "html",
}


def table(arguments: argparse.Namespace) -> int:
    """Print or write a table; returns the exit code."""
    usual = tuple(key for key in fields.STANDARD if key != arguments.cols)
    rows = _words(arguments.rows) if arguments.rows is not None else usual
    metrics = _metrics(arguments.metric, arguments.cols)
    form = _format(arguments.format, arguments.output)
    if arguments.output:
        output_file(arguments.output, "table.md")
    tolerance = tolerance_of(arguments.tolerance)
    everything = compared_runs(collect(arguments.folders or ["outputs"]))
    _check_keys(rows, arguments.cols, everything)
    chosen = matching(everything, arguments.where)
    layout, notes = _lay_out(chosen, rows, arguments.cols, metrics, tolerance, arguments.published)
    folded = usual[1:] if arguments.rows is None else ()
    _deliver(
        render(layout, metrics, tolerance, notes, folded), layout, metrics, form, arguments.output
    )
    return 0


def _lay_out(
    chosen: Sequence[ComparedRun],
    rows: Sequence[str],
    column: str | None,
    metrics: Sequence[str],
    tolerance: float,
    with_published: bool,
) -> tuple[PivotTable, list[str]]:
    """Compare the finished ones among some runs, and say what no cell of the table can."""
    done = [entry for entry in chosen if entry.is_done]
    by = [*rows, *([column] if column else [])]
    ours = compare(done, by, tolerance)
    notes = list(left_out(chosen, sum(len(outcome.seeds) for outcome in ours)))
    if not ours:
        raise UserError(f"no finished run to compare. {notes[0]}")
    if not with_published:
        return pivot(ours, rows, column), notes
    if column and column not in fields.STANDARD:
        notes.append(f"Published figures say nothing of {column}, so none stand here.")
        return pivot(ours, rows, column), notes
    figures = published.read()
    theirs = published.beside(ours, by, metrics, figures)
    layout = pivot([*ours, *theirs], rows, column)
    notes += published.remarks(layout.published())
    claims = published.claims(ours, figures)
    notes += claims
    if not theirs and not claims:
        notes.append("Nothing published is known of these methods, backbones and data sets.")
    return layout, notes


def _words(text: str) -> tuple[str, ...]:
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not words:
        raise UserError("--rows: name at least one field, as in --rows method,dataset")
    return words


def _metrics(text: str | None, column: str | None) -> tuple[str, ...]:
    """The figures that --metric asks for, by their names in METRICS."""
    usual = ("test",) if column else USUAL
    names = usual if text is None else tuple(word.strip() for word in text.split(","))
    for name in names:
        if name not in CHOICES:
            hint = fields.unknown(name, list(CHOICES))
            raise UserError(f"--metric {name}: must be one of {', '.join(CHOICES)}{hint}")
    if column and len(names) > 1:
        raise UserError(f"--metric {text}: with --cols a cell holds one figure; name one")
    return tuple(dict.fromkeys(figure for name in names for figure in CHOICES[name]))


def _format(form: str | None, output: str | None) -> str:
    if form or not output:
        return form or "terminal"
    suffix = Path(output).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UserError(
            f"--output {output}: its ending says no format; end it in "
            f"{', '.join(_SUFFIXES)}, or give --format"
        )
    return _SUFFIXES[suffix]


def _check_keys(rows: Sequence[str], column: str | None, everything: Sequence[ComparedRun]) -> None:
    fields.check(rows, "--rows", everything)
    if column is None:
        return
    fields.check([column], "--cols", everything)
    if column in rows:
        raise UserError(f"--cols {column}: is in --rows already; name another field")


def _deliver(
    made: RenderedTable, layout: PivotTable, metrics: Sequence[str], form: str, output: str | None
) -> None:
    show = console()
    if form == "terminal" and not output:
        draw(made, show)
        return
    if form == "terminal":
        text = as_text(made)
    elif form == "csv":
        text = as_csv(layout, metrics)
        # Numbers have no place for words, but what must be said must be said.
        for note in made.notes:
            print(f"glt: {note}", file=sys.stderr)
    else:
        text = {"markdown": markdown, "latex": latex, "html": as_html}[form](made)
    if output is None:
        sys.stdout.write(text)
        return
    write_output(output, text)
    show.print(f"Table: {output}", markup=False, soft_wrap=True)
