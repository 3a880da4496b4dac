"""A user's file as a table that remembers where each row came from.

Every mistake in it is a UserError that names the file, the row as its owner sees it, and what
would be right; whoever reads a table further does the same with `Table.where`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from glt_cli.errors import UserError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TextColumns:
    """The rows of one file.

    name: The path as the user wrote it.
    frame: Columns by name; its index is each row's place in the file, from 0. Cells of a text file
        are text exactly as written, and empty where the file has nothing.
    text: Whether it is a text file, whose rows are lines of an editor.
    """

    name: str
    frame: pd.DataFrame
    text: bool

    def where(self, position: int) -> str:
        """Say where the row at a position of the frame is, for an error message."""
        row = int(self.frame.index[position])
        if not self.text:
            return f"{self.name}, row {row + 1}"
        # A quoted cell may go over several lines; blank lines are in the index already.
        above = self.frame.iloc[:position]
        inside = sum(int(above[name].str.count("\n").sum()) for name in above)
        return f"{self.name}, line {row + 2 + inside}"

    def column(self, key: str, name: str) -> str:
        """Return the name of a column that a setting asks for; UserError where there is none."""
        names = [str(found) for found in self.frame.columns]
        if name in names:
            return name
        raise UserError(
            f"{self.name}: there is no column {name!r} (dataset.{key}).{_closest(name, names)} "
            f"Its columns: {listed(names)}."
        )


def located(key: str, given: str | None) -> Path:
    """Return the path of a file that exists; UserError otherwise."""
    if not given:
        raise UserError(f"dataset.{key}: name the file, as in dataset.{key}={key}.csv")
    try:
        path = Path(given).expanduser()
        if path.is_file():
            return path
        is_folder = path.is_dir()
        siblings = [found.name for found in path.parent.iterdir()] if not is_folder else []
    except (OSError, RuntimeError, ValueError):  # no such folder, no permission, a ~ of nobody
        is_folder, siblings = False, []
    if is_folder:
        raise UserError(f"dataset.{key}={given}: is a folder; name the file in it.")
    raise UserError(
        f"dataset.{key}={given}: there is no such file (looked from {Path.cwd()})."
        f"{_closest(Path(given).name, siblings)}"
    )


def check_names(file: str, names: list[str]) -> None:
    """Refuse columns that settings could not name or tell apart."""
    for place, name in enumerate(names, start=1):
        if not name.strip():
            raise UserError(
                f"{file}: column {place} has no name: give it one in line 1, or leave it out "
                "(pandas: to_csv(..., index=False))."
            )
        if len(name.splitlines()) > 1:
            raise UserError(
                f"{file}: the name of column {place}, {name!r}, goes over lines: mend it."
            )
        if name in names[: place - 1]:
            raise UserError(
                f"{file}: columns {names.index(name) + 1} and {place} are both called {name!r}: "
                "rename one."
            )


def setting(key: str, column: str) -> str:
    """Write `dataset.<key>=[column]` as a shell and Hydra take it."""
    if re.fullmatch(r"[\w-]+", column):
        return f"dataset.{key}=[{column}]"
    return f"'dataset.{key}=[\"{column}\"]'"


def listed(names: list[str], most: int = 12) -> str:
    """Join names, and only count those after the first ones."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _closest(name: str, names: list[str]) -> str:
    lower = {known.strip().lower(): known for known in names}
    close = get_close_matches(name.strip().lower(), lower, n=1)
    return f" Did you mean {lower[close[0]]!r}?" if close else ""
