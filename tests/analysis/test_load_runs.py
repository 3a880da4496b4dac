"""`load_runs` has what `glt table` sees, as a DataFrame."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import glt_cli
from glt_cli.experiment.record import Record
from tests.conftest import TINY

Glt = Callable[..., tuple[int, str, str]]


@pytest.fixture
def runs(glt: Glt) -> pd.DataFrame:
    """Two seeds, and so two dense runs beside them."""
    words = ["method=random", "seed=0,1", "retrain.control=none,reinit"]
    assert glt("run", "-m", *TINY, *words)[0] == 0
    return glt_cli.load_runs()


def test_a_row_for_each_run_and_a_column_for_each_field(runs: pd.DataFrame) -> None:
    names = [field.name for field in fields(Record)]
    assert list(runs.columns) == [*names, "label", "difference", "folder"]
    assert len(runs) == 6
    for row in runs.to_dict("records"):
        record = json.loads((Path(row["folder"]) / "record.json").read_text())
        same = {key for key, value in record.items() if row[key] == value or value is None}
        assert same == set(record)
    assert set(runs["label"]) == {"dense", "random", "random (reinit)"}


def test_differences_are_ticket_minus_dense(runs: pd.DataFrame) -> None:
    pd.testing.assert_series_equal(
        runs["difference"], runs["ticket_test"] - runs["dense_test"], check_names=False
    )
    assert (runs[runs["label"] == "dense"]["difference"] == 0).all()


def test_it_counts_what_glt_table_counts(glt: Glt, runs: pd.DataFrame) -> None:
    code, out, _ = glt("table", "outputs", "--format", "csv")
    assert code == 0
    table = pd.read_csv(io.StringIO(out)).query("figure == 'test'")
    theirs = table.set_index("method")["value"]
    ours = runs.groupby("label")["ticket_test"].mean()
    pd.testing.assert_series_equal(ours, theirs, check_names=False)


def test_numbers_are_numbers_and_missing_ones_are_nan(runs: pd.DataFrame) -> None:
    folder = Path(runs.iloc[0]["folder"])
    record = json.loads((folder / "record.json").read_text())
    failed = record | {"status": "failed", "error": "no more", "ticket_test": None}
    (folder / "record.json").write_text(json.dumps(failed))
    again = glt_cli.load_runs("outputs")
    assert again["ticket_test"].dtype == float
    row = again.set_index("folder").loc[str(folder)]
    assert (row["status"], row["error"]) == ("failed", "no more")
    assert pd.isna(row["ticket_test"])
    assert pd.isna(row["difference"])


def test_folders_of_any_kind_and_each_run_once(runs: pd.DataFrame) -> None:
    one = runs.iloc[0]["folder"]
    assert len(glt_cli.load_runs(one)) == 1
    assert len(glt_cli.load_runs(Path("outputs"))) == 6
    assert len(glt_cli.load_runs(["outputs", Path(one)])) == 6


def test_where_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(glt_cli.UserError, match="there is no such folder; name one with runs"):
        glt_cli.load_runs("nowhere")
    with pytest.raises(glt_cli.UserError, match="no runs found; glt run writes them"):
        glt_cli.load_runs(tmp_path)


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (None, "folders: must be the path of a folder; it is None"),
        (5, "folders: must be the path of a folder; it is an int"),
        (["outputs", None], "folders: must be the path of a folder; it is None"),
        ("", "folders=: name a folder"),
        ([], "folders: is empty; name a folder with runs in it"),
    ],
)
def test_what_is_no_folder_is_one_line(folders: Any, message: str) -> None:
    with pytest.raises(glt_cli.UserError) as refused:
        glt_cli.load_runs(folders)
    assert str(refused.value) == message
