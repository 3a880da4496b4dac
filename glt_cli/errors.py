"""Errors whose message says in one line what is wrong, and how it names what was given."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


class UserError(Exception):
    """Bad input: the message says what is wrong and what would be right.

    The command line prints it without a traceback and exits with code 2.
    """


class ExplainedError(Exception):
    """A run can't be finished; the message says why, without the name of the error's class."""


class InvalidResultError(ExplainedError):
    """A method, score or schedule returned something that can't be used; one line says what."""


def kind_of(value: Any) -> str:
    """Name the type of a value with its article: "an int", "a list"; "None" for None."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def given_path(name: str, value: Any) -> Path:
    """Return the path that an argument of the Python interface names, with `~` expanded.

    Raises:
        UserError: It is empty, or not a path.
    """
    if not isinstance(value, str | os.PathLike):
        raise UserError(f"{name}: must be the path of a folder; it is {kind_of(value)}")
    if value == "":
        raise UserError(f"{name}=: name a folder")
    return at_home(os.fspath(value), f"{name}={value}")


def at_home(path: str, shown: str | None = None) -> Path:
    """Return a path with `~` or `~user` expanded.

    Raises:
        UserError: There is no such user; the message begins with `shown`, else with the path.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise UserError(f"{shown or path}: there is no such home folder") from error
