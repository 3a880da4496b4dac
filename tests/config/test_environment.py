"""Values of environment variables are used, but neither stored nor shown."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from glt_cli import terminal
from glt_cli.commands.main import main
from glt_cli.config.environment import as_written, resolved, restored
from glt_cli.config.request import read
from glt_cli.errors import UserError
from tests.data.files.customers import EDGES, NODES

SECRET = "hunter2-and-more"


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", SECRET)
    monkeypatch.setattr(terminal, "_concealed", {})


def test_what_depends_on_a_variable() -> None:
    settings = {
        "a": "${oc.env:PLACE}/x",
        "b": {"c": "${a}/y", "d": "${e}", "list": ["plain", "${oc.env:PLACE}"]},
        "e": "word",
        "f": "${b.c}",
    }
    written = as_written(settings)
    assert sorted(written) == ["a", "b.c", "b.list.1", "f"]
    values = {"a": 1, "b": {"c": 2, "d": 3, "list": [4, 5]}, "e": 6, "f": 7}
    assert restored(values, written)["b"] == {
        "c": "${a}/y",
        "d": 3,
        "list": [4, "${oc.env:PLACE}"],
    }


def test_a_configuration_keeps_both() -> None:
    config = read(["data_root=${oc.env:PLACE}/data"], False, None).points[0].config
    assert config.data_root == f"{SECRET}/data"
    assert config.stored()["data_root"] == "${oc.env:PLACE}/data"
    assert "written" not in config.stored()
    assert terminal.printable(f"{SECRET}/data is gone") == "${oc.env:PLACE}/data is gone"


def test_stored_settings_may_name_variables_only() -> None:
    assert resolved({"edges": "e.csv"}) == ({"edges": "e.csv"}, {})
    values, written = resolved({"edges": "${oc.env:PLACE}/e", "n": 1})
    assert values == {"edges": f"{SECRET}/e", "n": 1}
    assert written == {"edges": "${oc.env:PLACE}/e"}
    assert resolved({"edges": "${oc.env:NOWHERE,here}"})[0] == {"edges": "here"}
    for text in ("${oc.create:x}", "${oc.env:${oc.env:PLACE}}", "${edges}"):
        with pytest.raises(ValueError, match="may name environment variables only"):
            resolved({"edges": text})
    with pytest.raises(UserError, match="variable NOWHERE must be set"):
        resolved({"edges": "${oc.env:NOWHERE}"})


def test_a_run_stores_and_prints_the_text_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / SECRET
    place.mkdir()
    (place / "nodes.csv").write_text(NODES)
    (place / "edges.csv").write_text(EDGES)
    words = [
        "run",
        "method=random",
        "dataset=files",
        "dataset.edges=${oc.env:PLACE}/edges.csv",
        "dataset.nodes=${oc.env:PLACE}/nodes.csv",
        "dataset.label=churned",
        "trainer.epochs=1",
        "backbone.hidden=4",
    ]
    assert main([*words, "dataset.edges=${oc.env:PLACE}/edge.csv"]) == 2
    assert "dataset.edges=${oc.env:PLACE}/edge.csv: there is no such file" in capfd.readouterr().err
    assert main(words) == 0
    (folder,) = (tmp_path / "outputs").glob("random-*")
    assert main(["verify", str(folder)]) == 0
    assert main(["report", "outputs"]) == 0
    monkeypatch.setenv("PLACE", "elsewhere")
    assert main(["verify", str(folder)]) == 2
    printed = capfd.readouterr()
    assert "${oc.env:PLACE}" in printed.out
    assert SECRET not in printed.out + printed.err
    written = [path for path in tmp_path.rglob("*") if path.is_file() and place not in path.parents]
    assert len(written) > 10
    for path in written:
        with contextlib.suppress(UnicodeDecodeError):
            assert SECRET not in path.read_text(), path
