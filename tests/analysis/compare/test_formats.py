"""How wide tables in text are."""

import io

import pytest
from rich.console import Console

from glt_cli.analysis.compare.formats import as_text, draw
from glt_cli.analysis.compare.render import RenderedTable, TableCell
from glt_cli.terminal import table_console

HEADINGS = ["method", "setting", "ticket", "difference", "find time", "memory"]
CELLS = ["fastglt", "", "80.10 ± 0.10", "-0.90 ± 0.10", "12.3 s", "1.20 GB"]
TABLE = RenderedTable(
    title="A table",
    headings=HEADINGS,
    key_columns=2,
    rows=[[TableCell(text) for text in CELLS]],
    notes=[],
    spare=("memory", "find time"),
)


def on_terminal(width: int) -> str:
    file = io.StringIO()
    draw(TABLE, Console(file=file, force_terminal=True, highlight=False, width=width))
    return file.getvalue()


def test_a_wide_terminal_shows_every_column() -> None:
    assert all(cell in on_terminal(80) for cell in CELLS)
    assert "Not shown" not in on_terminal(80)


def test_a_narrower_terminal_leaves_out_what_matters_least_and_says_so() -> None:
    text = on_terminal(65)
    assert "1.20 GB" not in text
    assert "12.3 s" in text
    assert "- Not shown on 65 columns: memory; a file or a pipe has all." in text


def test_a_terminal_too_narrow_for_the_rest_shows_cards() -> None:
    text = on_terminal(40)
    assert "\nfastglt\n" in text
    assert "\n  ticket      80.10 ± 0.10\n" in text
    assert "\n  memory      1.20 GB\n" in text, "cards leave nothing out"
    assert "Not shown" not in text
    assert max(map(len, text.splitlines())) <= 40


def test_a_pipe_gets_all_columns_in_parts() -> None:
    text = as_text(TABLE, width=40)
    assert all(cell in text for cell in CELLS)
    assert text.count("fastglt") == 4
    assert max(map(len, text.splitlines())) <= 40


def test_a_pipe_is_a_page_wide_unless_columns_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("glt_cli.terminal._PAGE", 100)
    monkeypatch.delenv("COLUMNS", raising=False)
    assert table_console().width == 100
    monkeypatch.setenv("COLUMNS", "133")
    assert table_console().width == 133
    assert table_console(70).width == 70
