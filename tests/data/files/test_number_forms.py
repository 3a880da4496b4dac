"""What is nearly a number gets the remedy that is right for it."""

from pathlib import Path

import pytest

from glt_cli.data import files
from tests.data.files.customers import config, dense, loaded, mistake, with_column


def first(cell: str) -> list[str]:
    return [cell, *map(str, range(11))]


@pytest.mark.parametrize(
    ("cell", "remedy"),
    [
        ("0,5", "write it with a decimal point"),
        ('"1,234"', "without separators of thousands, as 1234, or 1.234 if the comma is a decimal"),
        ('"1,234,567"', "write it without separators of thousands, as 1234567"),
        ('"1,234.5"', "write it without separators of thousands, as 1234.5"),
        ("1.234.567", "write it as 1234567"),
        ('"1.234,5"', "write it as 1234.5"),
        ("12 000", "write it without separators of thousands"),
        ("5%", "write it without the sign of per cent"),
        ("$1000", "write it as a plain number, without the currency"),
        ("12.50 €", "write it as a plain number, without the currency"),
        ("?", "if it stands for a missing value, set 'dataset.missing=[\"?\"]'"),
        ("-", "if it stands for a missing value, set dataset.missing=[-]"),
        ("\\N", "if it stands for a missing value, set 'dataset.missing=[\"\\N\"]'"),
        ("#N/A", "if it stands for a missing value, set 'dataset.missing=[\"#N/A\"]'"),
        ("   ", "if it stands for a missing value, set 'dataset.missing=[\"   \"]'"),
        ("twelve", "correct it"),
    ],
)
def test_the_remedy_fits(cell: str, remedy: str) -> None:
    quoted = cell if cell.startswith('"') or "," not in cell else f'"{cell}"'
    assert remedy in mistake(with_column("debt", first(quoted)))


def test_amounts_alone_are_not_taken_for_texts() -> None:
    cells = [f"${row},000".join('""') for row in range(1, 13)]
    assert "'$1,000' is not a number; write it as a plain number" in mistake(
        with_column("debt", cells)
    )


@pytest.mark.parametrize("word", ["?", "\\N", "-", "#N/A", "   ", "-999"])
def test_words_for_missing_values_are_replaced_by_the_mean(word: str) -> None:
    cells = [word, *(["3"] * 11)]
    data = loaded(with_column("debt", cells), missing=[word], standardise=False)
    assert dense(data)[0, -1] == 3
    assert any(line.startswith("missing: 1 in 'debt'") for line in data.report)


def test_typed_columns_too(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    loaded()
    nodes = pd.read_csv("nodes.csv", dtype={"id": str})
    nodes["debt"] = [-999] + [3] * 11
    nodes.to_parquet("nodes.parquet")
    data = files.load(config(nodes="nodes.parquet", missing=["-999"], standardise=False), None)
    assert dense(data)[0, -1] == 3
