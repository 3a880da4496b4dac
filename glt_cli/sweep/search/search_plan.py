"""`glt search --dry-run`: how far finished runs take each search, and what it may cost."""

from __future__ import annotations

from collections.abc import Sequence

from glt_cli.analysis.compare.formats import draw
from glt_cli.analysis.compare.render import NOTHING, RenderedTable, TableCell
from glt_cli.config.request import Point
from glt_cli.experiment.record import Record
from glt_cli.sweep.search.bisection import most_trials
from glt_cli.sweep.search.find_extreme import Answer, find_extreme
from glt_cli.sweep.search.ladder import SIDES, Rung, shares
from glt_cli.sweep.search.search_request import SearchRequest
from glt_cli.sweep.search.search_result import Result, varied_in
from glt_cli.sweep.search.search_runs import finished_runs
from glt_cli.sweep.search.search_table import shown_sides
from glt_cli.terminal import console


class _NotFinishedError(Exception):
    """Not all runs of a rung with some seeds are finished."""

    def __init__(self, rung: Rung, seeds: Sequence[int], done: int) -> None:
        super().__init__()
        self.rung, self.seeds, self.done = rung, seeds, done


def print_plan(wanted: SearchRequest) -> None:
    """Print the searches, how far finished runs take each, and what they may cost at most."""
    varied = varied_in(wanted.combinations)
    removed = shown_sides(wanted, [point.config for point in wanted.combinations])
    others = [heading for heading, key in removed.items() if key not in SIDES[wanted.side]]
    rows, names = [], []
    for point, further in zip(wanted.combinations, varied, strict=True):
        result = Result(point.config, further, Answer())
        names = [*result.names, *others]
        targets = [f"{result.removed(removed[key], wanted.side):.2%}" for key in others]
        rows.append(
            [TableCell(t) for t in (*result.names.values(), *targets, *_next(wanted, point))]
        )
    trials = most_trials(len(wanted.rungs))
    each = trials * len(wanted.seeds) + len(wanted.test_seeds)
    count = len(rows)
    notes = [
        f"Ladder of {wanted.side}, {len(wanted.rungs)} rungs: "
        f"{', '.join(shares(rung) for rung in wanted.rungs)}.",
        f"At most {count * each} runs: for each search {trials} rungs × {len(wanted.seeds)} seeds, "
        f"and {len(wanted.test_seeds)} test seeds at what is found. Finished ones are used again; "
        "missing dense baselines are not counted.",
    ]
    headings = [*names, "next rung", "for", "finished runs of it"]
    title = f"{count} {'search' if count == 1 else 'searches'}"
    draw(RenderedTable(title, headings, len(names), rows, notes), console())


def _next(wanted: SearchRequest, combination: Point) -> list[str]:
    """The first rung that finished runs leave open: where it is, for what, and how far."""

    def runs(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        done = finished_runs(wanted, combination, rung, seeds)
        if len(done) < len(seeds):
            raise _NotFinishedError(rung, seeds, len(done))
        return done

    try:
        find_extreme(
            wanted.rungs, wanted.seeds, wanted.test_seeds, wanted.tolerance, runs, lambda _: None
        )
    except _NotFinishedError as left:
        what = "test" if left.seeds == wanted.test_seeds else "validation"
        return [shares(left.rung), what, f"{left.done} of {len(left.seeds)}"]
    return [NOTHING, "answered", "all"]
