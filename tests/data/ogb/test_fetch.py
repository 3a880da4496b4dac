"""Downloads of OGB's archives from a fake server."""

import shutil
import socket
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from glt_cli.config.datasets import default
from glt_cli.data import ogb
from glt_cli.data.ogb import fetch
from glt_cli.errors import UserError
from tests.data.ogb.small_datasets import NAMES, NODES, files, quiet, write

pytestmark = pytest.mark.skipif(
    find_spec("ogb") is None, reason="needs ogb: pip install 'glt-cli[ogb]'"
)


#: The real one, which every test's surroundings replace.
DOWNLOAD = fetch._download

Make = Callable[[str], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a small set into a data root, `root/`; returns the set's folder."""
    return lambda name: write(name, tmp_path / "root" / name)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network of any kind, and a failure if a question is asked."""

    def refuse(*args: object, **named: object) -> Any:
        raise OSError("the tests have no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(fetch, "_download", DOWNLOAD)
    monkeypatch.setattr("builtins.input", lambda *args: pytest.fail("asked a question"))


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """ogb's server, serving small archives by way of files; returns what it was asked for."""
    asked: list[str] = []

    def serve(url: str, timeout: object = None) -> Any:
        asked.append(url)
        inner = url.rpartition("/")[2].removesuffix(".zip")
        name = next(name for name in NAMES if name.endswith(inner))
        folder = write(name, tmp_path / "server" / inner)
        path = tmp_path / "served.zip"
        with zipfile.ZipFile(path, "w") as packed:
            for file in sorted(folder.rglob("*")):
                packed.write(file, file.relative_to(folder.parent))
        shutil.rmtree(folder.parent)
        stream: Any = path.open("rb")
        return Answer(stream, path.stat().st_size)

    monkeypatch.setattr("urllib.request.urlopen", serve)
    return asked


class Answer:
    """What urlopen gives."""

    def __init__(self, stream: Any, size: int) -> None:
        self.read = stream.read
        self.size = size

    def info(self) -> dict[str, str]:
        return {"Content-Length": str(self.size)}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_fetched_into_the_cache_once(
    name: str, archive: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    cache = tmp_path / "cache" / "glt" / "ogb"
    messages: list[str] = []
    assert ogb.prepare(default(name), root, messages.append) == str(cache / name)
    assert ogb.is_present(default(name), None) == str(cache / name)
    assert len(messages) == 2
    assert files(root) == []
    assert [path.name for path in cache.iterdir()] == [name]
    assert ogb.load(default(name), None).num_nodes == NODES
    assert len(archive) == 1
    assert archive[0].startswith("http://snap.stanford.edu/ogb/data/")
    assert capfd.readouterr() == ("", "")
    assert socket.getdefaulttimeout() is None


def test_incomplete_cache_is_completed_and_nothing_in_it_deleted(
    archive: list[str], tmp_path: Path
) -> None:
    folder = write("ogbn_arxiv", tmp_path / "cache" / "glt" / "ogb" / "ogbn_arxiv")
    (folder / "raw" / "edge.csv.gz").unlink()
    (folder / "raw" / "mine.txt").write_text("mine")
    shutil.rmtree(folder / "split")
    assert ogb.prepare(default("ogbn_arxiv"), None, quiet) == str(folder)
    assert (folder / "raw" / "mine.txt").read_text() == "mine"
    assert [path.name for path in folder.parent.iterdir()] == ["ogbn_arxiv"]


@pytest.mark.parametrize("left", ["nothing", "some", "processed"])
def test_failed_fetch_is_one_message_with_every_reason(
    left: str, make: Make, tmp_path: Path
) -> None:
    """Also where a failed attempt of ogb's has left a folder, or only what it has processed."""
    if left == "some":
        folder = make("ogbl_collab")
        (folder / "raw" / "edge_weight.csv.gz").unlink()
    else:
        folder = tmp_path / "root" / "ogbl_collab"
        (folder / "processed").mkdir(parents=True)
        if left == "processed":
            (folder / "processed" / "geometric_data_processed.pt").touch()
    before = files(tmp_path / "root")
    with pytest.raises(UserError) as caught:
        ogb.prepare(default("ogbl_collab"), folder.parent, quiet)
    text = str(caught.value)
    for part in (
        f"{folder} has no " + ("raw/edge_weight.csv.gz" if left == "some" else "such files"),
        f"{folder.parent}/ogb/ogbl_collab has no such files",
        "ogb's download: http://snap.stanford.edu/ogb/data/linkproppred/collab.zip: ",
        "the tests have no network",
        "split/time/valid.pt",
        "GLT_DATA",
        str(tmp_path / "cache" / "glt" / "ogb" / "ogbl_collab"),
    ):
        assert part in text
    assert files(tmp_path / "root") == before
    assert files(tmp_path / "cache" / "glt") == ["ogb"]


@pytest.mark.parametrize("spoil", ["cut", "web page", "other"])
def test_archive_that_is_not_ogbs_is_refused(
    spoil: str, archive: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(url: str, into: Path) -> Path:
        path = DOWNLOAD(url, into)
        if spoil == "cut":
            path.write_bytes(path.read_bytes()[:-200])
        elif spoil == "web page":
            path.write_text("<html>Log in")
        else:
            with zipfile.ZipFile(path, "w") as packed:
                packed.writestr("arxiv/README", "moved")
        return path

    monkeypatch.setattr(fetch, "_download", spoilt)
    reason = "not a complete archive" if spoil != "other" else "download has no raw/edge"
    with pytest.raises(UserError, match=reason):
        ogb.prepare(default("ogbn_arxiv"), None, quiet)
    assert files(tmp_path / "cache" / "glt") == ["ogb"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, TimeoutError, RuntimeError])
def test_interrupted_fetch_leaves_nothing(
    error: type[BaseException], archive: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C is passed on, though ogb turns it into an error of its own."""

    def stop(self: Answer, size: int) -> bytes:
        raise error("stop")

    monkeypatch.setattr(
        Answer, "__init__", lambda self, stream, size: self.__dict__.update(size=size)
    )
    monkeypatch.setattr(Answer, "read", stop, raising=False)
    with pytest.raises(UserError if error is not KeyboardInterrupt else error, match="stop"):
        ogb.prepare(default("ogbn_arxiv"), None, quiet)
    assert files(tmp_path / "cache" / "glt") == ["ogb"]
    assert socket.getdefaulttimeout() is None


def test_cache_that_cannot_be_written_is_a_reason(archive: list[str], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the cache should be")
    with pytest.raises(UserError, match="can't be written"):
        ogb.prepare(default("ogbn_arxiv"), None, quiet)
