"""What searches came to, in the form that a file's ending names."""

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
from glt_cli.analysis.compare.statistics import Estimate
from glt_cli.errors import UserError
from glt_cli.experiment.paths import output_file
from glt_cli.sweep.search.find_extreme import Trial
from glt_cli.sweep.search.ladder import EDGES, SIDES, WEIGHTS, Rung
from glt_cli.sweep.search.search_request import SearchRequest
from glt_cli.sweep.search.search_result import Result
from glt_cli.sweep.search.search_table import as_sheet


def as_csv(wanted: SearchRequest, results: Sequence[Result]) -> str:
    """One line for each search, shares and scores as fractions."""
    out = io.StringIO()
    figures = ["mean", "deviation", "n", "lower", "upper"]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            *("dataset" if name == "data set" else name for name in results[0].names),
            *("graph_sparsity_target", "weight_sparsity_target", "holds"),
            *(f"{split}_{figure}" for split in ("val", "test") for figure in figures),
            *("verdict", "rungs_tried", "rungs", "runs"),
        ]
    )
    for result in results:
        answer = result.answer
        cells = [
            *result.names.values(),
            result.removed(EDGES, wanted.side),
            result.removed(WEIGHTS, wanted.side),
            None if answer.failure else str(answer.found is not None).lower(),
            *_numbers(answer.found),
            *_numbers(answer.test),
            "failed" if answer.failure else answer.verdict,
            *(len(answer.trials), len(wanted.rungs), answer.runs),
        ]
        writer.writerow(["" if cell is None else cell for cell in cells])
    return out.getvalue()


def _numbers(trial: Trial | None) -> list[float | None]:
    if trial is None:
        return [None] * 5
    found: Estimate = trial.difference
    return [found.mean, found.deviation, found.n, found.lower, found.upper]


def as_json(wanted: SearchRequest, results: Sequence[Result]) -> str:
    """Everything, all rungs and seeds included, shares and scores as fractions."""
    whole = {
        "side": wanted.side,
        "ladder": [_named_rung(wanted.side, rung) for rung in wanted.rungs],
        "seeds": wanted.seeds,
        "test_seeds": wanted.test_seeds,
        "tolerance": wanted.tolerance,
        "searches": [
            {
                **{name.replace("data set", "dataset"): text for name, text in r.names.items()},
                "metric": r.answer.metric or None,
                "graph_sparsity_target": r.removed(EDGES, wanted.side),
                "weight_sparsity_target": r.removed(WEIGHTS, wanted.side),
                "verdict": r.answer.verdict or None,
                "failure": r.answer.failure or None,
                "validation": [_trial(wanted.side, trial) for trial in r.answer.trials],
                "test": _trial(wanted.side, r.answer.test) if r.answer.test else None,
                "remarks": r.answer.remarks,
            }
            for r in results
        ],
    }
    return json.dumps(whole, indent=2) + "\n"


def _trial(side: str, trial: Trial) -> dict[str, Any]:
    return {
        "removed": _named_rung(side, trial.rung),
        "config_hash": trial.config_hash,
        "difference": asdict(trial.difference),
        "by_seed": trial.by_seed,
        "holds": trial.holds,
    }


def _named_rung(side: str, rung: Rung) -> dict[str, float]:
    return dict(zip(SIDES[side], rung, strict=True))


def _from_sheet(
    write: Callable[[RenderedTable], str],
) -> Callable[[SearchRequest, Sequence[Result]], str]:
    return lambda wanted, results: write(as_sheet(wanted, results))


_WRITERS: dict[str, Callable[[SearchRequest, Sequence[Result]], str]] = {
    ".txt": _from_sheet(as_text),
    ".csv": as_csv,
    ".md": _from_sheet(markdown),
    ".tex": _from_sheet(latex),
    ".html": _from_sheet(as_html),
    ".json": as_json,
}


def writer_for(output: str) -> Callable[[SearchRequest, Sequence[Result]], str]:
    """See that a file can be there, and how it is to be written by its ending.

    Raises:
        UserError: Its ending says no format, or it can't be there.
    """
    suffix = Path(output).suffix.lower()
    if suffix not in _WRITERS:
        raise UserError(
            f"--output {output}: its ending says no format; end it in {', '.join(_WRITERS)}"
        )
    output_file(output, f"extremes{suffix}")
    return _WRITERS[suffix]
