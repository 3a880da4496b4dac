"""The table of the results of searches."""

from __future__ import annotations

from collections.abc import Sequence

from glt_cli.analysis.compare.notes import ranges
from glt_cli.analysis.compare.render import NOTHING, RenderedTable, TableCell, format_interval
from glt_cli.config import Config
from glt_cli.experiment.record import metric_name
from glt_cli.sweep.search.find_extreme import SearchOutcome
from glt_cli.sweep.search.ladder import NAMES, PRUNABLE, describe, shares
from glt_cli.sweep.search.search_request import SearchRequest
from glt_cli.sweep.search.search_result import FinishedSearch, difference_text, sparsity


def results_table(request: SearchRequest, results: Sequence[FinishedSearch]) -> RenderedTable:
    """The table of all searches; its notes list the rungs that were tried."""
    names = list(results[0].names)
    sparsities = shown_sparsities(request, [result.config for result in results])
    rows = []
    for result in results:
        outcome = result.outcome
        cells = [_extreme_text(result, key, request.pruned) for key in sparsities]
        cells += [difference_text(outcome.found), difference_text(outcome.test)]
        cells += [format_interval(outcome.test.difference if outcome.test else None)]
        cells += [_verdict(outcome), f"{len(outcome.trials)} of {len(request.rungs)}"]
        cells += [str(outcome.run_count)]
        rows.append([TableCell(text) for text in (*result.names.values(), *cells)])
    return RenderedTable(
        title=_title(request, results),
        headings=[
            *names,
            *(NAMES[key] for key in sparsities),
            "validation",
            "test",
            "95 % interval",
            "verdict",
            "rungs tried",
            "runs",
        ],
        key_columns=len(names),
        rows=rows,
        notes=_notes(request, results),
    )


def shown_sparsities(request: SearchRequest, configs: Sequence[Config]) -> list[str]:
    """The sparsities that the table shows: those of the ladder, and others that are not 0."""
    return [
        key
        for key in NAMES
        if key in PRUNABLE[request.pruned] or any(sparsity(config, key) for config in configs)
    ]


def _extreme_text(result: FinishedSearch, key: str, pruned: str) -> str:
    extreme = result.extreme(key, pruned)
    if extreme is not None:
        return f"{extreme:.2%}"
    return NOTHING if result.outcome.failure else "none"


def _verdict(outcome: SearchOutcome) -> str:
    return "failed" if outcome.failure else outcome.verdict or NOTHING


def _title(request: SearchRequest, results: Sequence[FinishedSearch]) -> str:
    kind = {"edges": "graph", "weights": "weight", "both": "graph and weight"}[request.pruned]
    metrics = {result.outcome.metric for result in results if result.outcome.metric}
    score = metric_name(metrics.pop()) if len(metrics) == 1 else "scores"
    return (
        f"Extreme {kind} sparsity: {score} minus dense in points, mean ± deviation; "
        f"tolerance {100 * request.tolerance:g} points; found on validation, "
        f"{ranges(request.seeds)}; tested on {ranges(request.test_seeds)}"
    )


def _notes(request: SearchRequest, results: Sequence[FinishedSearch]) -> list[str]:
    notes = []
    for result in results:
        trials = [
            f"{shares(t.rung)} {'holds' if t.holds else 'fails'} ({difference_text(t)})"
            for t in result.outcome.trials
        ]
        notes.append(f"{result.title}: tried {', '.join(trials) or 'no complete rung'}.")
        if result.outcome.failure:
            notes.append(f"{result.title}: stopped: {result.outcome.failure}")
    at_end = [
        result.title
        for result in results
        if result.outcome.found and result.outcome.found.rung == request.rungs[-1]
    ]
    if at_end:
        notes.append(f"The last rung holds, so the extreme may lie beyond it: {'; '.join(at_end)}.")
    without = [
        result.title
        for result in results
        if result.outcome.trials and not (result.outcome.found or result.outcome.failure)
    ]
    if without:
        first = describe(request.pruned, request.rungs[0])
        notes.append(f"None: not even {first} holds: {'; '.join(without)}.")
    notes.append(
        "Bisection assumes that a method that fails at a rung fails at all sparser ones; rungs "
        "between those tried are inferred."
    )
    return [*notes, *dict.fromkeys(line for r in results for line in r.outcome.remarks)]
