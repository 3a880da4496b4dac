"""A user's file as a table, with the place of each row in the file.

Error messages name the file, the row as the user sees it (`Table.where`) and what would be right.
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


#: With more columns than this a file is wide: most of what it holds is zero, as a rule.
WIDE = 200


@dataclass(frozen=True)
class Table:
    """The rows of one file.

    name: The path as the user gave it.
    frame: The columns by name; the index is the position of each row in the file, from 0. Cells of
        a text file are text exactly as in the file, "" if empty.
    text: Whether it is a text file, so that messages count lines as an editor does.
    first_line: The line in the file of row 0, if it is a text file.
    report: Lines about what was skipped.
    """

    name: str
    frame: pd.DataFrame
    text: bool
    first_line: int = 2
    report: tuple[str, ...] = ()

    def where(self, position: int) -> str:
        """Return the place in the file of the row at a position of the frame, for messages."""
        row = int(self.frame.index[position])
        if not self.text:
            return f"{self.name}, row {row + 1}"
        # A quoted cell may span several lines; the index counts blank lines already.
        above = self.frame.iloc[:position]
        texts = above.select_dtypes(exclude=["number", "bool"])
        inside = sum(int(texts[name].str.count("\n").sum()) for name in texts)
        return f"{self.name}, line {row + self.first_line + inside}"

    def column(self, key: str, name: str) -> str:
        """Return the name of the column that a setting names; UserError if it doesn't exist."""
        names = [str(found) for found in self.frame.columns]
        if name in names:
            return name
        raise UserError(
            f"{self.name}: there is no column {name!r} (dataset.{key}).{_closest(name, names)} "
            f"Its columns: {listed(names)}."
        )


def existing_file(key: str, given: str | None) -> Path:
    """Return the path of a file that exists; UserError otherwise."""
    if not given:
        raise UserError(f"dataset.{key}: must be given, as in dataset.{key}={key}.csv")
    try:
        path = Path(given).expanduser()
        if path.is_file():
            return path
        is_folder = path.is_dir()
        siblings = [found.name for found in path.parent.iterdir()] if not is_folder else []
    except (OSError, RuntimeError, ValueError):  # no such folder, no permission, unknown ~user
        is_folder, siblings = False, []
    if is_folder:
        raise UserError(f"dataset.{key}={given}: is a folder; name a file in it.")
    raise UserError(
        f"dataset.{key}={given}: there is no such file (the current folder is {Path.cwd()})."
        f"{_closest(Path(given).name, siblings)}"
    )


def check_names(file: str, names: list[str]) -> None:
    """Raise UserError if column names are empty, contain line breaks or occur twice."""
    for place, name in enumerate(names, start=1):
        if not name.strip():
            raise UserError(
                f"{file}: column {place} has no name; name it in line 1, or remove it "
                "(pandas: to_csv(..., index=False))."
            )
        if len(name.splitlines()) > 1:
            raise UserError(
                f"{file}: the name of column {place}, {name!r}, contains a line break; write it on "
                "one line."
            )
        if name in names[: place - 1]:
            raise UserError(
                f"{file}: columns {names.index(name) + 1} and {place} are both called {name!r}; "
                "rename one."
            )


def setting(key: str, column: str) -> str:
    """Return `dataset.<key>=[column]`, quoted for the shell and Hydra if necessary."""
    if re.fullmatch(r"[\w-]+", column):
        return f"dataset.{key}=[{column}]"
    return f"'dataset.{key}=[\"{column}\"]'"


def listed(names: list[str], most: int = 12) -> str:
    """Join names; only the number of those after the first ``most`` is shown."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _closest(name: str, names: list[str]) -> str:
    lower = {known.strip().lower(): known for known in names}
    close = get_close_matches(name.strip().lower(), lower, n=1)
    return f" Did you mean {lower[close[0]]!r}?" if close else ""
