"""Columns of lists: numbers of equal length, or words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from glt_cli.data import files
from glt_cli.data.files.as_trained import encoded_as_trained
from glt_cli.data.files.lists import MOST_ENTRIES
from glt_cli.data.files.reading import read
from glt_cli.errors import UserError
from tests.data.files.customers import (
    IDS,
    column,
    config,
    dense,
    loaded,
    mistake,
    with_column,
    write,
)

TAGS = [["red"], ["red", "round"], [], ["round", "red", "red"]] * 3
POINTS = [[row, 0.5 * row] for row in range(12)]
ALONE: dict[str, Any] = {"ignore": ["age", "vip", "city"]}


def as_json(lists: list[Any]) -> list[str]:
    return ['"' + str(each).replace("'", '""') + '"' for each in lists]


def as_python(lists: list[Any]) -> list[str]:
    return [f'"{each}"' for each in lists]


@pytest.mark.parametrize("written", [as_json, as_python])
def test_words_become_a_column_of_true_and_false_each(written: Any) -> None:
    data = loaded(with_column("tags", written(TAGS)), **ALONE)
    assert dense(data)[:4].tolist() == [[1, 0], [1, 1], [0, 0], [1, 1]]
    assert data.preparation is not None
    assert [each["column"] for each in data.preparation["columns"]] == ["tags=red", "tags=round"]
    assert (
        "features: 'tags' holds lists with 2 different entries, a column of true and false for each"
        in data.report
    )


def test_numbers_of_equal_length_become_a_column_for_each_place() -> None:
    cells = as_json(POINTS)
    cells[5] = ""
    data = loaded(with_column("place", cells), standardise=False, **ALONE)
    others = [row for row in range(12) if row != 5]
    np.testing.assert_allclose(dense(data)[others], np.array(POINTS)[others])
    assert column(data, "place[1]")["kind"] == "number"
    assert "missing: 1 in 'place[0]'" in "\n".join(data.report)


def test_numbers_of_unequal_length_are_words() -> None:
    cells = as_json([[3], [3, 17], [], [900]] * 3)
    data = loaded(with_column("words", cells), **ALONE)
    assert data.preparation is not None
    assert data.preparation["lists"] == {"words": ["17", "3", "900"]}


def test_parquet_has_lists(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    write()
    table = pd.DataFrame({"id": IDS, "tags": TAGS, "place": POINTS, "churned": ["a", "b"] * 6})
    table.to_parquet("nodes.parquet")
    data = files.load(config(nodes="nodes.parquet", standardise=False), None)
    np.testing.assert_allclose(dense(data)[:, 2:], POINTS)
    assert dense(data)[:4, :2].tolist() == [[1, 0], [1, 1], [0, 0], [1, 1]]


def test_many_words_stay_sparse() -> None:
    cells = as_json([[f"w{row}", f"v{row}"] for row in range(12)])
    data = loaded(with_column("words", cells), **ALONE)
    assert isinstance(data.x, scipy.sparse.csr_array)
    assert data.x.nnz == 24


def test_text_that_is_no_list_stays_text() -> None:
    data = loaded(with_column("note", ["[a", "b]", "[1]", '"[x, y]"'] * 3), **ALONE)
    assert column(data, "note")["kind"] == "category"
    data = loaded(with_column("note", ["[[1]]", "[{}]", "[1]", "[(]"] * 3), **ALONE)
    assert column(data, "note")["kind"] == "category"


def test_another_file_has_the_same_columns() -> None:
    tags = with_column("tags", as_json(TAGS))
    data = loaded(tags, **ALONE)
    assert data.preparation is not None
    Path("nodes.csv").write_text(with_column("tags", as_json([["round", "new"]] * 12)))
    x, report = encoded_as_trained(read("nodes", config()), data.preparation, config())
    assert x.tolist() == [[0, 1]] * 12
    assert "1 others, not seen in training, are left out" in report[0]
    for cells, message in (
        (["red"] * 12, "column 'tags': must hold lists, as in training"),
        (None, "lacks 'tags', which the model was trained on"),
    ):
        write(with_column("tags", cells) if cells else with_column("other", ["red"] * 12))
        with pytest.raises(UserError, match=message):
            encoded_as_trained(read("nodes", config()), data.preparation, config())


def test_lists_of_another_length_are_refused() -> None:
    data = loaded(with_column("place", as_json(POINTS)), **ALONE)
    assert data.preparation is not None
    write(with_column("place", as_json([[1.0]] * 12)))
    with pytest.raises(UserError, match="must hold lists of 2 numbers, as in training"):
        encoded_as_trained(read("nodes", config()), data.preparation, config())


def test_too_many_entries() -> None:
    cells = as_json([[f"w{row}-{place}" for place in range(2000)] for row in range(12)])
    message = mistake(with_column("words", cells))
    assert f"24,000 different entries, but at most {MOST_ENTRIES:,} are allowed" in message
    assert "dataset.ignore=[words]" in message
