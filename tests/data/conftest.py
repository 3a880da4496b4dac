import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from glt_cli.data import checksums, planetoid_raw
from glt_cli.data.planetoid_raw import RawFiles


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
