"""Find all runs, finished or not, in any number of folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from glt_cli.errors import UserError, at_home
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, read_record
from glt_cli.terminal import plural


@dataclass(frozen=True)
class StoredRun:
    """A run on disk: its folder and its record."""

    folder: RunFolder
    record: Record


def collect(folders: Iterable[str]) -> list[StoredRun]:
    """Read every run in the given folders and their subfolders.

    Records that can't be read are named on standard error and left out.

    Raises:
        UserError: A folder does not exist, or none of them holds a run.
    """
    names = list(folders)
    runs: dict[Path, StoredRun] = {}
    left_out: dict[Path, Path] = {}
    for name in names:
        root = at_home(name)
        if not root.is_dir():
            raise UserError(f"{name}: there is no such folder; name one with runs, such as outputs")
        for path in sorted(_folders_with_records(root)):
            folder = RunFolder(path)
            if record := read_record(folder):
                runs.setdefault(path.resolve(), StoredRun(folder, record))
            else:
                left_out[path.resolve()] = folder.record
    if left_out:
        first, *more = left_out.values()
        others = f", and {plural(len(more), 'other')}" if more else ""
        print(f"glt: {first}{others}: damaged or of another format, so left out", file=sys.stderr)
    if not runs:
        raise UserError(f"{', '.join(names)}: no runs found; glt run writes them")
    return list(runs.values())


def _folders_with_records(root: Path) -> Iterator[Path]:
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        if "record.json" in files:
            yield Path(folder)
