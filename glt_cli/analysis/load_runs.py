"""Finished runs as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from glt_cli.analysis.collect import collect
from glt_cli.errors import UserError, given_path

if TYPE_CHECKING:
    import pandas as pd


def load_runs(folders: str | Path | Iterable[str | Path] = "outputs") -> pd.DataFrame:
    """Read the records of all runs in some folders, as `glt table` does.

    Args:
        folders: One folder, or a list of several, with runs in them or in their subfolders.

    Returns:
        One row for each run, also of failed and interrupted ones, whose `status` is not `done`.
        Columns are the fields of `record.json` (scores, sparsities and savings are fractions,
        times seconds, memory MiB), `label` (the method as tables call it), `difference` (ticket
        minus dense on test, a fraction) and `folder`.

    Raises:
        UserError: A folder does not exist, or none of them holds a run.
    """
    import pandas as pd

    several: Iterable[str | Path]
    if isinstance(folders, str | Path) or not isinstance(folders, Iterable):
        several = [folders]
    else:
        several = folders
    names = [str(given_path("folders", folder)) for folder in several]
    if not names:
        raise UserError("folders: is empty; name a folder with runs in it")
    rows = []
    for run in collect(names):
        record = run.record
        ticket, dense = record.ticket_test, record.dense_test
        further = {
            "label": record.label,
            "difference": None if ticket is None or dense is None else ticket - dense,
            "folder": str(run.folder.path),
        }
        rows.append(asdict(record) | further)
    return pd.DataFrame(rows)
