import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from glt_cli.experiment.paths import RunFolder
from tests.commands.test_parser import heavy, run
from tests.experiment.test_tables import RECORD

Glt = Callable[..., tuple[int, str, str]]


def leave(method: str, seed: int, ticket: float, alpha: float = 0.3, **fields: object) -> None:
    """Put a finished run where `glt table` looks by itself."""
    given = {"dataset": "cora", "graph_sparsity_target": 0.35} | fields
    hashed = "-".join(map(str, [method, alpha, *given.values()]))
    folder = RunFolder(Path("outputs") / f"{hashed}-seed{seed}")
    folder.path.mkdir(parents=True)
    record = replace(
        RECORD,
        method=method,
        seed=seed,
        ticket_test=ticket,
        config_hash=hashed,
        **{"device": "cpu (1 threads)", "dense_test": 0.81, **given},  # type: ignore[arg-type]
    )
    record.write(folder)
    settings = {
        "method": {"name": method, "alpha": alpha, "edge_scores": ["gradient", "degree"]},
        "dataset": {"name": given["dataset"]},
        "seed": seed,
        "output_dir": str(folder.path),
    }
    folder.config.write_text(yaml.safe_dump(settings))


@pytest.fixture
def runs() -> None:
    for seed in range(3):
        leave("fastglt", seed, 0.80 + seed / 1000, find_epochs=10)
        leave("imp", seed, 0.79, find_seconds=10.0, find_epochs=50)
        leave("fastglt", seed, 0.70, dataset="pubmed")
    leave("random", 0, 0.6)
    leave("fastglt", 0, 0.5, status="failed", dataset="citeseer")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


pytestmark = pytest.mark.usefixtures("runs")


def test_the_standard_table(glt: Glt) -> None:
    code, out, err = glt("table")
    assert (code, err) == (0, "")
    assert "accuracy in per cent" in out
    assert "backbone gcn" in out.splitlines()[0], "what is the same stands in the title"
    scores, costs = (line for line in out.splitlines() if re.match(r" +fastglt +cora", line))
    assert "80.10 ± 0.10" in scores
    assert "-0.90 ± 0.10" in scores
    assert "-1.15 to -0.65" in scores
    assert "loses" in scores
    assert "5.0×" in costs
    assert "outside tolerance on 1 seed" in out
    assert "Left out: 1 failed" in out
    assert "Seeds differ" in out


def test_a_pivot_has_a_cell_for_each_value_and_says_what_is_missing(glt: Glt) -> None:
    _, out, _ = glt("table", "--cols", "dataset", "--metric", "difference", "--format", "markdown")
    assert "| method   |" in out
    assert re.search(r"\| fastglt +\| +\*\*-0.90 ± 0.10\*\* \| +-11.00 ± 0.00 \|", out)
    assert re.search(r"\| imp +\| +-2.00 ± 0.00 \| +- \|", out)
    assert "Missing: random on pubmed, imp on pubmed." in out
    assert "targets 35% / 90%" in out
    assert "Bold: the best tickets" in out


def test_a_pivot_over_targets_drops_them_from_the_rows(glt: Glt) -> None:
    leave("dense", 0, 0.81, graph_sparsity_target=0.0, weight_sparsity_target=0.0)
    code, out, _ = glt("table", "--cols", "targets", "--where", "dataset=cora")
    assert code == 0
    assert "none" in out
    assert "Missing" not in out, "the dense model has no targets to miss"


@pytest.mark.parametrize("column", ["graph_sparsity_target", "targets"])
def test_a_ladder_lacks_no_dense_rung_and_hides_no_target(glt: Glt, column: str) -> None:
    leave("dense", 0, 0.81, graph_sparsity_target=0.0, weight_sparsity_target=0.0)
    leave("fastglt", 0, 0.79, graph_sparsity_target=0.5)
    leave("fastglt", 0, 0.78, graph_sparsity_target=0.6)
    _, out, _ = glt("table", "--rows", "method", "--cols", column, "--where", "dataset=cora")
    # Neither dense at the rungs nor tickets at none; those of other methods are missing.
    [missing] = [line for line in out.splitlines() if "Missing" in line]
    assert re.search(r"random on (0\.5|50% / 90%)", missing)
    assert "dense on" not in missing
    assert not re.search(r"on (0|none)(,|\.$)", missing)
    assert "Differs between cells: targets" not in out
    leave("fastglt", 0, 0.7, graph_sparsity_target=0.6, weight_sparsity_target=0.2)
    out = glt("table", "--rows", "method", "--cols", "dataset", "--where", "dataset=cora")[1]
    assert "Differs between cells: targets" in out


