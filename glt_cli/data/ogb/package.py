"""The ogb package, imported and used in peace.

Left alone, its import starts threads that ask the package index for newer versions of ogb and of
the package `outdated`, and its functions print to the standard streams.
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
    """Import a module of ogb without its check for newer versions; UserError if ogb isn't here.

    The check needs the package `outdated`. While ogb is imported that one is not to be had, which
    ogb is prepared for.
    """
    try:
        with _without("outdated"), quietly():
            return importlib.import_module(name)
    except ImportError as error:
        raise UserError(
            "OGB's data sets need the ogb package, which can't be imported here "
            f"({error}): pip install 'glt-cli[ogb]'"
        ) from error


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Drop what the libraries print and warn of: nobody here can do anything about it."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _without(package: str) -> Iterator[None]:
    """Let the import of a package fail for a while."""
    modules: dict[str, Any] = sys.modules
    before = modules.get(package)
    modules[package] = None
    try:
        yield
    finally:
        del modules[package]
        if before is not None:
            modules[package] = before
