"""The end of a command: tables and sentence of one run, the joint table of a grid."""

from __future__ import annotations

import sys
from pathlib import Path

from glt_cli.config import Config
from glt_cli.paths import RunFolder
from glt_cli.records import Record, read_record
from glt_cli.tables import joint_table, read_tables, sentence
from glt_cli.terminal import console


def show_run(folder: Path, found_finished: bool, config: Config) -> int:
    """Print one run's tables and its sentence; returns the exit code."""
    run = RunFolder(folder)
    record = read_record(run)
    show = console()
    if record is None or record.status != "done":
        _print_failure(folder, record)
        return 1
    if found_finished:
        show.print(f"Finished before, on {record.finished}; force=true runs it anew.")
    if not config.quiet:
        for table in read_tables(run):
            table.print(show)
    if config.method.prunes:
        show.print(sentence(record, config.tolerance))
    show.print(f"Results: {folder}", soft_wrap=True)
    return 0


def show_grid(folders: list[Path]) -> int:
    """Print a grid's joint table and what failed; returns the exit code."""
    records = {folder: read_record(RunFolder(folder)) for folder in folders}
    done = [record for record in records.values() if record and record.status == "done"]
    if done:
        joint_table(done).print(console())
    failed = {f: r for f, r in records.items() if r is None or r.status != "done"}
    for folder, record in failed.items():
        _print_failure(folder, record)
    return 1 if failed else 0


def _print_failure(folder: Path, record: Record | None) -> None:
    reason = f"{record.status}: {record.error}" if record else "left no record"
    print(f"glt: {folder.name} {reason}; see {folder / 'log.txt'}", file=sys.stderr)
