"""`glt search --dry-run`: how far finished runs take each search, and how many runs may follow."""

from __future__ import annotations

from collections.abc import Sequence

from glt_cli.analysis.compare.formats import draw
from glt_cli.analysis.compare.render import NOTHING, RenderedTable, TableCell
from glt_cli.config.request import Point
from glt_cli.experiment.record import Record
from glt_cli.sweep.search.bisection import most_trials
from glt_cli.sweep.search.find_extreme import SearchOutcome, find_extreme
from glt_cli.sweep.search.ladder import NAMES, PRUNABLE, Rung, shares
from glt_cli.sweep.search.search_request import SearchRequest
from glt_cli.sweep.search.search_result import FinishedSearch, varied_in
from glt_cli.sweep.search.search_runs import finished_runs
from glt_cli.sweep.search.search_table import shown_sparsities
from glt_cli.terminal import plural, table_console


class _NotFinishedError(Exception):
    """Not all runs of a rung are finished."""

    def __init__(self, rung: Rung, seeds: Sequence[int], done: int) -> None:
        super().__init__()
        self.rung, self.seeds, self.done = rung, seeds, done


def print_plan(request: SearchRequest) -> None:
    """Print the searches, how far finished runs take each, and the most runs that may follow."""
    varied = varied_in(request.combinations)
    configs = [point.config for point in request.combinations]
    fixed = [
        key for key in shown_sparsities(request, configs) if key not in PRUNABLE[request.pruned]
    ]
    rows, names = [], []
    for point, settings in zip(request.combinations, varied, strict=True):
        result = FinishedSearch(point.config, settings, SearchOutcome())
        names = [*result.names, *(NAMES[key] for key in fixed)]
        sparsities = [f"{result.extreme(key, request.pruned):.2%}" for key in fixed]
        texts = [*result.names.values(), *sparsities, *_next_step(request, point)]
        rows.append([TableCell(text) for text in texts])
    trials = most_trials(len(request.rungs))
    runs = len(rows) * request.most_runs
    notes = [
        f"Ladder of {request.pruned}, {plural(len(request.rungs), 'rung')}: "
        f"{', '.join(shares(rung) for rung in request.rungs)}.",
        f"At most {plural(runs, 'run')}: for each search {plural(trials, 'rung')} × "
        f"{plural(len(request.seeds), 'seed')}, and {plural(len(request.test_seeds), 'test seed')} "
        "for the last rung that holds. Finished runs are "
        "reused; missing dense baselines are not counted.",
    ]
    headings = [*names, "next rung", "split", "finished runs"]
    title = plural(len(rows), "search", "searches")
    draw(RenderedTable(title, headings, len(names), rows, notes), table_console())


def _next_step(request: SearchRequest, combination: Point) -> list[str]:
    """The first rung without all its runs: its sparsities, the split, and its finished runs."""

    def finished(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        done = finished_runs(request, combination, rung, seeds)
        if len(done) < len(seeds):
            raise _NotFinishedError(rung, seeds, len(done))
        return done

    try:
        find_extreme(
            request.rungs,
            request.seeds,
            request.test_seeds,
            request.tolerance,
            finished,
            lambda _: None,
        )
    except _NotFinishedError as step:
        split = "test" if step.seeds == request.test_seeds else "validation"
        return [shares(step.rung), split, f"{step.done} of {len(step.seeds)}"]
    return [NOTHING, "answered", "all"]
