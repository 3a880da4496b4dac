"""A half-typed command line, read as a shell would read it, and words quoted to go on from there.

Python's shlex gives up at an open quote, and doesn't say where in the line a word began.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class _Mark(NamedTuple):
    """What one character of the line means.

    Attributes:
        quote: The quote that is open before it.
        adds: What it adds to the value of its word.
        bare: Whether a shell would look for a meaning in it.
    """

    quote: str
    adds: str
    bare: bool


@dataclass(frozen=True)
class Typed:
    """A half-typed command line.

    Attributes:
        words: The words before the last one, unquoted.
        last: The word that the cursor stands behind, unquoted.
        is_target: Whether the last word is a file to redirect to.
        is_clear: Whether the words can be told without evaluating anything.
    """

    words: list[str]
    last: str
    is_target: bool
    is_clear: bool
    _line: str
    _start: int
    _marks: list[_Mark]

    @property
    def is_at_home(self) -> bool:
        """Whether the last word begins with a ~ that the shell replaces."""
        return self._line.startswith("~/", self._start)

    def place(self, replaced: str | None) -> tuple[int, str] | None:
        """Find what stands before the end of the line that a shell is about to replace.

        Args:
            replaced: That end; by default the last word.

        Returns:
            How many characters of `last` stand before it, and the quote that is open there. None
            if the line has no such end, or it was quoted otherwise than the place is now.
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
        """Quote what to put at a place so that the last word becomes another."""
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
    r"""Quote text for bash and zsh, behind an open quote or none.

    Any beginning of what comes back is as harmless as the whole: shells insert what several words
    have in common.
    """
    if quote == "'":
        return text.replace("'", r"'\''")
    if quote == '"':
        return re.sub(r'[$`"\\]', r"\\\g<0>", text).replace("!", r'"\!"')
    return re.sub(r"[^\w@%+=:,./-]", r"\\\g<0>", text)


def _marked(line: str) -> Iterator[_Mark]:
    """Mark each character, and the end of the line."""
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
        yield _Mark(before, adds, bare)
    yield _Mark(quote, "", False)


def _value(marks: list[_Mark]) -> str:
    return "".join(mark.adds for mark in marks)


def _splits(mark: _Mark, character: str, at: str) -> bool:
    return mark.bare and not mark.quote and character in at


def _means_more(line: str, marks: list[_Mark], start: int) -> bool:
    """Whether the line holds another command, or its last word a value that isn't written there.

    Behind $' or in backticks, quoting would follow other rules.
    """
    for i, mark in enumerate(marks[:-1]):
        if _splits(mark, line[i], "|&;()"):
            return True
        if mark.bare and line[i] == "`":
            return True
        if mark.bare and line[i] == "$" and (i >= start or line[i + 1] in "({['\""):
            return True
    return False
