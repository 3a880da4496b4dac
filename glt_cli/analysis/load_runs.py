"""Finished runs as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from glt_cli.analysis.collect import collect

if TYPE_CHECKING:
    import pandas as pd


def load_runs(folders: str | Path | Sequence[str | Path] = "outputs") -> pd.DataFrame:
    """Read the records of all runs in some folders, as `glt table` does.

    Args:
        folders: One or several folders, or folders of folders, with runs in them.

    Returns:
        One row for each run, also of failed and interrupted ones, whose `status` is not `done`.
        Columns are the fields of `record.json` (scores, sparsities and savings are fractions,
        times seconds, memory MiB), `label` (the method as tables call it), `difference` (ticket
        minus dense on test, a fraction) and `folder`.

    Raises:
        UserError: A folder does not exist, or there is no run in any of them.
    """
    import pandas as pd

    several = [folders] if isinstance(folders, str | Path) else folders
    rows = []
    for run in collect(str(folder) for folder in several):
        record = run.record
        ticket, dense = record.ticket_test, record.dense_test
        further = {
            "label": record.label,
            "difference": None if ticket is None or dense is None else ticket - dense,
            "folder": str(run.folder.path),
        }
        rows.append(asdict(record) | further)
    return pd.DataFrame(rows)
