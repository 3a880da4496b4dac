"""The end of a command: tables and sentence of one run, the joint table of a grid."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from glt_cli.config import Config
from glt_cli.config.request import Point
from glt_cli.experiment import fingerprint
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, read_record
from glt_cli.experiment.tables import joint_table, read_tables, remarks_table, sentence
from glt_cli.terminal import console


def show_run(folder: Path, found_finished: bool, config: Config) -> int:
    """Print one run's tables and its sentence; returns the exit code."""
    run = RunFolder(folder)
    record = read_record(run)
    show = console()
    if record is None or record.status != "done":
        print_failure(folder, record)
        return 1
    if found_finished:
        show.print(f"Finished before, on {record.finished}; force=true runs it anew.")
        for line in fingerprint.remarks([record]):
            print(f"glt: {folder.name}: {line}", file=sys.stderr)
    if not config.quiet:
        for table in read_tables(run):
            table.print(show)
    else:
        for table in remarks_table([record]):
            table.print(show)
    if config.method.prunes:
        show.print(sentence(record, config.tolerance))
    show.print(f"Results: {folder}", soft_wrap=True)
    return 0


def show_grid(points: Sequence[Point], folders: Sequence[Path]) -> int:
    """Print a grid's joint table and what failed; returns the exit code."""
    records = [read_record(RunFolder(folder)) for folder in folders]
    done, swept = [], []
    for record, varied in zip(records, varied_keys(points), strict=True):
        if record and record.status == "done":
            done.append(record)
            swept.append(varied)
    show = console()
    if done:
        for table in (joint_table(done, swept), *remarks_table(done)):
            table.print(show)
        show.print(f"Results: {folders[0].parent}", soft_wrap=True)
        for line in fingerprint.remarks(done):
            print(f"glt: {line}", file=sys.stderr)
    failed = 0
    everything = varied_keys(points, shown=())
    for folder, record, varied in zip(folders, records, everything, strict=True):
        if record is None or record.status != "done":
            failed += 1
            print_failure(folder, record, " ".join(f"{k}={v}" for k, v in varied.items()))
    return 1 if failed else 0


#: What a joint table shows anyway.
_SHOWN = ("method", "backbone", "dataset", "sparsity", "sparsity.graph", "sparsity.weight", "seed")


def varied_keys(points: Sequence[Point], shown: Sequence[str] = _SHOWN) -> list[dict[str, str]]:
    """Of each point, the keys that the grid varies beside those that its table shows anyway."""
    words = [
        dict(word.split("=", 1) for word in point.overrides if "=" in word) for point in points
    ]
    keys = [key for key in words[0] if len({word.get(key) for word in words}) > 1]
    return [{key: word[key] for key in keys if key not in shown} for word in words]


def print_failure(folder: Path, record: Record | None, varied: str = "") -> None:
    """Say what failed and why."""
    reason = f"{record.status}: {record.error}" if record else "left no record"
    which = f"{folder.name} ({varied})" if varied else folder.name
    print(f"glt: {which} {reason}; see {folder / 'log.txt'}", file=sys.stderr)
