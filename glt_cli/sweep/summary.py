"""The final output of `glt run`: tables and result of one run, or the comparison of a grid."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from glt_cli.analysis.collect import StoredRun
from glt_cli.analysis.compare.dense_models import notes_on_dense_models
from glt_cli.analysis.compare.fields import RECORD_FIELDS, STANDARD_FIELDS
from glt_cli.analysis.compare.formats import draw
from glt_cli.analysis.compare.pivot import pivot
from glt_cli.analysis.compare.render import NOTHING, SEEDS, RenderedTable, render
from glt_cli.analysis.compare.runs import ComparedRun, compared_runs
from glt_cli.analysis.compare.statistics import compare
from glt_cli.config import Config
from glt_cli.config.request import Point
from glt_cli.experiment import fingerprint
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, read_record
from glt_cli.experiment.tables import read_tables, remarks_table, sentence
from glt_cli.terminal import console, table_console

_SPARSITIES = ("graph_sparsity", "weight_sparsity")
_METRICS = ("dense", "test", "difference", "matched", *_SPARSITIES, "macs", "find")
#: Keys of overrides that the standard fields of a table show already.
_SHOWN = (
    "method",
    "backbone",
    "dataset",
    "sparsity",
    "sparsity.graph",
    "sparsity.weight",
    "retrain.control",
    "retrain.distill",
    "seed",
)


def show_run(folder: Path, found_finished: bool, config: Config) -> int:
    """Print the tables and the result of a run; returns the exit code."""
    run = RunFolder(folder)
    record = read_record(run)
    terminal = console()
    if record is None or record.status != "done":
        print_failure(folder, record)
        return 1
    if found_finished:
        terminal.print(f"Already finished on {record.finished}; force=true runs it again.")
        for line in fingerprint.remarks([record]):
            print(f"glt: {folder.name}: {line}", file=sys.stderr)
    for table in remarks_table(record) if config.quiet else read_tables(run):
        table.print(terminal)
    if config.method.prunes:
        terminal.print(sentence(record, config.tolerance))
    terminal.print(f"Results: {folder}", soft_wrap=True)
    return 0


def show_grid(points: Sequence[Point], folders: Sequence[Path]) -> int:
    """Print the comparison of a grid's runs, and what failed; returns the exit code."""
    records = [read_record(RunFolder(folder)) for folder in folders]
    done = [
        StoredRun(RunFolder(folder), record)
        for folder, record in zip(folders, records, strict=True)
        if record and record.status == "done"
    ]
    terminal = console()
    if done:
        varied = list(dict.fromkeys(key for keys in varied_keys(points) for key in keys))
        draw(grid_table(compared_runs(done), varied, points[0].config.tolerance), table_console())
        terminal.print(f"Results: {folders[0].parent}", soft_wrap=True)
        for line in fingerprint.remarks([run.record for run in done]):
            print(f"glt: {line}", file=sys.stderr)
    failed = 0
    for folder, record, keys in zip(folders, records, varied_keys(points, shown=()), strict=True):
        if record is None or record.status != "done":
            failed += 1
            print_failure(
                folder, record, " ".join(f"{k}={v}" for k, v in keys.items() if v != NOTHING)
            )
    return 1 if failed else 0


def grid_table(
    runs: Sequence[ComparedRun], varied: Sequence[str], tolerance: float
) -> RenderedTable:
    """Compare the runs of a grid: one row for each setting.

    What is the same in all rows is in the title.

    Args:
        runs: Finished runs.
        varied: Keys that the grid varies, besides those of the standard fields. Keys of settings
            become columns; rows that other keys distinguish are labelled by their settings.
        tolerance: What a winning ticket may lose, as a fraction.
    """
    settings = {key for run in runs for key in run.settings}
    columns = [key for key in varied if key in settings or key in RECORD_FIELDS]
    row_fields = (*STANDARD_FIELDS, *columns)
    pivot_table = pivot(compare(runs, row_fields, tolerance), row_fields, None)
    foldable = (*row_fields[1:], SEEDS, *_SPARSITIES)
    notes = list(notes_on_dense_models(runs))
    return render(pivot_table, _METRICS, tolerance, notes, foldable)


def varied_keys(points: Sequence[Point], shown: Sequence[str] = _SHOWN) -> list[dict[str, str]]:
    """The overrides of each point that the grid varies, except keys that are shown anyway.

    A key of some methods only varies if they give it several values; the others have "-".
    """
    overrides = [
        dict(word.split("=", 1) for word in point.overrides if "=" in word) for point in points
    ]
    keys = [
        key
        for key in dict.fromkeys(key for words in overrides for key in words)
        if len({words[key] for words in overrides if key in words}) > 1
    ]
    return [
        {key: words.get(key, NOTHING) for key in keys if key not in shown} for words in overrides
    ]


def print_failure(folder: Path, record: Record | None, varied: str = "") -> None:
    """Print what failed and why."""
    reason = f"{record.status}: {record.error}" if record else "left no record"
    name = f"{folder.name} ({varied})" if varied else folder.name
    print(f"glt: {name} {reason}; see {folder / 'log.txt'}", file=sys.stderr)
