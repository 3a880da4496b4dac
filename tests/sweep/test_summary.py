"""The comparison at the end of a grid."""

from dataclasses import replace

from glt_cli.analysis.compare.formats import as_text
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.config.request import read
from glt_cli.sweep.summary import grid_table, varied_keys
from tests.experiment.test_tables import RECORD


def run_of(seed: int, dense: float, alpha: float = 0.1, **fields: object) -> ComparedRun:
    """A finished run whose ticket loses a point against dense."""
    record = replace(
        RECORD,
        seed=seed,
        dense_test=dense,
        ticket_test=dense - 0.01,
        config_hash=f"{fields} {alpha}",
        **fields,  # type: ignore[arg-type]
    )
    return ComparedRun(record, {"method.alpha": alpha, "trainer.epochs": 5})


def test_seeds_are_paired_before_they_are_averaged() -> None:
    table = grid_table([run_of(0, 0.8), run_of(1, 0.9), run_of(0, 0.8, method="imp")], [], 0.005)
    fastglt, imp = (dict(zip(table.headings, row, strict=True)) for row in table.rows)
    # Both tickets lose one point, however far apart the seeds are.
    assert fastglt["difference"].text == "-1.00 ± 0.00"
    assert fastglt["dense"].text == "85.00 ± 7.07"
    assert fastglt["95 % interval"].text == "-1.00 to -1.00"
    assert fastglt["verdict"].text == "loses"
    assert (fastglt["seeds"].text, imp["seeds"].text) == ("2", "1")
    assert imp["difference"].text == "-1.00"
    assert imp["verdict"].text == "outside tolerance on 1 seed"


def test_what_is_the_same_in_all_rows_is_in_the_title() -> None:
    runs = [run_of(0, 0.8), run_of(0, 0.8, alpha=0.2)]
    table = grid_table(runs, ["method.alpha"], 0.005)
    assert table.headings[:3] == ["method", "method.alpha", "dense"]
    assert [[cell.text for cell in row[:2]] for row in table.rows] == [
        ["fastglt", "0.1"],
        ["fastglt", "0.2"],
    ]
    for part in (
        "backbone gcn", "dataset cora", "targets 35% / 90%", "1 seed",
        "graph sparsity 35.00%", "weight sparsity 90.00%",
    ):  # fmt: skip
        assert f"; {part}" in table.title
    assert "find time" in table.headings


def test_settings_that_no_column_shows_label_their_rows() -> None:
    # A group such as trainer=quick is no setting, and a label says what it sets.
    table = grid_table([run_of(0, 0.8), run_of(0, 0.8, alpha=0.2)], ["experiment"], 0.005)
    assert table.headings[:2] == ["method", "setting"]
    assert [row[1].text for row in table.rows] == ["method.alpha=0.1", "method.alpha=0.2"]


def test_remarks_are_under_the_table() -> None:
    text = as_text(grid_table([run_of(0, 0.8, distill=2.0), run_of(1, 0.8)], [], 0.005))
    assert "- Distilled: trained with 2 times" in text


def test_keys_that_a_grid_varies() -> None:
    words = ["method=random,oneshot", "trainer.lr=0.1,0.2", "trainer.epochs=3", "seed=0,1"]
    points = read(words, True, None).points
    assert {key for keys in varied_keys(points) for key in keys} == {"trainer.lr"}
    assert list(varied_keys(points, shown=())[0]) == ["method", "trainer.lr", "seed"]


def test_a_key_of_one_method_varies_if_it_has_several_values() -> None:
    words = ["method=random,oneshot", "oneshot.pretrain_epochs=3,4", "oneshot.diversity=0.1"]
    points = read(words, True, None).points
    assert [keys["method.pretrain_epochs"] for keys in varied_keys(points)] == ["-", "3", "4"]
    assert {key for keys in varied_keys(points) for key in keys} == {"method.pretrain_epochs"}
