"""Parse a half-typed command line as a shell would, and quote words that complete it.

Python's shlex fails at an open quote, and doesn't tell where in the line a word starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class _Char(NamedTuple):
    """The meaning of one character of the line.

    Attributes:
        quote: The quote that is open before it.
        adds: What it contributes to the value of its word.
        bare: Whether a shell may treat it as special.
    """

    quote: str
    adds: str
    bare: bool


@dataclass(frozen=True)
class Typed:
    """A half-typed command line.

    Attributes:
        words: The words before the last one, unquoted.
        last: The word before the cursor, unquoted.
        is_target: Whether the last word is a file to redirect to.
        is_clear: Whether the words are known without evaluating anything.
    """

    words: list[str]
    last: str
    is_target: bool
    is_clear: bool
    _line: str
    _start: int
    _marks: list[_Char]

    @property
    def is_at_home(self) -> bool:
        """Whether the last word starts with a ~ that the shell expands."""
        return self._line.startswith("~/", self._start)

    def place(self, replaced: str | None) -> tuple[int, str] | None:
        """Find where the part of the line starts that a shell is about to replace.

        Args:
            replaced: That part, the end of the line; by default the last word.

        Returns:
            The number of characters of `last` before it, and the quote that is open there. None
            if the line doesn't end like that, or if the quoting changes within the part.
        """
        if replaced is None:
            at = self._start
        elif self._line.endswith(replaced):
            at = max(self._start, len(self._line) - len(replaced))
        else:
            return None
        quote = self._marks[at].quote
        if quote and any(mark.quote != quote for mark in self._marks[at:]):
            return None
        return len(_value(self._marks[self._start : at])), quote

    def quoted_rest(self, word: str, place: tuple[int, str]) -> str:
        """Quote the rest of a word, to insert at a place so that the last word becomes it."""
        before, quote = place
        rest = word[before:]
        if before == 0 and self.is_at_home and rest.startswith("~/"):
            return "~/" + quoted(rest[2:], "")
        return quoted(rest, quote)


def read(line: str) -> Typed:
    """Read a command line up to the cursor."""
    marks = list(_marked(line))
    words, start, is_target = [], 0, False
    for i, mark in enumerate(marks[:-1]):
        if not _splits(mark, line[i], " \t\n<>"):
            continue
        word = _value(marks[start:i])
        is_number = line[i] in "<>" and word.isdigit()  # as in 2>
        if start < i:
            if not is_target and not is_number:
                words.append(word)
            is_target = False
        is_target |= line[i] in "<>"
        start = i + 1
    is_clear = not _means_more(line, marks, start)
    return Typed(words, _value(marks[start:]), is_target, is_clear, line, start, marks)


def quoted(text: str, quote: str) -> str:
    r"""Quote text for bash and zsh, after an open quote or none.

    Every prefix of the result is as safe as the result, since shells insert common prefixes.
    """
    if quote == "'":
        return text.replace("'", r"'\''")
    if quote == '"':
        return re.sub(r'[$`"\\]', r"\\\g<0>", text).replace("!", r'"\!"')
    return re.sub(r"[^\w@%+=:,./-]", r"\\\g<0>", text)


def _marked(line: str) -> Iterator[_Char]:
    """Interpret each character, and the end of the line."""
    quote, escaped = "", False
    for character in line:
        before, adds, bare = quote, "", False
        if escaped:
            stays = quote and character not in '$`"\\'
            adds, escaped = f"\\{character}" if stays else character, False
        elif character == "\\" and quote != "'":
            escaped = True
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        else:
            adds, bare = character, quote != "'"
        yield _Char(before, adds, bare)
    yield _Char(quote, "", False)


def _value(marks: list[_Char]) -> str:
    return "".join(mark.adds for mark in marks)


def _splits(mark: _Char, character: str, at: str) -> bool:
    return mark.bare and not mark.quote and character in at


def _means_more(line: str, marks: list[_Char], start: int) -> bool:
    """Whether the line has another command, or its last word an expansion.

    After $' or in backticks, other quoting rules would apply.
    """
    for i, mark in enumerate(marks[:-1]):
        if _splits(mark, line[i], "|&;()"):
            return True
        if mark.bare and line[i] == "`":
            return True
        if mark.bare and line[i] == "$" and (i >= start or line[i + 1] in "({['\""):
            return True
    return False
