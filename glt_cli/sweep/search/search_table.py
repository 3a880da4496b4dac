"""The table of what searches came to."""

from __future__ import annotations

from collections.abc import Sequence

from glt_cli.analysis.compare.notes import ranges
from glt_cli.analysis.compare.render import NOTHING, RenderedTable, TableCell, interval
from glt_cli.config import Config
from glt_cli.experiment.record import metric_name
from glt_cli.sweep.search.find_extreme import Answer
from glt_cli.sweep.search.ladder import EDGES, SIDES, WEIGHTS, said, shares
from glt_cli.sweep.search.search_request import SearchRequest
from glt_cli.sweep.search.search_result import Result, gap, share


def as_sheet(wanted: SearchRequest, results: Sequence[Result]) -> RenderedTable:
    """The table at the end, and under it which rungs were tried."""
    names = list(results[0].names)
    removed = shown_sides(wanted, [result.config for result in results])
    rows = []
    for result in results:
        answer = result.answer
        cells = [_removed(result, key, wanted.side) for key in removed.values()]
        cells += [gap(answer.found), gap(answer.test)]
        cells += [interval(answer.test.difference if answer.test else None), _verdict(answer)]
        cells += [f"{len(answer.trials)} of {len(wanted.rungs)}", str(answer.runs)]
        rows.append([TableCell(text) for text in (*result.names.values(), *cells)])
    return RenderedTable(
        title=_title(wanted, results),
        headings=[
            *names,
            *removed,
            "validation",
            "test",
            "95 % interval",
            "verdict",
            "rungs tried",
            "runs",
        ],
        keys=len(names),
        rows=rows,
        notes=[*_notes(wanted, results)],
    )


def shown_sides(wanted: SearchRequest, configs: Sequence[Config]) -> dict[str, str]:
    """Headings of what is removed, with their settings: the ladder's, and others where they are."""
    headings = {"edges removed": EDGES, "weights removed": WEIGHTS}
    return {
        heading: key
        for heading, key in headings.items()
        if key in SIDES[wanted.side] or any(share(config, key) for config in configs)
    }


def _removed(result: Result, key: str, side: str) -> str:
    share = result.removed(key, side)
    if share is not None:
        return f"{share:.2%}"
    return NOTHING if result.answer.failure else "none"


def _verdict(answer: Answer) -> str:
    return "failed" if answer.failure else answer.verdict or NOTHING


def _title(wanted: SearchRequest, results: Sequence[Result]) -> str:
    what = {"both": "edges and weights"}.get(wanted.side, wanted.side)
    metrics = {result.answer.metric for result in results if result.answer.metric}
    score = metric_name(metrics.pop()) if len(metrics) == 1 else "scores"
    return (
        f"Extreme sparsity of {what}: {score} against dense in points, mean ± deviation; "
        f"tolerance {100 * wanted.tolerance:g} points; found on validation, "
        f"{ranges(wanted.seeds)}; tested on {ranges(wanted.test_seeds)}"
    )


def _notes(wanted: SearchRequest, results: Sequence[Result]) -> list[str]:
    notes = []
    for result in results:
        tried = [
            f"{shares(t.rung)} {'holds' if t.holds else 'fails'} ({gap(t)})"
            for t in result.answer.trials
        ]
        notes.append(f"{result.title}: tried {', '.join(tried) or 'no rung to its end'}.")
        if result.answer.failure:
            notes.append(f"{result.title}: stopped: {result.answer.failure}")
    ends = [r.title for r in results if r.answer.found and r.answer.found.rung == wanted.rungs[-1]]
    if ends:
        notes.append(f"The last rung holds, so the extreme may lie beyond it: {'; '.join(ends)}.")
    low = [r.title for r in results if r.answer.trials and not (r.answer.found or r.answer.failure)]
    if low:
        notes.append(
            f"None: not even {said(wanted.side, wanted.rungs[0])} holds: {'; '.join(low)}."
        )
    notes.append(
        "Bisection presumes that what fails at a rung fails at all sparser ones; rungs between "
        "those tried are inferred."
    )
    return [*notes, *dict.fromkeys(line for r in results for line in r.answer.remarks)]
