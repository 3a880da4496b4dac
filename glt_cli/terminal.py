"""How glt writes to a terminal, and to what is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console, RenderableType

T = TypeVar("T")

#: Columns where nobody says how many there are: a pipe or a file wraps nothing.
_WIDE = 200
#: A narrower terminal wraps lines by itself; rich would cut numbers short.
_NARROWEST = 80
#: Composed configurations that take a person's patience.
_MANY = 30


def console(quiet: bool = False) -> Console:
    """Make a console; one that is no terminal is wide enough for every table."""
    made = Console(quiet=quiet, highlight=False, soft_wrap=False)
    if not made.is_terminal:
        return Console(quiet=quiet, highlight=False, width=_WIDE)
    return (
        made
        if made.width >= _NARROWEST
        else Console(quiet=quiet, highlight=False, width=_NARROWEST)
    )


def print_trimmed(console: Console, table: RenderableType) -> None:
    """Print a table without the blanks that pad its lines."""
    with console.capture() as captured:
        console.print(table)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    console.out("\n".join(lines), highlight=False)


def tracked(things: Sequence[T], what: str) -> Iterable[T]:
    """Go through things with a bar that leaves no trace; a few, or no terminal, need none."""
    if len(things) < _MANY or not (aside := Console(stderr=True)).is_terminal:
        return things
    from rich.progress import track

    return track(things, what, console=aside, transient=True)


def duration(seconds: float) -> str:
    """Say a time as a person would."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