def test_settings_that_no_cell_shows_are_noted(glt: Glt) -> None:
    leave("fastglt", 0, 0.2, alpha=0.1, graph_sparsity_target=0.5)
    command = ("table", "--rows", "method", "--cols", "targets", "--where", "dataset=cora")
    note = "Differs between cells: method.alpha (0.1, 0.3); --rows method.alpha shows it."
    assert note in glt(*command, "--format", "csv")[2]
    by_alpha = ("table", "--rows", "method,method.alpha", "--cols", "targets")
    assert "method.alpha (" not in glt(*by_alpha, "--format", "csv")[2]


@pytest.mark.parametrize(
    ("metric", "split"), [("val", "validation"), ("test", "test"), ("difference,val", "test")]
)
def test_the_title_names_the_split(glt: Glt, metric: str, split: str) -> None:
    out = glt("table", "--metric", metric)[1]
    assert out.startswith(f"Comparison: {split} accuracy")


def test_a_file_that_cannot_be_written_is_told_first(glt: Glt) -> None:
    code, out, err = glt("table", "--output", "nowhere/table.csv")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "there is no folder nowhere" in err


def test_settings_that_differ_stand_in_rows_of_their_own(glt: Glt) -> None:
    leave("fastglt", 0, 0.2, alpha=0.1)
    _, out, _ = glt("table", "--cols", "dataset")
    assert re.search(r"fastglt +method.alpha=0.1 +20.00 +-", out)
    # The same setting on another data set keeps its row.
    assert re.search(r"fastglt +method.alpha=0.3 +80.10 ± 0.10 +70.00 ± 0.00", out)
    _, out, _ = glt("table", "--rows", "method,method.alpha", "--where", "dataset=cora")
    assert re.search(r"fastglt +0.1 +1", out)


@pytest.mark.parametrize(
    ("conditions", "methods"),
    [
        (["method=imp"], {"imp"}),
        (["method=imp,random"], {"imp", "random"}),
        (["method!=fastglt"], {"imp", "random"}),
        (["seed=1", "dataset=cora"], {"fastglt", "imp"}),
        (["find_seconds>2"], {"imp"}),
        (["find_seconds<=2", "ticket_test<0.65"], {"random"}),
        (["weight_sparsity_target>=0.9", "method=imp"], {"imp"}),
        (["method.edge_scores=[gradient,degree]", "method=imp"], {"imp"}),
        (["derived_features=false", "second_metric=none", "method=random"], {"random"}),
    ],
)
def test_where(glt: Glt, conditions: list[str], methods: set[str]) -> None:
    words = [word for condition in conditions for word in ("--where", condition)]
    code, out, err = glt("table", "--format", "csv", *words)
    assert code == 0, err
    assert {row["method"] for row in rows(out)} == methods


def test_csv_has_raw_numbers(glt: Glt) -> None:
    code, out, err = glt("table", "--format", "csv", "--metric", "difference,speedup,memory")
    assert code == 0
    assert "glt: Left out: 1 failed" in err, "notes are printed apart from the numbers"
    (row,) = (
        row
        for row in rows(out)
        if (row["method"], row["dataset"], row["figure"]) == ("fastglt", "cora", "difference")
    )
    assert float(row["value"]) == pytest.approx(-0.009)
    assert float(row["lower"]) == pytest.approx(-0.009 - 4.302653 * 0.001 / 3**0.5)
    assert (row["n"], row["seeds"], row["verdict"]) == ("3", "0 1 2", "loses")
    assert row["weight_sparsity_target"] == "0.9"
    assert {row["value"] for row in rows(out) if row["figure"] == "memory"} == {""}


def test_latex_is_escaped_and_balanced(glt: Glt) -> None:
    leave("fastglt", 0, 0.2, dataset="my_data & more")
    _, out, _ = glt("table", "--format", "latex")
    assert r"my\_data \& more" in out
    assert r"80.10 $\pm$ 0.10" in out
    assert r"\textbf{$-$0.90 $\pm$ 0.10}" in out
    assert r"35\% / 90\%" in out
    for rule in ("toprule", "midrule", "bottomrule"):
        assert f"\\{rule}" in out
    assert out.count("{") - out.count(r"\{") == out.count("}") - out.count(r"\}")
    body = out.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    columns = re.search(r"begin{tabular}{([lr]+)}", out)
    assert columns
    assert {len(re.findall(r"(?<!\\)&", line)) + 1 for line in body} == {len(columns.group(1))}


