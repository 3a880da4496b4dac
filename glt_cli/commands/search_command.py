"""`glt search`: a search for each combination of the words, and a table of what they came to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from glt_cli.analysis.compare.formats import draw
from glt_cli.config.request import Point, Request
from glt_cli.errors import UserError
from glt_cli.experiment.paths import write_output
from glt_cli.sweep.search.find_extreme import Answer, seek
from glt_cli.sweep.search.search_files import writer_for
from glt_cli.sweep.search.search_plan import print_plan
from glt_cli.sweep.search.search_request import Asked, ask
from glt_cli.sweep.search.search_result import Result, progress, varied_in
from glt_cli.sweep.search.search_runs import completing
from glt_cli.sweep.search.search_table import as_sheet
from glt_cli.sweep.sweep import check_usable, is_finished, look_around
from glt_cli.terminal import console


def search(known: argparse.Namespace, rest: Sequence[str]) -> int:
    """Do what `glt search` asks for; returns the exit code."""
    asked, write = _checked(known, rest)
    if known.dry_run:
        print_plan(asked)
        return 0
    for _, folder in look_around(Request(asked.combinations, is_grid=True)):
        if not is_finished(folder):
            check_usable(folder)

    aside = console(quiet=any(point.config.quiet for point in asked.combinations))
    results = []
    for point, varied in zip(asked.combinations, varied_in(asked.combinations), strict=True):

        def tell(answer: Answer, point: Point = point, varied: dict[str, str] = varied) -> None:
            line = progress(asked.side, Result(point.config, varied, answer))
            aside.print(line, markup=False, soft_wrap=True)

        answer = seek(
            asked.rungs,
            asked.seeds,
            asked.test_seeds,
            asked.tolerance,
            completing(asked, point),
            tell,
        )
        results.append(Result(point.config, varied, answer))
        if answer.failure:
            print(f"glt: {results[-1].title}: stopped: {answer.failure}", file=sys.stderr)

    show = console()
    draw(as_sheet(asked, results), show)
    for place in dict.fromkeys(point.config.output_dir for point in asked.combinations):
        show.print(f"Results: {place}", markup=False, soft_wrap=True)
    if write:
        write_output(known.output, write(asked, results))
        show.print(f"Table: {known.output}", markup=False, soft_wrap=True)
    return 1 if any(result.answer.failure for result in results) else 0


def _checked(
    known: argparse.Namespace, rest: Sequence[str]
) -> tuple[Asked, Callable[[Asked, Sequence[Result]], str] | None]:
    """Check flags and words together, so that all that is wrong is said at once."""
    problems: list[str] = []
    write = None
    try:
        write = writer_for(known.output) if known.output else None
    except UserError as error:
        problems.append(str(error))
    try:
        asked = ask(known, rest)
    except UserError as error:
        problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    return asked, write
