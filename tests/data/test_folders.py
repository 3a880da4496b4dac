from pathlib import Path

import pytest

from glt_cli.data.folders import cache_root, existing_root
from glt_cli.errors import UserError


def test_given_root_goes_before_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    mine.mkdir()
    theirs.mkdir()
    assert existing_root(None) is None
    monkeypatch.setenv("GLT_DATA", str(theirs))
    assert existing_root(None) == theirs
    assert existing_root(str(mine)) == mine


def test_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert existing_root("~") == tmp_path


def test_root_that_does_not_exist_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"no/such/folder \(from data_root\) does not exist"):
        existing_root("no/such/folder")
    monkeypatch.setenv("GLT_DATA", str(tmp_path / "gone"))
    with pytest.raises(UserError, match=r"gone \(from GLT_DATA\) does not exist"):
        existing_root(None)


def test_root_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is not a folder"):
        existing_root(str(tmp_path / "file"))


def test_cache_follows_the_xdg_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_root() == tmp_path / ".cache" / "glt"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert cache_root() == tmp_path / "own" / "glt"
