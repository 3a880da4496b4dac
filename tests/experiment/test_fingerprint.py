import importlib
import sys
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from glt_cli.config import Config
from glt_cli.config.registry import restored
from glt_cli.config.request import read
from glt_cli.experiment import fingerprint
from glt_cli.experiment.fingerprint import is_changed, normalised, of_run, other_code, remarks
from glt_cli.experiment.identity import identify
from glt_cli.experiment.record import Record

PLUGIN = """
from glt_cli import register_edge_score
import helper

@register_edge_score("nearness")
def nearness(evidence):
    return helper.double(evidence.magnitude)
"""
HELPER = "def double(x):\n    return 2 * x\n"


@pytest.fixture(autouse=True)
def _unloaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [*sys.path, str(Path.cwd())])
    with restored(always=True):
        yield
    forget()


def forget() -> None:
    """Begin anew, as another process would."""
    for name in ("mine", "helper"):
        sys.modules.pop(name, None)
    for cached in (fingerprint._of_module, fingerprint._of_file, fingerprint._raw, other_code):
        cached.cache_clear()
    importlib.invalidate_caches()


def config(*words: str) -> Config:
    return read(["device=cpu", *words], multirun=False, config_dir=None).points[0].config


def with_plugin(plugin: str = PLUGIN, helper: str = HELPER) -> str:
    """The fingerprint of a run that uses a plug-in of this code."""
    forget()
    Path("mine.py").write_text(plugin)
    Path("helper.py").write_text(helper)
    importlib.invalidate_caches()
    with restored(always=True):
        importlib.import_module("mine")
        return of_run(config("method.edge_scores=[nearness]"))


@pytest.mark.parametrize(
    "other",
    [
        "x = 1  # a remark\n",
        "\n\nx    =   (\n  1\n)",
        '"""What it is."""\nx = 1',
    ],
)
def test_comments_docstrings_and_formatting_say_nothing(other: str) -> None:
    assert normalised(other) == normalised("x = 1")


def test_docstrings_inside_blocks_say_nothing_and_other_strings_do() -> None:
    one = "class A:\n  def f(self):\n    if x:\n      def g():\n        '{}'\n        return '{}'"
    assert normalised(one.format("a", "b")) == normalised(one.format("c", "b"))
    assert normalised(one.format("a", "b")) != normalised(one.format("a", "c"))


def test_a_plug_in_counts_with_what_it_imports_from_its_folder() -> None:
    before = with_plugin()
    assert with_plugin() == before
    assert with_plugin("# Said otherwise.\n" + PLUGIN, HELPER + "\n# More.\n") == before
    assert with_plugin(PLUGIN.replace("return", "return 3 *")) != before
    assert with_plugin(helper=HELPER.replace("2", "3")) != before
    # What it doesn't import is no part of it, and who doesn't use it doesn't care.
    Path("unused.py").write_text("x = 1")
    assert with_plugin() == before
    plain = of_run(config())
    with_plugin(PLUGIN.replace("return", "return 3 *"))
    assert of_run(config()) == plain


def test_a_package_counts_whole() -> None:
    folder = Path("kit")
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "mine.py").write_text(PLUGIN.replace("import helper", "from kit import helper"))
    (folder / "helper.py").write_text(HELPER)
    module = importlib.import_module("kit.mine")
    try:
        before = fingerprint._of_function(module.nearness)
        (folder / "further.py").write_text("x = 1")
        forget()
        assert fingerprint._of_function(module.nearness) != before
    finally:
        for name in ("kit", "kit.mine", "kit.helper"):
            sys.modules.pop(name)


def test_a_method_counts_with_its_module_and_what_that_builds_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ("method=fastglt", "method=oneshot", "method=imp", "method=dense")
    before = {word: of_run(config(word)) for word in words}
    assert len(set(before.values())) == len(words)
    forget()
    true = fingerprint._of_file
    monkeypatch.setattr(
        fingerprint, "_of_file", lambda file: "new" if file.stem == "oneshot" else true(file)
    )
    changed = {word for word in words if of_run(config(word)) != before[word]}
    monkeypatch.undo()
    assert changed == {"method=fastglt", "method=oneshot"}


def test_the_identity_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    base = config()
    before = identify(base, "cpu")
    monkeypatch.setattr(fingerprint, "of_run", lambda config: "other")
    assert identify(base, "cpu") != before


def test_files_that_are_no_python_count_by_their_bytes() -> None:
    before = with_plugin(
        PLUGIN + "\ntry:\n    import broken\nexcept (SyntaxError, ImportError):\n    pass\n"
    )
    Path("broken.py").write_text("print 1")
    with_broken = with_plugin(Path("mine.py").read_text())
    assert with_broken != before
    Path("broken.py").write_text("print 2")
    assert with_plugin(Path("mine.py").read_text()) != with_broken


def test_names_that_nobody_knows_have_none() -> None:
    base = deepcopy(config())
    base.method.name = base.backbone.name = "nothing"
    assert of_run(base) != of_run(config())


def record(code: str, finished: str = "2026-01-01") -> Record:
    return Record(
        method="imp",
        backbone="gcn",
        dataset="cora",
        task="",
        metric="",
        seed=0,
        config_hash="",
        graph_sparsity_target=0.5,
        weight_sparsity_target=0.5,
        code=code,
        versions="glt 0.0.9, torch 2",
        commit="0123456789abcdef",
        finished=finished,
    )


def test_runs_of_other_code_are_remarked_in_a_line() -> None:
    now = other_code()
    raw, said = now.split("-")
    assert remarks([record(now), record(""), record(f"other-{said}")]) == []
    assert not is_changed(record(f"{raw}-other"))  # the same files
    assert remarks([record("other-other")]) == [
        "found finished, but glt's code has changed since (glt 0.0.9 at 0123456789, 2026-01-01); "
        "force=true runs it again"
    ]
    (line,) = remarks([record("a-b"), record("c-d", "2026-02-02"), record(now)])
    assert line.startswith("2 runs found finished, but")
    assert "2026-02-02); force=true runs them again" in line


def test_a_finished_run_is_checked_in_no_time() -> None:
    found = record(other_code())
    fingerprint._raw.cache_clear()
    began = time.perf_counter()
    assert not is_changed(found)
    assert time.perf_counter() - began < 0.05
