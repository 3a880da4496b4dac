from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from glt_cli.config.datasets import DatasetConfig, default
from glt_cli.data import checksums, planetoid, sources
from glt_cli.data.dataset_files import DatasetFiles, Download, FileLoader
from glt_cli.errors import UserError

Put = Callable[[DatasetFiles, Path], Path]


@pytest.mark.parametrize("name", sorted(planetoid.SHA256))
def test_pinned_digests_are_those_of_the_real_files(name: str, shared_data: Path) -> None:
    files = planetoid.dataset_files(default(name))
    folder = shared_data / files.collection / files.folder
    assert files.missing(folder) == []
    assert files.read(folder).keys() == files.sha256.keys()


@pytest.mark.parametrize("name", sorted(planetoid.SHA256))
def test_every_file_that_is_unpickled_has_a_pinned_digest(name: str) -> None:
    files = planetoid.dataset_files(default(name))
    assert set(files.names) == set(files.sha256)
    assert len(files.names) == 8


def test_absent_folder_has_none_of_the_files(toy: DatasetFiles, tmp_path: Path) -> None:
    assert toy.missing(tmp_path / "gone") == list(toy.names)


def test_folder_that_may_not_be_searched_is_an_error(
    toy: DatasetFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", refuse)
    with pytest.raises(UserError, match=r"raw can't be read: Permission denied\.$"):
        toy.find(tmp_path)


@pytest.mark.parametrize("change", [lambda b: b[:-1], lambda b: b"X" + b[1:], lambda b: b""])
def test_other_content_is_refused_by_name(
    toy: DatasetFiles, put: Put, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    path = put(toy, tmp_path / "raw") / "ind.citeseer.graph"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(UserError, match=r"raw/ind\.citeseer\.graph is not.*will not open it"):
        toy.verify(path.parent)


def test_folder_in_place_of_a_file_is_refused_by_name(
    toy: DatasetFiles, put: Put, tmp_path: Path
) -> None:
    path = put(toy, tmp_path / "raw") / "ind.citeseer.tx"
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match=r"ind\.citeseer\.tx can't be read"):
        toy.read(path.parent)


# --- Any data set -------------------------------------------------------------------------------


@pytest.fixture
def tried() -> list[str]:
    """The downloads that a test has tried."""
    return []


@pytest.fixture
def nested(tried: list[str]) -> DatasetFiles:
    """Two files, one of them pinned, with three downloads of which the last one works."""

    def download(name: str, content: bytes) -> Download:
        def fetch(temporary: Path) -> Path:
            tried.append(name)
            (temporary / "files" / "raw").mkdir(parents=True)
            (temporary / "files" / "raw" / "a").write_bytes(content)
            if content:
                (temporary / "files" / "b").write_bytes(b"b")
            return temporary / "files"

        return Download(name, fetch, details=lambda: "two files")

    return DatasetFiles(
        title="Toy",
        collection="toys",
        folder="toy",
        names=("raw/a", "b"),
        sha256={"raw/a": checksums.of_bytes(b"a")},
        contents="two letters",
        downloads=(download("first", b""), download("second", b"x"), download("third", b"a")),
    )


def loader(files: DatasetFiles) -> FileLoader:
    def parse(config: DatasetConfig, folder: Path) -> None:
        raise AssertionError("not parsed here")

    return FileLoader(lambda config: files, parse)  # type: ignore[arg-type]


def test_downloads_are_tried_in_turn_until_one_is_the_published_data(
    nested: DatasetFiles, tried: list[str], tmp_path: Path
) -> None:
    lines: list[str] = []
    assert loader(nested).prepare(default("cora"), None, lines.append) == str(nested.cache_folder)
    assert tried == ["first", "second", "third"]
    assert lines == [
        "Downloading Toy (first, two files)",
        "This failed: the download has no b",
        "Downloading Toy (second, two files)",
        "This failed: the download is not the published data (wrong checksum)",
        "Downloading Toy (third, two files)",
        f"Toy is now in {nested.cache_folder}",
    ]
    assert nested.missing(nested.cache_folder) == []
    assert [path.name for path in nested.cache_folder.parent.iterdir()] == ["toy"]


def test_download_keeps_other_files_in_the_cache(nested: DatasetFiles) -> None:
    (nested.cache_folder / "raw").mkdir(parents=True)
    (nested.cache_folder / "raw" / "mine").touch()
    loader(nested).prepare(default("cora"), None, lambda line: None)
    found = sorted(path.name for path in nested.cache_folder.rglob("*"))
    assert found == ["a", "b", "mine", "raw"]


def test_failed_downloads_are_one_message_with_all_reasons(
    nested: DatasetFiles, tmp_path: Path
) -> None:
    only_bad = replace(nested, downloads=nested.downloads[:2])
    with pytest.raises(UserError) as caught:
        loader(only_bad).prepare(default("cora"), tmp_path, lambda line: None)
    assert str(caught.value) == (
        "Toy is not on this machine and could not be downloaded:\n"
        f"  - {tmp_path}/toys/toy has no such files\n"
        f"  - {tmp_path}/toy has no such files\n"
        f"  - {nested.cache_folder} has no such files\n"
        "  - first: the download has no b\n"
        "  - second: the download is not the published data (wrong checksum)\n"
        "Put raw/a, b (two letters) into toys/toy/ in a folder of your own, and give that folder "
        f"as data_root or in GLT_DATA. Or put them into {nested.cache_folder}."
    )
    assert not nested.cache_folder.exists()


def test_without_a_download_one_line_says_what_to_put_where(nested: DatasetFiles) -> None:
    with pytest.raises(UserError) as caught:
        loader(replace(nested, downloads=())).prepare(default("cora"), None, lambda line: None)
    assert str(caught.value) == (
        "Toy is not on this machine (neither data_root nor GLT_DATA is set), and glt can't "
        "download it. Put raw/a, b (two letters) into toys/toy/ in a folder of your own, and give "
        "that folder as data_root or in GLT_DATA."
    )


def test_interrupted_check_of_a_download_leaves_nothing(nested: DatasetFiles) -> None:
    def interrupt(folder: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loader(replace(nested, check=interrupt, downloads=nested.downloads[2:])).prepare(
            default("cora"), None, lambda line: None
        )
    assert list(nested.cache_folder.parent.iterdir()) == []


def test_only_pinned_files_of_an_incomplete_folder_are_verified(
    nested: DatasetFiles, tmp_path: Path, tried: list[str]
) -> None:
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "b").write_bytes(b"anything")
    loader(nested).prepare(default("cora"), tmp_path, lambda line: None)
    assert tried
    (folder / "b").unlink()
    (folder / "raw").mkdir()
    (folder / "raw" / "a").write_bytes(b"wrong")
    with pytest.raises(UserError, match="raw/a is not the published file of Toy"):
        loader(nested).prepare(default("cora"), tmp_path, lambda line: None)


def test_source_error_of_a_download_is_its_reason(nested: DatasetFiles) -> None:
    def fail(temporary: Path) -> Path:
        raise sources.SourceError("no answer")

    with pytest.raises(UserError, match="first: no answer"):
        loader(replace(nested, downloads=(Download("first", fail),))).prepare(
            default("cora"), None, lambda line: None
        )
