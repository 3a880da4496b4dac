import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from glt_cli.sweep import display
from glt_cli.sweep.display import Display
from glt_cli.sweep.progress import Grid, WholeSearch
from glt_cli.training.loop import Epoch


def show(monkeypatch: pytest.MonkeyPatch, terminal: bool, quiet: bool = False) -> str:
    file = io.StringIO()

    def console(silent: bool) -> Console:
        return Console(file=file, force_terminal=terminal, width=80, quiet=silent)

    monkeypatch.setattr(display, "console", console)
    with Display(quiet) as shown:
        shown.say("fastglt on gcn")
        for phase in ("pretrain", "denoise"):
            shown.begin(phase, 400)
            for number in range(1, 401):
                shown.epoch(Epoch(phase, number, 0.5, number / 1000), 0.35, 0.985)
    return file.getvalue()


def test_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = show(monkeypatch, terminal=False).splitlines()
    assert lines[0] == "fastglt on gcn"
    assert [line.split()[0] for line in lines[1:]] == ["pretrain", "denoise"]
    for line in lines[1:]:
        assert "400 epochs, val 40.0%  edges -35.0%  weights -98.5%, best val 40.0%" in line


def test_bars_fit_into_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = show(monkeypatch, terminal=True)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)
    last = plain.splitlines()[-1]
    for part in ("denoise", "400/400", "val 40.0%", "edges -35.0%", "weights -98.5%", "0:00:"):
        assert part in last
    assert len(last) <= 80


def test_quiet_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert show(monkeypatch, terminal=False, quiet=True) == ""


def test_the_bar_of_a_search_is_below_its_rungs_and_counts_earlier_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = grid_of_a_search(monkeypatch, tmp_path, terminal=True)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).rstrip().splitlines()
    assert re.search(r"^grid +━.* 1/2 ", plain[-2])
    assert re.search(r"^search +━.* 6/20 at most", plain[-1])
    assert max(map(len, plain)) <= 80


def test_without_a_terminal_a_line_before_each_run_counts_those_of_the_search(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shown = grid_of_a_search(monkeypatch, tmp_path, terminal=False)
    assert shown == "run 1 of 2, 6 of at most 20 runs of the search\n"


def grid_of_a_search(monkeypatch: pytest.MonkeyPatch, folder: Path, terminal: bool) -> str:
    """A rung of two runs, one of them finished, after five runs of earlier rungs."""
    file = io.StringIO()
    made = Console(file=file, force_terminal=terminal, width=80)
    monkeypatch.setattr(display, "console", lambda _: made)
    runs = [folder / "a", folder / "b"]
    with Display(False, Grid(runs, runs[:1]), WholeSearch(most=20, ended=5)) as shown:
        shown.begin_run()
    return file.getvalue()