def test_latex_shrinks_a_wide_table_and_keeps_the_names_of_options(glt: Glt) -> None:
    leave("fastglt", 0, 0.2, graph_sparsity_target=0.3)
    leave("fastglt", 1, 0.2, graph_sparsity_target=0.5)
    _, out, _ = glt("table", "--rows", "method", "--cols", "seed", "--format", "latex")
    assert out.index(r"\resizebox{\ifdim\width>\linewidth") < out.index(r"\begin{tabular}")
    assert "-{}-rows targets" in out
    assert "--" not in out


def test_html_is_escaped_ascii(glt: Glt) -> None:
    leave("fastglt", 0, 0.2, dataset="<b>")
    _, out, _ = glt("table", "--format", "html")
    assert out.isascii()
    assert "&lt;b&gt;" in out
    assert "<b>" not in out
    assert "<strong>80.10 &#177; 0.10</strong>" in out
    assert out.count("<tr>") == out.count("</tr>") == 6


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("t.tex", "% needs"),
        ("t.csv", "method,"),
        ("t.md", "## "),
        ("t.html", "<table"),
        ("t.txt", "Comparison"),
    ],
)
def test_a_file_ending_says_the_format(glt: Glt, name: str, start: str) -> None:
    code, out, _ = glt("table", "outputs", "--output", name)
    assert (code, out) == (0, f"Table: {name}\n")
    assert Path(name).read_text().startswith(start)


def test_published_figures_stand_beside_and_are_labelled(glt: Glt) -> None:
    words = ["--published", "--metric", "test", "--format", "csv"]
    _, out, err = glt("table", *words)
    found = rows(out)
    published = [row for row in found if row["setting"].startswith(("published [", "rerun ["))]
    # Their targets aren't ours, so they have no row.
    assert not published
    assert "At other targets than ours" in err
    assert "imp, gcn, cora, 37% / 87%: ticket 78.70, rerun [" in err
    assert "MACs saved 95.30% to 98.60%" in err
    _, without, _ = glt("table", *words[1:])
    ours = [row for row in found if row not in published]
    assert ours == rows(without), "published figures change no mean"


def test_published_figures_of_a_pivot_name_what_it_leaves_out(glt: Glt) -> None:
    words = ["table", "--published", "--rows", "method", "--format", "markdown"]
    _, out, _ = glt(*words, "--cols", "dataset", "--metric", "macs")
    assert "UGS, arXiv 2102.06790; MACs; gcn; 36.98% / 86.58%" in out
    assert "275 M multiply-adds" in out
    _, out, _ = glt(*words, "--cols", "seed")
    assert "Published results are not given by seed" in out


def test_a_table_is_as_wide_as_is_asked(glt: Glt) -> None:
    _, out, _ = glt("table", "--where", "method=fastglt", "--width", "80")
    drawn = out.split("\n\n", 1)[1].partition("\n- ")[0]
    assert all(len(line) <= 80 for line in drawn.splitlines())
    assert len(re.findall(r"^ +method ", out, re.M)) > 1
    assert "…" not in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--rows", "metod"], "did you mean method?"),
        (["--rows", ","], "at least one field"),
        (["--cols", "xyz"], "no such field"),
        (["--cols", "method", "--rows", "method"], "in --rows already"),
        (["--metric", "tset"], "did you mean test?"),
        (["--metric", "test,val", "--cols", "dataset"], "one figure"),
        (["--where", "method"], "KEY=VALUE"),
        (["--where", "method=no"], "method is fastglt, imp, random"),
        (["--where", "methd=imp"], "did you mean method?"),
        (["--where", "method>=3"], "method is not a number"),
        (["--where", "seed>x"], "x must be a number"),
        (["--where", "seed=x"], "x must be a number"),
        (["--where", "targets=0.3"], "graph_sparsity_target"),
        (["--where", "status=failed"], "no finished run"),
        (["--tolerance", "much"], "from 0 to 1"),
        (["--output", "table.doc"], ".tex"),
        (["--output", "no/such/folder.tex"], "make it first"),
        (["--format", "pdf"], "invalid choice"),
        (["--width", "12"], "must be a whole number from 40"),
        (["nowhere"], "no such folder"),
        (["--sideways"], "does not take --sideways"),
    ],
)
def test_bad_input_is_reported_in_one_line(glt: Glt, words: list[str], expected: str) -> None:
    code, out, err = glt("table", *words)
    assert (code, out) == (2, "")
    assert expected in err
    assert len(err.splitlines()) == 1


def test_a_table_needs_no_torch() -> None:
    done = run("table", "--published", "--format", "latex")
    assert done.returncode == 0, done.stderr
    assert not {"torch", "torch_geometric", "pandas"} & heavy(done)
