"""docs/extending.md, done as it stands there, from an empty folder."""

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
LAUNCHER = "hydra/launcher=joblib "


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The empty folder, with the page's files in it, and a `glt` to call beside it."""
    folder = tmp_path_factory.mktemp("you").resolve()
    for language, text in BLOCKS:
        if language == "python":
            (folder / text.split()[1]).write_text(text)
    command = folder.parent / "glt"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m glt_cli "$@"\n')
    command.chmod(0o755)
    return folder


def run(command: str, folder: Path, *paths: Path) -> tuple[int, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("GLT_", "PYTHONPATH"))}
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={
            **inherited,
            "PATH": f"{folder.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(map(str, (*paths, REPOSITORY))),
            "COLUMNS": "200",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=200,
    )
    return done.returncode, done.stdout


def words(line: str) -> str:
    return " ".join(line.split())


def test_the_page_has_a_module_of_each_kind() -> None:
    registered = set(re.findall(r"^@(register_\w+)", PAGE, re.MULTILINE))
    assert registered == {
        "register_method",
        "register_edge_score",
        "register_schedule",
        "register_backbone",
        "register_dataset",
    }


@pytest.mark.slow
@pytest.mark.parametrize("number", [i for i, (kind, _) in enumerate(BLOCKS) if kind == "console"])
def test_commands_print_what_the_page_says(number: int, folder: Path) -> None:
    for part in BLOCKS[number][1].split("$ ")[1:]:
        command, *shown = part.splitlines()
        if not importlib.util.find_spec("hydra_plugins.hydra_joblib_launcher"):
            command = command.replace(LAUNCHER, "")
        code, out = run(command, folder)
        assert code == (2 if "must be" in part else 0), out
        lines = iter([words(line) for line in out.splitlines()])
        for line in shown:
            wanted = words(line.replace("/home/you", str(folder)))
            if wanted != "…":
                assert any(found.startswith(wanted) for found in lines), (wanted, out)


def test_an_installed_package_announces_its_plug_in(folder: Path, tmp_path: Path) -> None:
    (about,) = (tomllib.loads(text) for language, text in BLOCKS if language == "toml")
    (module,) = about["tool"]["setuptools"]["py-modules"]
    name, version = about["project"]["name"], about["project"]["version"]
    installed = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    )
    entries = [
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in points.items())
        for group, points in about["project"]["entry-points"].items()
    ]
    (installed / "entry_points.txt").write_text("\n".join(entries))
    (tmp_path / f"{module}.py").write_text((folder / f"{module}.py").read_text())
    code, out = run("glt run --help", tmp_path, tmp_path)
    assert code == 0, out
    assert f"plug-in trim (package {name}): method trim" in out
    assert "random, small_dense, teddy, trim" in out
