"""What searches came to, as lines, a table and files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from glt_cli.comparing.comparison import Figure
from glt_cli.comparing.formats import as_html, as_text, latex, markdown
from glt_cli.comparing.notes import ranges
from glt_cli.comparing.sheet import NOTHING, Cell, Sheet, interval, written
from glt_cli.config import Config
from glt_cli.errors import UserError
from glt_cli.extremes.asking import Asked
from glt_cli.extremes.ladder import EDGES, SIDES, WEIGHTS, Rung, said, shares
from glt_cli.extremes.seeking import Answer, Trial
from glt_cli.paths import output_file
from glt_cli.records import label, metric_name
from glt_cli.variants import variant


@dataclass(frozen=True)
class Result:
    """A search and what it came to.

    Attributes:
        config: Its settings at the rung that was tried first.
        varied: What else sets it apart from the other searches, beside what every table shows.
        answer: What it came to.
    """

    config: Config
    varied: Mapping[str, str]
    answer: Answer

    @property
    def method(self) -> str:
        """The method as tables call it."""
        retrain = self.config.retrain
        return self.answer.label or label(
            self.config.method.name, retrain.control, retrain.distill, variant(self.config)
        )

    @property
    def names(self) -> dict[str, str]:
        """What tells it from other searches, by the headings of the table."""
        return {
            "method": self.method,
            "backbone": self.config.backbone.name,
            "data set": self.config.dataset.shown,
            **self.varied,
        }

    @property
    def title(self) -> str:
        """Its name in a line of text."""
        others = [f"{key}={value}" for key, value in self.varied.items()]
        return ", ".join(
            [self.config.backbone.name, self.config.dataset.shown, self.method, *others]
        )

    def removed(self, key: str, side: str) -> float | None:
        """The share that is removed by its answer; None where no rung holds, or none is found."""
        if key not in SIDES[side]:
            return _share(self.config, key)
        found = self.answer.found
        return found.rung[SIDES[side].index(key)] if found else None


def _share(config: Config, key: str) -> float:
    return config.sparsity.graph if key == EDGES else config.sparsity.weight


def progress(side: str, result: Result) -> str:
    """What the latest runs of a search came to, in a line."""
    answer = result.answer
    if answer.test:
        trial, what, seeds, end = answer.test, "test", "fresh seed", answer.verdict
    else:
        trial, what, seeds = answer.trials[-1], "validation", "seed"
        end = "holds" if trial.holds else "fails"
    count = len(trial.by_seed)
    return (
        f"{result.title}: {said(side, trial.rung)}: {what} {_gap(trial)} points "
        f"({count} {seeds}{'' if count == 1 else 's'}): {end}"
    )


def as_sheet(asked: Asked, results: Sequence[Result]) -> Sheet:
    """The table at the end, and under it which rungs were tried."""
    names = list(results[0].names)
    removed = shown_sides(asked, [result.config for result in results])
    rows = []
    for result in results:
        answer = result.answer
        cells = [_removed(result, key, asked.side) for key in removed.values()]
        cells += [_gap(answer.found), _gap(answer.test)]
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
        if key in SIDES[asked.side] or any(_share(config, key) for config in configs)
    }


def _removed(result: Result, key: str, side: str) -> str:
    share = result.removed(key, side)
    if share is not None:
        return f"{share:.2%}"
    return NOTHING if result.answer.failure else "none"


def _gap(trial: Trial | None) -> str:
    return written("difference", trial.difference if trial else None)


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
            f"{shares(t.rung)} {'holds' if t.holds else 'fails'} ({_gap(t)})"
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


def as_csv(asked: Asked, results: Sequence[Result]) -> str:
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
            result.removed(EDGES, asked.side),
            result.removed(WEIGHTS, asked.side),
            None if answer.failure else str(answer.found is not None).lower(),
            *_numbers(answer.found),
            *_numbers(answer.test),
            "failed" if answer.failure else answer.verdict,
            *(len(answer.trials), len(asked.rungs), answer.runs),
        ]
        writer.writerow(["" if cell is None else cell for cell in cells])
    return out.getvalue()


def _numbers(trial: Trial | None) -> list[float | None]:
    if trial is None:
        return [None] * 5
    found: Figure = trial.difference
    return [found.mean, found.deviation, found.n, found.lower, found.upper]


def as_json(asked: Asked, results: Sequence[Result]) -> str:
    """Everything, all rungs and seeds included, shares and scores as fractions."""
    whole = {
        "side": asked.side,
        "ladder": [_named_rung(asked.side, rung) for rung in asked.rungs],
        "seeds": asked.seeds,
        "test_seeds": asked.test_seeds,
        "tolerance": asked.tolerance,
        "searches": [
            {
                **{name.replace("data set", "dataset"): text for name, text in r.names.items()},
                "metric": r.answer.metric or None,
                "graph_sparsity_target": r.removed(EDGES, asked.side),
                "weight_sparsity_target": r.removed(WEIGHTS, asked.side),
                "verdict": r.answer.verdict or None,
                "failure": r.answer.failure or None,
                "validation": [_trial(asked.side, trial) for trial in r.answer.trials],
                "test": _trial(asked.side, r.answer.test) if r.answer.test else None,
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


def _from_sheet(write: Callable[[Sheet], str]) -> Callable[[Asked, Sequence[Result]], str]:
    return lambda asked, results: write(as_sheet(asked, results))


_WRITERS: dict[str, Callable[[Asked, Sequence[Result]], str]] = {
    ".txt": _from_sheet(as_text),
    ".csv": as_csv,
    ".md": _from_sheet(markdown),
    ".tex": _from_sheet(latex),
    ".html": _from_sheet(as_html),
    ".json": as_json,
}


def writer_for(output: str) -> Callable[[Asked, Sequence[Result]], str]:
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
