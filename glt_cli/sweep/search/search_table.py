"""The table of what searches came to."""

from __future__ import annotations

from collections.abc import Sequence

from glt_cli.analysis.compare.notes import ranges
from glt_cli.analysis.compare.render import NOTHING, Cell, Sheet, interval
from glt_cli.config import Config
from glt_cli.experiment.record import metric_name
from glt_cli.sweep.search.find_extreme import Answer
from glt_cli.sweep.search.ladder import EDGES, SIDES, WEIGHTS, said, shares
from glt_cli.sweep.search.search_request import Asked
from glt_cli.sweep.search.search_result import Result, gap, share


def as_sheet(asked: Asked, results: Sequence[Result]) -> Sheet:
    """The table at the end, and under it which rungs were tried."""
    names = list(results[0].names)
    removed = shown_sides(asked, [result.config for result in results])
    rows = []
    for result in results:
        answer = result.answer
        cells = [_removed(result, key, asked.side) for key in removed.values()]
        cells += [gap(answer.found), gap(answer.test)]
        cells += [interval(answer.test.difference if answer.test else None), _verdict(answer)]
        cells += [f"{len(answer.trials)} of {len(asked.rungs)}", str(answer.runs)]
        rows.append([Cell(text) for text in (*result.names.values(), *cells)])
    return Sheet(
        title=_title(asked, results),
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
        notes=[*_notes(asked, results)],
    )


def shown_sides(asked: Asked, configs: Sequence[Config]) -> dict[str, str]:
    """Headings of what is removed, with their settings: the ladder's, and others where they are."""
    headings = {"edges removed": EDGES, "weights removed": WEIGHTS}
    return {
        heading: key
        for heading, key in headings.items()
        if key in SIDES[asked.side] or any(share(config, key) for config in configs)
    }


def _removed(result: Result, key: str, side: str) -> str:
    share = result.removed(key, side)
    if share is not None:
        return f"{share:.2%}"
    return NOTHING if result.answer.failure else "none"


def _verdict(answer: Answer) -> str:
    return "failed" if answer.failure else answer.verdict or NOTHING


def _title(asked: Asked, results: Sequence[Result]) -> str:
    what = {"both": "edges and weights"}.get(asked.side, asked.side)
    metrics = {result.answer.metric for result in results if result.answer.metric}
    score = metric_name(metrics.pop()) if len(metrics) == 1 else "scores"
    return (
        f"Extreme sparsity of {what}: {score} against dense in points, mean ± deviation; "
        f"tolerance {100 * asked.tolerance:g} points; found on validation, "
        f"{ranges(asked.seeds)}; tested on {ranges(asked.test_seeds)}"
    )


def _notes(asked: Asked, results: Sequence[Result]) -> list[str]:
    notes = []
    for result in results:
        tried = [
            f"{shares(t.rung)} {'holds' if t.holds else 'fails'} ({gap(t)})"
            for t in result.answer.trials
        ]
        notes.append(f"{result.title}: tried {', '.join(tried) or 'no rung to its end'}.")
        if result.answer.failure:
            notes.append(f"{result.title}: stopped: {result.answer.failure}")
    ends = [r.title for r in results if r.answer.found and r.answer.found.rung == asked.rungs[-1]]
    if ends:
        notes.append(f"The last rung holds, so the extreme may lie beyond it: {'; '.join(ends)}.")
    low = [r.title for r in results if r.answer.trials and not (r.answer.found or r.answer.failure)]
    if low:
        notes.append(f"None: not even {said(asked.side, asked.rungs[0])} holds: {'; '.join(low)}.")
    notes.append(
        "Bisection presumes that what fails at a rung fails at all sparser ones; rungs between "
        "those tried are inferred."
    )
    return [*notes, *dict.fromkeys(line for r in results for line in r.answer.remarks)]
