"""The blocks of docs/python.md, run top to bottom, print what the page says."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest

import tests.own_data as _quietly_imported  # noqa: F401
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "python.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
#: Percentages may differ from machine to machine; other decimals, such as targets, may not.
_SCORE = re.compile(r"-?\d+\.\d(?!\d)(?=%| ±| points|, against|$|\s)")


def blocks() -> list[tuple[str, str, int]]:
    """Language, content and line of each."""
    text = PAGE.read_text()
    return [
        (found[1], found[2], text.count("\n", 0, found.start()) + 2)
        for found in _BLOCK.finditer(text)
    ]


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


@pytest.mark.slow
def test_the_page_does_what_it_says(glt: Callable[..., tuple[int, str, str]]) -> None:
    room: dict[str, Any] = {}
    printed = ""
    wrong = []
    for language, content, line in blocks():
        if language == "sh":
            for command in content.splitlines():
                assert glt(*shlex.split(command)[1:], "device=cpu")[0] == 0, command
        elif language == "python":
            assert printed == "", f"line {line}: the block before it prints more"
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile("\n" * (line - 1) + content, str(PAGE), "exec"), room)
            printed = out.getvalue()
        else:
            assert language == "text", f"line {line}: {language}"
            if not same(printed, content):
                wrong.append(f"line {line}: the page says\n{content}but it is\n{printed}")
            printed = ""
    assert not wrong, "\n".join(wrong)


def same(printed: str, shown: str) -> bool:
    """Whether the words are equal, and scores about so: they may be others on other machines."""
    ours, theirs = "\n".join(lines(printed)), "\n".join(lines(shown))
    words = [re.sub(r"\s+", " ", _SCORE.sub("#", text)) for text in (ours, theirs)]
    pairs = zip(_SCORE.findall(ours), _SCORE.findall(theirs), strict=False)
    return words[0] == words[1] and all(abs(float(a) - float(b)) <= 6 for a, b in pairs)


def test_every_block_says_what_it_is() -> None:
    text = PAGE.read_text()
    assert 2 * len(blocks()) == len(re.findall(r"^```", text, re.M))
