"""`glt search`: one search for each combination of the overrides, and a table of the results."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from glt_cli.analysis.compare.formats import draw
from glt_cli.config import Config
from glt_cli.config.request import Request
from glt_cli.errors import UserError
from glt_cli.experiment.paths import write_output
from glt_cli.sweep.progress import WholeSearch
from glt_cli.sweep.search.find_extreme import SearchOutcome, find_extreme
from glt_cli.sweep.search.search_files import Writer, writer_for
from glt_cli.sweep.search.search_plan import print_plan
from glt_cli.sweep.search.search_request import SearchRequest, read_search_request
from glt_cli.sweep.search.search_result import FinishedSearch, progress_line, varied_in
from glt_cli.sweep.search.search_runs import rung_runner
from glt_cli.sweep.search.search_table import results_table
from glt_cli.sweep.sweep import check_usable, is_finished, prepare_data
from glt_cli.terminal import console, table_console


def search(flags: argparse.Namespace, words: Sequence[str]) -> int:
    """Carry out `glt search`; returns the exit code."""
    request, write = _checked(flags, words)
    if flags.dry_run:
        print_plan(request)
        return 0
    for _, folder in prepare_data(Request(request.combinations, is_grid=True)):
        if not is_finished(folder):
            check_usable(folder)

    results = _search_all(request)
    terminal = console()
    draw(results_table(request, results), table_console())
    for output_dir in dict.fromkeys(point.config.output_dir for point in request.combinations):
        terminal.print(f"Results: {output_dir}", markup=False, soft_wrap=True)
    if write:
        write_output(flags.output, write(request, results))
        terminal.print(f"Table: {flags.output}", markup=False, soft_wrap=True)
    return 1 if any(result.outcome.failure for result in results) else 0


def _search_all(request: SearchRequest) -> list[FinishedSearch]:
    """Run all searches, with a line of progress after each trial."""
    progress = console(quiet=any(point.config.quiet for point in request.combinations))
    results: list[FinishedSearch] = []
    whole = WholeSearch(len(request.combinations) * request.most_runs)
    for point, varied in zip(request.combinations, varied_in(request.combinations), strict=True):
        config = point.config

        def report(
            outcome: SearchOutcome, config: Config = config, varied: dict[str, str] = varied
        ) -> None:
            line = progress_line(request.pruned, FinishedSearch(config, varied, outcome))
            progress.print(line, markup=False, soft_wrap=True)

        outcome = find_extreme(
            request.rungs,
            request.seeds,
            request.test_seeds,
            request.tolerance,
            rung_runner(request, point, whole),
            report,
        )
        results.append(FinishedSearch(config, varied, outcome))
        # What this search did not need.
        whole.most = whole.ended + (len(request.combinations) - len(results)) * request.most_runs
        if outcome.failure:
            print(f"glt: {results[-1].title}: stopped: {outcome.failure}", file=sys.stderr)
    return results


def _checked(
    flags: argparse.Namespace, words: Sequence[str]
) -> tuple[SearchRequest, Writer | None]:
    """Check flags and words together, to report all problems at once."""
    problems: list[str] = []
    write = None
    try:
        write = writer_for(flags.output) if flags.output else None
    except UserError as error:
        problems.append(str(error))
    try:
        request = read_search_request(flags, words)
    except UserError as error:
        problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    return request, write
