from collections.abc import Callable
from pathlib import Path

import pytest

from glt_cli.experiment.paths import RunFolder, write_whole
from tests.conftest import TINY

Glt = Callable[..., tuple[int, str, str]]


def test_files_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_whole(path, "one")
    write_whole(path, b"two")
    assert path.read_text() == "two"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    write_whole(path, "one")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, "two")
    assert path.read_text() == "one"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_no_two_files_of_a_run_share_a_name(tmp_path: Path) -> None:
    names = [path.name for path in RunFolder(tmp_path).results()]
    assert len(set(names)) == len(names)


def test_what_a_killed_process_left_is_known_by_its_name(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    ours = [".record.json-a1b2c3_d", ".ticket.safetensors-zzzzzzzz", ".config.yaml-00000000"]
    others = [".notes.txt-a1b2c3d4", ".record.json-short", "record.json-a1b2c3d4", ".hidden"]
    for name in ours + others:
        (tmp_path / name).touch()
    assert sorted(path.name for path in folder.leftovers()) == sorted(ours)
    assert RunFolder(tmp_path / "nothing").leftovers() == []


def test_the_next_command_over_a_run_removes_it(glt: Glt) -> None:
    words = ["run", *TINY, "method=random", "quiet=true"]
    assert glt(*words)[0] == 0
    (ticket,) = Path("outputs").glob("random*")
    (dense,) = Path("outputs").glob("dense*")
    (ticket / ".tables.md-a1b2c3d4").touch()
    (ticket / "checkpoint.safetensors").touch()
    (dense / ".record.json-a1b2c3d4").touch()
    (dense / "record.json").unlink()
    assert glt(*words)[0] == 0
    assert glt("run", *TINY, "method=dense", "quiet=true")[0] == 0
    left = {path.name for path in Path("outputs").rglob("*") if path.is_file()}
    assert not {name for name in left if name.startswith((".", "checkpoint"))}
