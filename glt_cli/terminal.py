"""Output to terminals, pipes and files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console, RenderableType

T = TypeVar("T")

#: Width of a pipe or a file, so that nothing is wrapped.
_WIDE = 200
#: Width of comparison tables there, which are printed in parts or as cards if they are wider.
_PAGE = 100
#: Smallest width to use; below it the terminal wraps lines, where rich would truncate numbers.
_NARROWEST = 80
#: Number of items from which on progress is shown.
_MANY = 30


class PipeConsole(Console):
    """A console that lets a closed pipe end the command as `glt` ends it (exit code 141)."""

    def on_broken_pipe(self) -> None:
        """See rich, which would leave with exit code 1."""
        raise BrokenPipeError


def console(quiet: bool = False) -> Console:
    """Make a console, wide enough for every table if it isn't a terminal."""
    made = PipeConsole(quiet=quiet, highlight=False, soft_wrap=False)
    if not made.is_terminal:
        return PipeConsole(quiet=quiet, highlight=False, width=_WIDE)
    return (
        made
        if made.width >= _NARROWEST
        else PipeConsole(quiet=quiet, highlight=False, width=_NARROWEST)
    )


def table_console(width: int | None = None) -> Console:
    """Make a console for comparison tables.

    Args:
        width: Columns; by default those of the terminal, or, without one, COLUMNS or a page.
    """
    made = PipeConsole(highlight=False, width=width)  # rich reads COLUMNS
    if width or made.is_terminal or os.environ.get("COLUMNS", "").isdigit():
        return made
    return PipeConsole(highlight=False, width=_PAGE)


def print_trimmed(console: Console, table: RenderableType) -> None:
    """Print a table without trailing spaces."""
    with console.capture() as captured:
        console.print(table)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    console.out("\n".join(lines), highlight=False)


def tracked(things: Sequence[T], what: str) -> Iterable[T]:
    """Show a temporary progress bar for an iteration, if there are many items and a terminal."""
    if len(things) < _MANY or not (stderr := Console(stderr=True)).is_terminal:
        return things
    from rich.progress import track

    return track(things, what, console=stderr, transient=True)


_concealed: dict[str, str] = {}
#: Shorter values aren't concealed: they occur in other words too.
_SHORTEST_SECRET = 6


def conceal(value: str, shown: str) -> None:
    """Let `without_secrets` replace a value, such as that of an environment variable."""
    if len(value) >= _SHORTEST_SECRET:
        _concealed[value] = shown


def without_secrets(text: str) -> str:
    """Replace each concealed value in a message by the text that stands for it."""
    for value in sorted(_concealed, key=len, reverse=True):
        text = text.replace(value, _concealed[value])
    return text


def printable(line: str) -> str:
    """Replace what no printed line may have: secrets, control characters, endless words."""
    escaped = "".join(
        each if each.isprintable() else each.encode("unicode_escape", "replace").decode()
        for each in without_secrets(line)
    )
    return " ".join(
        word if len(word) < _LONGEST_WORD else f"{word[: _LONGEST_WORD // 3]}…"
        for word in escaped.split(" ")
    )


#: Longer words of a message are cut: numbers of thousands of digits, not paths.
_LONGEST_WORD = 300


def plural(count: int, one: str, many: str | None = None) -> str:
    """Format a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Format seconds for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
