"""Finished and unfinished runs of any number of folders: what tables and reports are made of."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, read_record


@dataclass(frozen=True)
class StoredRun:
    """A run as it lies on disk."""

    folder: RunFolder
    record: Record


def collect(folders: Iterable[str]) -> list[StoredRun]:
    """Read every run in some folders, or folders of folders, by their names.

    Raises:
        UserError: A folder does not exist, or there is no run in any of them.
    """
    named = list(folders)
    runs: dict[Path, StoredRun] = {}
    for name in named:
        root = Path(name).expanduser()
        if not root.is_dir():
            raise UserError(f"{name}: there is no such folder; name one with runs, such as outputs")
        for path in sorted(_holding_records(root)):
            folder = RunFolder(path)
            if record := read_record(folder):
                runs.setdefault(path.resolve(), StoredRun(folder, record))
    if not runs:
        raise UserError(f"{', '.join(named)}: no runs in there; glt run leaves some")
    return list(runs.values())


def _holding_records(root: Path) -> Iterator[Path]:
    for place, inner, files in os.walk(root):
        inner[:] = [name for name in inner if not name.startswith(".")]
        if "record.json" in files:
            yield Path(place)
