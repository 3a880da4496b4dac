"""Importing and using the ogb package without its side effects.

When it is imported, ogb starts threads that ask the package index for newer versions of ogb and of
the package `outdated`. Its functions print to the standard streams.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from glt_cli.errors import UserError


def imported(name: str) -> ModuleType:
    """Import a module of ogb without its check for newer versions.

    The check needs the package `outdated`. That package can't be imported while ogb is, and ogb
    then skips the check.

    Raises:
        UserError: ogb isn't installed.
    """
    try:
        with _without("outdated"), quietly():
            return importlib.import_module(name)
    except ImportError as error:
        raise UserError(
            "OGB's data sets need the ogb package, which can't be imported "
            f"({error}): pip install 'glt-cli[ogb]'"
        ) from error


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Suppress output and warnings of the libraries, which a user can't act on."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _without(package: str) -> Iterator[None]:
    """Make a package impossible to import in the context."""
    modules: dict[str, Any] = sys.modules
    before = modules.get(package)
    modules[package] = None
    try:
        yield
    finally:
        del modules[package]
        if before is not None:
            modules[package] = before
