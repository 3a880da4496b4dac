"""How glt writes to a terminal, and to what is none."""

from __future__ import annotations

from rich.console import Console

#: Columns where nobody says how many there are: a pipe or a file wraps nothing.
_WIDE = 200


def console(quiet: bool = False) -> Console:
    """Make a console; one that is no terminal is wide enough for every table."""
    made = Console(quiet=quiet, highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(quiet=quiet, highlight=False, width=_WIDE)
