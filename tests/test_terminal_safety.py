"""What was given is echoed without control characters, and a stream or link stays what it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from glt_cli.terminal import printable
from tests.conftest import TINY

Glt = Callable[..., tuple[int, str, str]]


def test_control_characters_are_escaped_and_endless_words_cut() -> None:
    assert printable("a\x1b[31m b\x07\u202e\udcff") == "a\\x1b[31m b\\x07\\u202e\\udcff"
    assert printable("Köln 🙂 3") == "Köln 🙂 3"
    assert len(printable("seed=" + "1" * 5000 + " is long")) < 150


@pytest.mark.parametrize("word", ["seed=\x1b[31mred", "dataset=a\x07b", "seed=" + "1" * 5000])
def test_messages_echo_safely(glt: Glt, word: str) -> None:
    code, _, err = glt("run", word)
    assert code == 2
    assert len(err) < 500
    assert err.rstrip("\n").isprintable()


@pytest.mark.parametrize("word", ["seed=range(0,5,0)", "seed=range(nan,5)"])
def test_ranges_that_cannot_be_counted(glt: Glt, word: str) -> None:
    code, _, err = glt("run", "-m", word)
    assert code == 2
    assert err.startswith(f"glt: '{word}' can't be counted; use seed=range(START,STOP)")


@pytest.mark.parametrize(
    "words",
    [
        ["run", "output_dir=~nosuchuser/x", *TINY, "method=random"],
        ["run", "--config-dir", "~nosuchuser/x"],
        ["table", "~nosuchuser/x"],
        ["table", "--output", "~nosuchuser/x.md"],
        ["report", "--output", "~nosuchuser/x.html"],
        ["run", "--plugin", "~nosuchuser/x"],
    ],
)
def test_unknown_homes(glt: Glt, words: list[str]) -> None:
    code, _, err = glt(*words)
    assert code == 2
    assert "there is no such home folder" in err


def test_digits_of_other_scripts_are_no_device(glt: Glt) -> None:
    code, _, err = glt("run", "device=cuda:٣")
    assert (code, "must be auto, cpu, cuda or cuda:k" in err) == (2, True)


def test_output_writes_through_links_and_pipes(glt: Glt) -> None:
    assert glt("run", *TINY, "method=random", "quiet=true")[0] == 0
    Path("real.csv").write_text("old")
    Path("link.csv").symlink_to("real.csv")
    assert glt("table", "--output", "link.csv")[0] == 0
    assert Path("link.csv").is_symlink()
    table = Path("real.csv").read_text()
    assert table.startswith("method,")

    os.mkfifo("pipe.csv")
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(Path("pipe.csv").read_text()))
    reader.start()
    assert glt("table", "--output", "pipe.csv")[0] == 0
    reader.join(timeout=60)
    assert got == [table]
    assert Path("pipe.csv").is_fifo()


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs /dev/full")
def test_a_full_disk_is_said_in_one_line(glt: Glt) -> None:
    assert glt("run", *TINY, "method=random", "quiet=true")[0] == 0
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "glt_cli", "table"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert ended.returncode == 1
    assert ended.stderr == "glt: the output can't be written (No space left on device)\n"


def test_a_working_folder_that_is_gone() -> None:
    Path("gone").mkdir()
    code = "import os, sys; os.rmdir('../gone'); sys.argv = ['glt', 'table']; "
    code += "from glt_cli.__main__ import main; main()"
    ended = subprocess.run([sys.executable, "-c", code], cwd="gone", capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr == "glt: the working folder was removed; change to another\n"


def test_records_of_others_carry_nothing_out(glt: Glt) -> None:
    assert glt("run", *TINY, "method=random", "quiet=true")[0] == 0
    (path,) = Path("outputs").glob("random*/record.json")
    path.write_text(
        path.read_text().replace('"method": "random"', '"method": "=1+1\\u001b[31m[x](y)"')
    )
    assert "\x1b[31m" not in glt("table")[1]
    assert "'=1+1\\x1b[31m" in glt("table", "--format", "csv")[1]
    assert "\\[x\\](y)" in glt("table", "--format", "markdown")[1]


@pytest.mark.parametrize("text", ["[" * 100_000, "{}", "null", '{"seed": "x"}', "\0"])
def test_one_bad_record_stops_no_table(glt: Glt, text: str) -> None:
    assert glt("run", "-m", *TINY, "method=random", "quiet=true", "seed=0,1")[0] == 0
    bad = next(Path("outputs").glob("random*seed1*/record.json"))
    bad.write_text(text)
    code, out, err = glt("table", "--where", "method=random")
    assert code == 0
    assert "random" in out
    assert err == f"glt: {bad}: damaged or of another format, so left out\n"
