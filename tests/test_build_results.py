"""scripts/build_results.py: a template's commands carried out, all of them or nothing written."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.analysis.report.runs import make_grid
from tests.conftest import REPOSITORY, TINY

Glt = Callable[..., tuple[int, str, str]]

TEMPLATE = """# Results

| | |
|---|---|
{runs}

{validation}

    $ glt table --rows method --cols targets --metric test

![Edges](results/ladder--cora-gcn-over-edges.svg)

    $ glt report --where method!=imp --figures ladder
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with a folder of its own to write to."""
    spec = importlib.util.spec_from_file_location(
        "build_results", REPOSITORY / "scripts" / "build_results.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "docs" / "results").mkdir(parents=True)
    monkeypatch.setattr(module, "DOCS", tmp_path / "docs")
    return module


def write(script: ModuleType, template: str) -> None:
    (script.DOCS / "results" / "template.md").write_text(template)


def test_commands_give_way_to_their_tables_and_figures(script: ModuleType, tmp_path: Path) -> None:
    make_grid(tmp_path / "outputs")
    write(script, TEMPLATE)
    (script.DOCS / "results" / "old.svg").write_text("")
    script.main(str(tmp_path / "outputs"))
    page = (script.DOCS / "RESULTS.md").read_text()
    assert "| fastglt" in page
    assert "\n    glt table --rows method --cols targets --metric test\n" in page
    assert "\n    glt report --where method!=imp --figures ladder\n" in page
    assert "| Runs | 21 finished of 21, dense baselines included |" in page
    assert "| a ticket wins on validation | settings | of them also on test |" in page
    assert "| by the best epoch | 1 of 7 | 0 |\n| by late epochs | 0 of 7 | 0 |" in page
    assert "{" not in page
    assert str(tmp_path) not in page
    [figure] = (script.DOCS / "results").glob("*.svg")
    assert figure.name == "ladder--cora-gcn-over-edges.svg"
    assert "oneshot" in figure.read_text()
    rows = (script.DOCS / "results" / "runs.csv").read_text().splitlines()
    assert len(rows) == 22


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (TEMPLATE.replace("over-edges.svg", "over-nodes.svg"), "over-nodes.svg: .* drew cora-gcn"),
        (TEMPLATE.replace("--metric test", "--metric tset"), "exit code 2"),
    ],
)
def test_what_cannot_be_made_leaves_the_old_page_whole(
    script: ModuleType, tmp_path: Path, wrong: str, said: str
) -> None:
    make_grid(tmp_path / "outputs")
    write(script, TEMPLATE)
    script.main(str(tmp_path / "outputs"))
    before = {path: path.read_bytes() for path in script.DOCS.rglob("*.*")}
    write(script, wrong)
    with pytest.raises(SystemExit, match=said):
        script.main(str(tmp_path / "outputs"))
    template = script.DOCS / "results" / "template.md"
    after = {path: path.read_bytes() for path in script.DOCS.rglob("*.*")}
    assert {**after, template: b""} == {**before, template: b""}


def test_a_search_is_answered_or_not_begun(script: ModuleType, tmp_path: Path, glt: Glt) -> None:
    given = " ".join(TINY)
    asked = f"search edges method=random,oneshot --ladder 0.2,0.4 --seeds 0 --test-seeds 1 {given}"
    write(script, f"    $ glt {asked} --tolerance 1\n")
    assert glt("run", *TINY, "method=random", "sparsity.weight=0", "sparsity.graph=0.2")[0] == 0
    with pytest.raises(SystemExit, match="not all of its runs are finished"):
        script.main("outputs")
    assert len(list(Path("outputs").glob("*/record.json"))) == 2
    assert glt(*asked.split(), "--tolerance", "1")[0] == 0
    script.main("outputs")
    page = (script.DOCS / "RESULTS.md").read_text()
    assert "| random" in page
    assert f"    glt {asked} --tolerance 1" in page
