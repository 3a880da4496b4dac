"""Write the results of searches in the format that a file's suffix names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from glt_cli.analysis.compare.formats import as_html, as_text, latex, markdown
from glt_cli.analysis.compare.render import RenderedTable
from glt_cli.errors import UserError
from glt_cli.experiment.paths import output_file
from glt_cli.sweep.search.find_extreme import Trial
from glt_cli.sweep.search.ladder import GRAPH_SPARSITY, PRUNABLE, WEIGHT_SPARSITY, Rung
from glt_cli.sweep.search.search_request import SearchRequest
from glt_cli.sweep.search.search_result import FinishedSearch
from glt_cli.sweep.search.search_table import results_table

#: Writes the results of a request as text.
Writer = Callable[[SearchRequest, Sequence[FinishedSearch]], str]


def as_csv(request: SearchRequest, results: Sequence[FinishedSearch]) -> str:
    """One line for each search; sparsities and scores as fractions."""
    out = io.StringIO()
    numbers = ["mean", "deviation", "n", "lower", "upper"]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            *("dataset" if name == "data set" else name for name in results[0].names),
            *("graph_sparsity_target", "weight_sparsity_target", "holds"),
            *(f"{split}_{number}" for split in ("val", "test") for number in numbers),
            *("verdict", "rungs_tried", "rungs", "runs"),
        ]
    )
    for result in results:
        outcome = result.outcome
        cells = [
            *result.names.values(),
            result.extreme(GRAPH_SPARSITY, request.pruned),
            result.extreme(WEIGHT_SPARSITY, request.pruned),
            None if outcome.failure else str(outcome.found is not None).lower(),
            *_numbers(outcome.found),
            *_numbers(outcome.test),
            "failed" if outcome.failure else outcome.verdict,
            *(len(outcome.trials), len(request.rungs), outcome.run_count),
        ]
        writer.writerow(["" if cell is None else cell for cell in cells])
    return out.getvalue()


def _numbers(trial: Trial | None) -> list[float | None]:
    if trial is None:
        return [None] * 5
    mean = trial.difference
    return [mean.mean, mean.deviation, mean.n, mean.lower, mean.upper]


def as_json(request: SearchRequest, results: Sequence[FinishedSearch]) -> str:
    """Everything, with all rungs and seeds; sparsities and scores as fractions."""
    content = {
        "pruned": request.pruned,
        "ladder": [_rung(request.pruned, rung) for rung in request.rungs],
        "seeds": request.seeds,
        "test_seeds": request.test_seeds,
        "tolerance": request.tolerance,
        "searches": [_search(request, result) for result in results],
    }
    return json.dumps(content, indent=2) + "\n"


def _search(request: SearchRequest, result: FinishedSearch) -> dict[str, Any]:
    outcome = result.outcome
    return {
        **{name.replace("data set", "dataset"): text for name, text in result.names.items()},
        "metric": outcome.metric or None,
        "graph_sparsity_target": result.extreme(GRAPH_SPARSITY, request.pruned),
        "weight_sparsity_target": result.extreme(WEIGHT_SPARSITY, request.pruned),
        "verdict": outcome.verdict or None,
        "failure": outcome.failure or None,
        "validation": [_trial(request.pruned, trial) for trial in outcome.trials],
        "test": _trial(request.pruned, outcome.test) if outcome.test else None,
        "remarks": outcome.remarks,
    }


def _trial(pruned: str, trial: Trial) -> dict[str, Any]:
    return {
        "rung": _rung(pruned, trial.rung),
        "config_hash": trial.config_hash,
        "difference": asdict(trial.difference),
        "by_seed": trial.by_seed,
        "holds": trial.holds,
    }


def _rung(pruned: str, rung: Rung) -> dict[str, float]:
    return dict(zip(PRUNABLE[pruned], rung, strict=True))


def _table_writer(write: Callable[[RenderedTable], str]) -> Writer:
    return lambda request, results: write(results_table(request, results))


_WRITERS: dict[str, Writer] = {
    ".txt": _table_writer(as_text),
    ".csv": as_csv,
    ".md": _table_writer(markdown),
    ".tex": _table_writer(latex),
    ".html": _table_writer(as_html),
    ".json": as_json,
}


def writer_for(output: str) -> Writer:
    """Choose the writer by the suffix of a file, and check that the file can be written.

    Raises:
        UserError: The suffix names no format, or the file can't be written.
    """
    suffix = Path(output).suffix.lower()
    if suffix not in _WRITERS:
        raise UserError(f"--output {output}: its suffix names no format; use {', '.join(_WRITERS)}")
    output_file(output, f"extremes{suffix}")
    return _WRITERS[suffix]
