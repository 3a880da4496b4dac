"""`glt completion`: the script for a shell, and the candidates that it asks for at each Tab."""

from __future__ import annotations

import argparse
import contextlib
from typing import Any

from glt_cli.errors import UserError


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Declare the sub-command."""
    completion = commands.add_parser("completion", help="print shell completion")
    completion.add_argument("shell", choices=["bash", "zsh"])
    completion.add_argument("--line", help=argparse.SUPPRESS)
    # argparse drops the value of --word=--, which then is const.
    completion.add_argument("--word", nargs="?", const="--", help=argparse.SUPPRESS)
    completion.set_defaults(do=complete)


def complete(flags: argparse.Namespace, words: list[str]) -> int:
    """Print the script, or the candidates for a half-typed command, one per line; returns 0."""
    from glt_cli.commands.completion import SCRIPTS, candidates
    from glt_cli.config.plugins import load_plugins

    if flags.line is None:
        print(SCRIPTS[flags.shell])
        return 0
    # Only those of GLT_PLUGINS and installed packages: Tab runs no code that the line names.
    with contextlib.suppress(UserError):  # running the command will report it
        load_plugins()
    for word in candidates(flags.parser, flags.shell, flags.line, flags.word):
        print(word)
    return 0
