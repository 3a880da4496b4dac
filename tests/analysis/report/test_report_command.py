import hashlib
import importlib.util
import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from glt_cli.analysis.collect import collect
from glt_cli.analysis.report.figures import cell_figures
from glt_cli.analysis.report.series import cells_of
from tests.analysis.report.runs import make_grid, make_run

Glt = Callable[..., tuple[int, str, str]]
_VOID = {"meta", "link", "br", "img", "input"}


class Reader(HTMLParser):
    """Checks that elements close in turn; collects what it meets."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.met: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.met.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.met.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f" {data}" if self.open and self.open[-1] not in ("style", "script") else ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.met if name == tag]


def words(text: str) -> str:
    return " ".join(text.split())


def test_one_self_contained_page(tmp_path: Path, glt: Glt) -> None:
    make_grid(tmp_path / "outputs")
    page, figures = tmp_path / "report.html", tmp_path / "figures"
    again = tmp_path / "again.html"
    command = ("report", str(tmp_path / "outputs"), "--output")
    code, out, err = glt(*command, str(page), "--figures", str(figures))
    assert (code, err) == (0, "")
    assert "(21 runs, 8 figures)" in out
    html = page.read_text()

    read = Reader(html)
    [script] = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    [policy] = [meta["content"] for meta in read.all("meta") if "http-equiv" in meta]
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy is not None
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{digest}'" in policy
    assert not [name for _, attributes in read.met for name in attributes if name.startswith("on")]
    assert not {"link", "iframe", "img", "object"} & {tag for tag, _ in read.met}
    for _, attributes in read.met:
        for name in ("src", "href", "xlink:href", "style"):
            value = attributes.get(name) or ""
            assert "//" not in value, value
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)

    assert all(svg.get("role") == "img" and svg.get("aria-label") for svg in read.all("svg"))
    assert len(read.all("svg")) == 8
    anchors = {attributes.get("id") for _, attributes in read.met} - {None}
    inner = [href for a in read.all("a") if (href := a.get("href"))]
    assert inner
    assert {href.removeprefix("#") for href in inner} <= anchors

    text = words(read.text)
    assert "21 finished of 21" in text
    assert "glt run -m method=imp dataset=cora backbone=gcn sparsity.graph=0.2 seed=0,1,2" in text
    assert "imp: nothing at 50 % of edges and 93 % of weights removed." in text
    assert f"glt report {tmp_path / 'outputs'}" in text
    assert "Share of edges that join two nodes of one class" in text
    assert "2026-01-03 00:00:00 UTC" in text

    names = {path.name for path in figures.iterdir()}
    assert len(names) == 24
    assert {"cora-gcn-over-edges.svg", "cora-gcn-seeds.pdf", "cora-gcn-run-degrees.png"} <= names
    assert glt(*command, str(again))[0] == 0
    assert again.read_text() == html


def test_the_same_figure_is_the_same_bytes(tmp_path: Path) -> None:
    make_run(tmp_path / "o", [], 0.79)
    written = []
    for name in ("a", "b"):
        [cell] = cells_of(collect([str(tmp_path / "o")]), 0.005)
        (tmp_path / name).mkdir()
        for figure in cell_figures(cell)[:1]:
            figure.write(tmp_path / name)
        written.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert len(written[0]) == 3
    assert written[0] == written[1]


def test_what_failed_or_is_missing_is_said(tmp_path: Path, glt: Glt) -> None:
    runs = tmp_path / "outputs"
    make_run(runs, ["method=oneshot", "seed=0"], 0.79)
    make_run(runs, ["method=random", "seed=0"], 0.6)
    make_run(runs, ["method=random", "seed=1"], 0.6)
    make_run(
        runs, ["method=imp"], 0, status="failed", error="<b>no</b> memory",
        ticket_test=None, dense_test=None,
    )  # fmt: skip
    (runs / "begun").mkdir()
    (runs / "begun" / "config.yaml").write_text("seed: 0\n")
    assert glt("report", str(runs), "--output", str(tmp_path / "r.html"))[0] == 0
    text = words(Reader((tmp_path / "r.html").read_text()).text)
    assert "oneshot, 35% / 93%: no finished run of seed 1." in text
    assert "<b>no</b> memory" in text
    assert "begun" in text
    assert "Not all runs finished" in text
    assert "Every run finished" not in text


def test_only_the_runs_that_are_asked_for(tmp_path: Path, glt: Glt) -> None:
    make_grid(tmp_path / "outputs")
    where = ("--where", "method=fastglt,imp", "--where", "graph_sparsity_target<=0.3")
    output = tmp_path / "part.html"
    code, out, err = glt("report", str(tmp_path / "outputs"), *where, "--output", str(output))
    assert (code, err) == (0, "")
    assert "(6 runs," in out
    text = words(Reader(output.read_text()).text)
    assert "oneshot" not in text
    # The page says how it is made again, conditions included.
    assert "--where method=fastglt,imp --where 'graph_sparsity_target<=0.3'" in text


def test_conditions_that_nothing_meets_or_nobody_can_read(tmp_path: Path, glt: Glt) -> None:
    make_grid(tmp_path / "outputs")
    output = tmp_path / "none.html"
    for condition in ("method=ugs", "nonsense=1", "method"):
        command = ("report", str(tmp_path / "outputs"), "--where", condition)
        code, _, err = glt(*command, "--output", str(output))
        assert code == 2
        assert len(err.strip().splitlines()) == 1, err
        assert not output.exists()


def test_dense_runs_alone_and_failed_ones_alone(tmp_path: Path, glt: Glt) -> None:
    make_run(tmp_path / "dense", ["method=dense"], 0.8)
    make_run(tmp_path / "failed", [], 0, status="failed", error="x", ticket_test=None)
    page = tmp_path / "r.html"
    for folder, sentence in (
        ("dense", "Only dense models were trained here"),
        ("failed", "No run has finished yet"),
    ):
        assert glt("report", str(tmp_path / folder), "--output", str(page))[0] == 0
        assert sentence in words(Reader(page.read_text()).text)


def test_names_in_any_script_are_shown_as_they_are(tmp_path: Path, glt: Glt) -> None:
    for seed in (0, 1):
        make_run(tmp_path / "o", [f"seed={seed}"], 0.79, dataset="$x$ <i> 図")
    page = tmp_path / "r.html"
    code, _, err = glt("report", str(tmp_path / "o"), "--output", str(page))
    assert (code, err) == (0, "")
    assert "$x$ <i> 図" in Reader(page.read_text()).text


def test_bad_input_is_one_line(tmp_path: Path, glt: Glt, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "runs", [], 0.79)
    runs = str(tmp_path / "runs")
    (tmp_path / "file").write_text("")
    page = str(tmp_path / "r.html")
    for command, hint in (
        ((str(tmp_path / "none"),), "no such folder"),
        ((runs, "--output", runs), "is a folder"),
        ((runs, "--output", str(tmp_path / "a" / "r.html")), "make it first"),
        ((runs, "--output", str(tmp_path / "r.pdf")), "a report is HTML"),
        ((runs, "--output", page, "--tolerance", "much"), "must be a number from 0 to 1"),
        ((runs, "--output", page, "--tolerance", "nan"), "must be a number from 0 to 1"),
        ((runs, "--output", page, "--figures", str(tmp_path / "file")), "can't be written"),
        ((runs, "--colour"), "does not take --colour"),
    ):
        code, out, err = glt("report", *command)
        assert (code, out, err.count("\n")) == (2, "", 1), command
        assert hint in err
    assert not Path(page).exists()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    code, _, err = glt("report", runs)
    assert (code, err.count("\n")) == (2, 1)
    assert "pip install 'glt-cli[plots]'" in err


def test_torch_is_not_needed(tmp_path: Path) -> None:
    make_grid(tmp_path / "outputs")
    program = (
        "import sys; from glt_cli.commands.main import main as run_command; "
        "assert 'matplotlib' not in sys.modules; "
        "code = run_command(['report', '--output', 'r.html']); "
        "sys.exit(code or 'torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True)
