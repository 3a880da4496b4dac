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
        One row for each run. Columns are the fields of `record.json` (scores, sparsities and
        savings are fractions, times seconds, memory MiB), `label` (the method as tables call it),
        `difference` (ticket minus dense on test) and `folder`.

    Raises:
        UserError: A folder does not exist, or there is no run in any of them.
    """
    import pandas as pd

    several = [folders] if isinstance(folders, str | Path) else folders
    rows = []
    for run in collect(map(str, several)):
        record = run.record
        scores = (record.ticket_test, record.dense_test)
        difference = None if None in scores else (scores[0] or 0.0) - (scores[1] or 0.0)
        further = {"label": record.label, "difference": difference, "folder": str(run.folder.path)}
        rows.append({**asdict(record), **further})
    return pd.DataFrame(rows)
