"""Write docs/RESULTS.md from finished runs: docs/results/template.md with its commands carried out.

    python scripts/build_results.py outputs

A line of the template that begins with `    $ glt` is a command. It is carried out on the folder of
runs; what it prints as Markdown takes its place, with the command below it. Nothing is trained: a
search must be answered by finished runs. A figure `results/A--B.svg` of the page is the file B.svg
of the `glt report` whose figures go to A. `{runs}` becomes what the records say of all runs
together, `{validation}` how often a verdict on validation held on test. What every single run came
to goes to docs/results/runs.csv.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from glt_cli.analysis.collect import StoredRun, collect
from glt_cli.analysis.report.page import overview
from glt_cli.commands.main import main as run_command
from glt_cli.experiment.paths import write_whole

DOCS = Path(__file__).resolve().parents[1] / "docs"
_COMMAND = re.compile(r"^    \$ glt (.+)$", re.MULTILINE)
_OPEN = re.compile(r"\d+ of \d+ *$", re.MULTILINE)  # a search of which so many runs are finished
_TARGETS = ["graph_sparsity_target", "weight_sparsity_target"]
_ASIDE = ["ticket_sha256", "dense_reused", "started", "finished"]
_TOLERANCE, _ENOUGH_SEEDS = 0.005, 3
_FIGURE = re.compile(r"\(results/([^)]+\.svg)\)")


def main(outputs: str) -> None:
    """Build the page and its figures."""
    template = (DOCS / "results" / "template.md").read_text()
    runs = collect([outputs])
    with tempfile.TemporaryDirectory() as scratch:
        page = _COMMAND.sub(lambda found: _carried_out(found[1], outputs, Path(scratch)), template)
        page = page.replace("{runs}", _about(runs)).replace("{validation}", _validation(runs))
        figures = {name: _figure(Path(scratch), name) for name in _FIGURE.findall(page)}
    for name, drawn in figures.items():
        write_whole(DOCS / "results" / name, drawn)
    for old in (DOCS / "results").glob("*.svg"):
        if old.name not in figures:
            old.unlink()
    write_whole(DOCS / "results" / "runs.csv", _each(runs))
    write_whole(DOCS / "RESULTS.md", page)


def _figure(scratch: Path, name: str) -> str:
    folder, _, figure = name.partition("--")
    path = scratch / folder / figure
    if not path.exists():
        drawn = ", ".join(sorted(found.name for found in path.parent.glob("*.svg"))) or "nothing"
        raise SystemExit(f"{name}: glt report --figures {folder} drew {drawn}")
    return path.read_text()


def _carried_out(words: str, outputs: str, scratch: Path) -> str:
    """Give a command with the table that it writes; a report's figures are kept in `scratch`."""
    command, *rest = shlex.split(words)
    table = scratch / "table.md"
    if command == "report":
        at = rest.index("--figures") + 1
        rest = [outputs, *rest[:at], str(scratch / rest[at]), *rest[at + 1 :]]
        rest += ["--output", str(scratch / "report.html")]
    elif command == "search":
        rest += [f"output_dir={outputs}", "quiet=true"]
        if _OPEN.search(_said([command, *rest, "--dry-run"], words)):
            raise SystemExit(f"glt {words}: not all of its runs are finished in {outputs}")
        rest += ["--output", str(table)]
    else:
        rest = [outputs, *rest, "--output", str(table)]
    _said([command, *rest], words)
    shown = f"    glt {words}"
    if command == "report":
        return shown
    title, _, body = table.read_text().strip().partition("\n")
    return f"{title.replace('## ', '')}:\n{body}\n\n{shown}"


def _said(words: Sequence[str], shown: str) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = run_command(words)
    if code:
        raise SystemExit(f"glt {shown}: exit code {code}")
    return out.getvalue()


def _about(runs: Sequence[StoredRun]) -> str:
    hours = sum((r.record.find_seconds or 0) + (r.record.retrain_seconds or 0) for r in runs) / 3600
    told = f"{hours:.1f}; a dense model is counted once for each search that uses it"
    said = [*overview(runs), ("Machine hours", told)]
    return "\n".join(f"| {what} | {value} |" for what, value in said)


def _validation(runs: Sequence[StoredRun]) -> str:
    """Count how often what validation says of a setting's tickets is true of test."""
    scores = [
        {
            "setting": run.record.config_hash,
            "by the best epoch": (run.record.ticket_val or 0) - (run.record.dense_val or 0),
            "by late epochs": run.record.ticket_late_val - run.record.dense_late_val,
            "test": (run.record.ticket_test or 0) - (run.record.dense_test or 0),
        }
        for run in runs
        if run.record.ticket_late_val is not None
        and run.record.dense_late_val is not None
        and (run.record.graph_sparsity_target or run.record.weight_sparsity_target)
    ]
    rows = ["| a ticket wins on validation | settings | of them also on test |", "|---|---:|---:|"]
    if scores:
        groups = pd.DataFrame(scores).groupby("setting")
        holds = groups.mean()[groups.size() >= _ENOUGH_SEEDS] >= -_TOLERANCE
        for how in ("by the best epoch", "by late epochs"):
            wins = holds[holds[how]]
            rows.append(f"| {how} | {len(wins)} of {len(holds)} | {int(wins['test'].sum())} |")
    return "\n".join(rows)


def _each(runs: Sequence[StoredRun]) -> str:
    """Give a row of CSV for each run: what tells runs apart, and what they came to."""
    rows = [{**asdict(run.record), "method": run.record.label} for run in runs]
    table = pd.DataFrame(rows).sort_values(["dataset", "backbone", "method", *_TARGETS, "seed"])
    table = table.drop(columns=_ASIDE)
    return table.loc[:, table.nunique(dropna=False) > 1].to_csv(index=False, float_format="%.6g")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python scripts/build_results.py FOLDER")
    main(sys.argv[1])
