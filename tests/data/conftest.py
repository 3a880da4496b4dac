import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from glt_cli.config.datasets import default
from glt_cli.data import checksums, planetoid
from glt_cli.data.dataset_files import DatasetFiles


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> DatasetFiles:
    """Stand-in for CiteSeer: eight small files that contain their own names."""
    names = planetoid.SHA256["citeseer"]
    sha256 = {name: checksums.of_bytes(name.encode()) for name in names}
    monkeypatch.setitem(planetoid.SHA256, "citeseer", sha256)
    return planetoid.dataset_files(default("citeseer"))


@pytest.fixture
def put() -> Callable[[DatasetFiles, Path], Path]:
    """Write the toy files into a folder."""

    def write(files: DatasetFiles, folder: Path) -> Path:
        folder.mkdir(parents=True)
        for name in files.names:
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
