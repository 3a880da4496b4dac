"""The packages, their order and their modules are those of docs/architecture.md."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "glt_cli"
PAGE = REPOSITORY / "docs" / "architecture.md"
#: What lies in the package's root.
FLAT = {"__init__.py", "__main__.py", "errors.py", "terminal.py"}


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """The modules that each module imports, those in functions included."""
    graph = grimp.build_graph("glt_cli", exclude_type_checking_imports=True, cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


def packages() -> list[str]:
    """The packages from top to bottom, by the contract in pyproject.toml."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    (contract,) = project["tool"]["importlinter"]["contracts"]
    layers = [layer.removeprefix("glt_cli.") for layer in contract["layers"]]
    return [layer for layer in layers if (PACKAGE / layer).is_dir()]


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_packages_import_downward_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    assert lint_imports(no_cache=True) == 0


def test_no_imports_run_in_a_circle(imports: dict[str, set[str]]) -> None:
    list(TopologicalSorter(imports).static_order())  # raises CycleError


def test_the_contract_is_about_every_package() -> None:
    found = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(packages()) == found
    assert len(found) <= 10
    assert {path.name for path in PACKAGE.glob("*.py")} == FLAT


def test_the_python_interface_imports_nothing_by_itself(imports: dict[str, set[str]]) -> None:
    assert imports["glt_cli"] == set()


def test_the_page_lists_the_packages_in_their_order() -> None:
    text = PAGE.read_text().partition("## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == packages()


def test_the_page_lists_every_module_with_its_purpose() -> None:
    listed = set()
    for section in PAGE.read_text().partition("## Modules")[2].split("### ")[1:]:
        package = section.splitlines()[0]
        for name, purpose in re.findall(r"^\| `([^`]+)` \| (.*) \|$", section, re.MULTILINE):
            path = f"{package}/{name}"
            listed.add((f"{path}__init__.py" if path.endswith("/") else path, purpose))
    there = {
        (str(path.relative_to(PACKAGE)), str(ast.get_docstring(ast.parse(path.read_text()))))
        for path in modules()
        if len(path.relative_to(PACKAGE).parts) > 1
    }
    known = {(path, text.splitlines()[0]) for path, text in there}
    assert listed == {item for item in known if item[0].count("/") > 1 or "__init__" not in item[0]}


def test_files_that_the_page_names_exist() -> None:
    text = PAGE.read_text().partition("## Modules")[0]
    for name in re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", text):
        assert (PACKAGE / name).exists() or (REPOSITORY / name).exists(), name


def test_no_two_classes_and_no_two_files_have_one_name() -> None:
    classes = Counter(
        node.name
        for path in modules()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in classes.items() if count > 1] == []
    files = Counter(path.name for path in modules() if path.name != "__init__.py")
    assert [name for name, count in files.items() if count > 1] == []
