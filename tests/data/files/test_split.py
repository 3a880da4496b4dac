"""Splits by values of a column, by time, and with validation nodes taken from train."""

from __future__ import annotations

import pytest

from glt_cli.data.graph_data import NodeData
from tests.data.files.customers import IDS, loaded, mistake, with_column

YEARS = [2019, 2020, 2021] * 4


def parts(data: NodeData) -> list[list[int]]:
    return [nodes.tolist() for nodes in (data.train, data.val, data.test)]


def features(data: NodeData) -> list[str]:
    assert data.preparation is not None
    return [column["column"] for column in data.preparation["columns"]]


def test_values_of_a_column() -> None:
    nodes = with_column("year", YEARS)
    data = loaded(nodes, split="year", train=["2019"], val=["2020"], test=["2021"])
    assert parts(data) == [list(range(place, 12, 3)) for place in range(3)]
    assert "year" not in features(data)
    # Numbers are compared as numbers, and values that no part is given are left out and said.
    data = loaded(nodes, split="year", train=["2019.0"], val=["2020"], test=["2020", "2021"][1:])
    assert parts(data)[0] == [0, 3, 6, 9]
    data = loaded(with_column("fold", [1, 2, 3, 4] * 3), split="fold", train=["1", "2"], test=["4"])
    assert parts(data)[2] == [3, 7, 11]
    assert any("because column 'fold' has '3'" in line for line in data.report)


def test_mistakes_in_values() -> None:
    nodes = with_column("year", YEARS)
    assert mistake(nodes, split="year", train=["2018"], test=["2021"]) == (
        "dataset.train: no cell of 'year' is '2018' in nodes.csv (values: '2019', '2020', '2021')."
    )
    assert "name it, as in dataset.split=year" in mistake(nodes, train=["2019"], test=["2021"])
    assert "dataset.test: must list" in mistake(nodes, split="year", train=["2019"])
    assert "'2019' must be in one of them" in mistake(
        nodes, split="year", train=["2019"], test=["2019"]
    )


def test_validation_is_taken_from_train() -> None:
    words = ["train", "train", "train", "test"] * 3
    data = loaded(with_column("part", words), split="part", val_fraction=0.3)
    train, val, test = parts(data)
    assert test == [3, 7, 11]
    assert sorted(train + val) == [row for row in range(12) if words[row] == "train"]
    # Nine training nodes: six of one class and three of the other.
    assert len(val) == 2 + 1
    assert set(data.y[val]) == {0, 1}
    assert any("so 3 training nodes, drawn by label" in line for line in data.report)
    # A class with a single training node keeps it.
    single = ["train", "train"] + ["train", "test"] * 5
    data = loaded(with_column("part", single), split="part")
    assert 1 in data.train


def test_masks_of_train_and_test() -> None:
    nodes = with_column("fit", [row < 8 for row in range(12)])
    lines = nodes.splitlines()
    both = "".join(
        f"{line},{held}\n"
        for line, held in zip(
            lines, ["held_out", *(int(row >= 8) for row in range(12))], strict=True
        )
    )
    data = loaded(both, split=["fit", "held_out"])
    train, val, test = parts(data)
    assert test == [8, 9, 10, 11]
    assert sorted(train + val) == list(range(8))
    assert val


@pytest.mark.parametrize(
    "when",
    [
        lambda row: f"2024-01-{28 - 2 * row:02}",
        lambda row: f"2024-01-03T{23 - row:02}:30:00Z",
        lambda row: 3e9 - row,
        lambda row: -row / 7,
    ],
)
def test_the_latest_nodes_are_tested(when) -> None:  # type: ignore[no-untyped-def]
    data = loaded(
        with_column("since", [when(row) for row in range(12)]),
        time="since",
        train_fraction=0.5,
        val_fraction=0.25,
    )
    assert parts(data) == [list(range(6, 12)), [3, 4, 5], [0, 1, 2]]
    assert "since" not in features(data)
    assert any("by time, column 'since'" in line for line in data.report)


def test_equal_times_stay_together_and_missing_ones_are_left_out() -> None:
    dates = ["2023-12-31"] * 5 + ["2024-01-01"] * 3 + ["2024-02-01"] * 3 + [""]
    data = loaded(with_column("since", dates), time="since")
    assert parts(data) == [[0, 1, 2, 3, 4], [5, 6, 7], [8, 9, 10]]
    assert "split: train from 2023-12-31 to 2023-12-31 ('since')" in data.report
    assert any("1 labelled nodes have no 'since'" in line for line in data.report)


def test_mistakes_in_times() -> None:
    dates = ["2024-01-02"] * 6 + ["03/04/2024"] * 6
    assert mistake(with_column("since", dates), time="since") == (
        "nodes.csv, line 8, column 'since': '03/04/2024' is neither a number nor a date such as "
        "2024-03-31 (dataset.time); write all times of the column alike."
    )
    assert "there is no cell" in mistake(with_column("since", [""] * 12), time="since")
    assert "has 1 different times, but" in mistake(with_column("since", [1] * 12), time="since")
    assert "give one of them" in mistake(with_column("since", IDS), time="since", split="since")
    assert "there is no column 'sinse' (dataset.time). Did you mean 'since'?" in mistake(
        with_column("since", IDS), time="sinse"
    )
