"""`glt search`: a search for each combination of the words, and a table of what they came to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from glt_cli.analysis.compare.formats import draw
from glt_cli.config.request import Point, Request
from glt_cli.errors import UserError
from glt_cli.experiment.paths import write_output
from glt_cli.sweep.search.find_extreme import Answer, find_extreme
from glt_cli.sweep.search.search_files import writer_for
from glt_cli.sweep.search.search_plan import print_plan
from glt_cli.sweep.search.search_request import SearchRequest, read_search_request
from glt_cli.sweep.search.search_result import Result, progress, varied_in
from glt_cli.sweep.search.search_runs import runs_of
from glt_cli.sweep.search.search_table import as_sheet
from glt_cli.sweep.sweep import check_usable, is_finished, prepare_data
from glt_cli.terminal import console


def search(known: argparse.Namespace, rest: Sequence[str]) -> int:
    """Do what `glt search` asks for; returns the exit code."""
    wanted, write = _checked(known, rest)
    if known.dry_run:
        print_plan(wanted)
        return 0
    for _, folder in prepare_data(Request(wanted.combinations, is_grid=True)):
        if not is_finished(folder):
            check_usable(folder)

    aside = console(quiet=any(point.config.quiet for point in wanted.combinations))
    results = []
    for point, varied in zip(wanted.combinations, varied_in(wanted.combinations), strict=True):

        def tell(answer: Answer, point: Point = point, varied: dict[str, str] = varied) -> None:
            line = progress(wanted.side, Result(point.config, varied, answer))
            aside.print(line, markup=False, soft_wrap=True)

        answer = find_extreme(
            wanted.rungs,
            wanted.seeds,
            wanted.test_seeds,
            wanted.tolerance,
            runs_of(wanted, point),
            tell,
        )
        results.append(Result(point.config, varied, answer))
        if answer.failure:
            print(f"glt: {results[-1].title}: stopped: {answer.failure}", file=sys.stderr)

    show = console()
    draw(as_sheet(wanted, results), show)
    for place in dict.fromkeys(point.config.output_dir for point in wanted.combinations):
        show.print(f"Results: {place}", markup=False, soft_wrap=True)
    if write:
        write_output(known.output, write(wanted, results))
        show.print(f"Table: {known.output}", markup=False, soft_wrap=True)
    return 1 if any(result.answer.failure for result in results) else 0


def _checked(
    known: argparse.Namespace, rest: Sequence[str]
) -> tuple[SearchRequest, Callable[[SearchRequest, Sequence[Result]], str] | None]:
    """Check flags and words together, so that all that is wrong is said at once."""
    problems: list[str] = []
    write = None
    try:
        write = writer_for(known.output) if known.output else None
    except UserError as error:
        problems.append(str(error))
    try:
        wanted = read_search_request(known, rest)
    except UserError as error:
        problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    return wanted, write
