import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from glt_cli.data import checksums, planetoid, planetoid_raw, sources
from glt_cli.data.planetoid_raw import RawFiles

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real files, read-only: whoever writes copies them first."""
    given = os.environ.get("GLT_DATA")
    folder = Path(given) if given else REPOSITORY.parent / "shared" / "datasets"
    if not (folder / "planetoid").is_dir():
        pytest.skip("needs the real Planetoid files: set GLT_DATA to a folder with planetoid/")
    return folder.absolute()


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No network, no settings and no cache of the person who runs the tests."""

    def offline(*args: object) -> Path:
        raise sources.SourceError("the tests have no network")

    monkeypatch.setattr(sources, "download", offline)
    monkeypatch.setattr(sources, "pip_download", offline)
    monkeypatch.setattr(planetoid, "_upstream_url", lambda: "https://upstream.example")
    monkeypatch.delenv("GLT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> RawFiles:
    """Stand-in for CiteSeer: eight small files whose content is their name."""
    pins = {name: checksums.of_bytes(name.encode()) for name in CITESEER.pins}
    raw = RawFiles("CiteSeer", "citeseer", pins)
    monkeypatch.setitem(planetoid_raw.RAW_FILES, "citeseer", raw)
    return raw


CITESEER = planetoid_raw.RAW_FILES["citeseer"]


@pytest.fixture
def put() -> Callable[[RawFiles, Path], Path]:
    """Write the toy files into a folder."""

    def write(raw: RawFiles, folder: Path) -> Path:
        folder.mkdir(parents=True)
        for name in raw.pins:
            (folder / name).write_bytes(name.encode())
        return folder

    return write


@pytest.fixture
def copied(shared_data: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copy one real data set; returns a data root."""

    def copy(title: str) -> Path:
        root = tmp_path / "root"
        target = root / "planetoid" / title / "raw"
        target.mkdir(parents=True)
        for path in (shared_data / "planetoid" / title / "raw").iterdir():
            shutil.copyfile(path, target / path.name)
        return root

    return copy
