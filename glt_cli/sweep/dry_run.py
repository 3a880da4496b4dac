"""`glt run --dry-run`: the runs of a request, and how long they may take."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from glt_cli import data
from glt_cli.config import Config
from glt_cli.config.request import Point
from glt_cli.data.catalog import entry
from glt_cli.experiment.locks import held
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, finished, read_record
from glt_cli.experiment.tables import TextTable
from glt_cli.sweep.sweep import one_of_each_data
from glt_cli.terminal import console, duration, plural

#: Fields whose equality makes epochs of two runs take about the same time, best first.
_SIMILAR = (
    ("method", "backbone", "dataset", "config_hash"),
    ("method", "backbone", "dataset"),
    ("backbone", "dataset"),
)


def print_data(points: Sequence[Point]) -> None:
    """Read the user's own data and print what was read, as a run does.

    Raises:
        UserError: A file can't be read.
    """
    for config in one_of_each_data(points):
        if entry(config.dataset.name).checksum is None:
            for line in data.load(config.dataset, config.data_root).report:
                print(line)


def print_plan(runs: Sequence[tuple[Point, Path]]) -> None:
    """Print the runs, their states, and estimated times of unfinished ones."""
    known = [
        record
        for root in {path.parent for _, path in runs}
        for folder in (root.iterdir() if root.is_dir() else ())
        if (record := read_record(RunFolder(folder))) and record.status == "done"
    ]
    rows, left, unknown = [], 0.0, 0
    for point, path in runs:
        state = _state(RunFolder(path), point)
        seconds = None if state == "finished" else _estimate(path, point, known)
        if state != "finished":
            left += seconds or 0.0
            unknown += seconds is None
        rows.append(
            {
                "run": path.name,
                "state": state,
                "estimate": "" if state == "finished" else _time(seconds),
            }
        )
    show = console()
    TextTable("Runs", pd.DataFrame(rows)).print(show)
    todo = sum(row["state"] != "finished" for row in rows)
    text = f"{plural(len(rows), 'run')}, {len(rows) - todo} finished."
    if todo > unknown:
        takes = "takes" if todo - unknown == 1 else "take"
        text += (
            f" {todo - unknown} {takes} about {_time(left)}, missing dense baselines not counted."
        )
    if unknown:
        text += f" The time of {unknown} is unknown: no similar run is finished here."
    show.print(text, soft_wrap=True)


def _state(folder: RunFolder, point: Point) -> str:
    if held(folder.lock):
        return "running"
    if point.config.force:
        return "to do"
    if finished(folder):
        return "finished"
    record = read_record(folder)
    if record is None and folder.log.exists():
        return "interrupted"  # killed, or the machine went down
    return record.status if record and record.status != "done" else "to do"


def _estimate(path: Path, point: Point, known: Sequence[Record]) -> float | None:
    """Estimate seconds from the time per epoch of the most similar finished runs."""
    config = point.config
    sparsity = config.sparsity
    epochs = config.method.search_epochs(sparsity.graph, sparsity.weight) + config.trainer.epochs
    mine = {
        "method": config.method_name,
        "backbone": config.backbone_name,
        "dataset": config.dataset_name,
        "config_hash": path.name.rpartition("-")[2],
    }
    for keys in _SIMILAR:
        similar = [r for r in known if all(getattr(r, key) == mine[key] for key in keys)]
        if similar:
            return epochs * statistics.median(_seconds(r) / _epochs(r, config) for r in similar)
    return None


def _seconds(record: Record) -> float:
    return (record.find_seconds or 0.0) + (record.retrain_seconds or 0.0)


def _epochs(record: Record, config: Config) -> int:
    """Epochs of a finished run, assuming that it was retrained as long as this one will be."""
    return (record.find_epochs or 0) + config.trainer.epochs


def _time(seconds: float | None) -> str:
    return "unknown" if seconds is None else duration(seconds)
