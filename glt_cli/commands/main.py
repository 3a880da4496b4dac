"""Run a command line, from its words to an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from glt_cli.commands.parser import build_parser
from glt_cli.commands.shared_flags import TAKES_SETTINGS
from glt_cli.errors import UserError
from glt_cli.terminal import printable


def main(arguments: Sequence[str]) -> int:
    """Run one command line.

    Returns:
        Exit code: 0 success, 1 something failed, 2 bad input. `__main__` adds 130 (interrupted)
        and 141 (the reader of the output closed it).
    """
    try:
        parser = build_parser()
        flags, words = parser.parse_known_args(_as_flags(list(arguments)))
        if words and flags.command not in TAKES_SETTINGS:
            name = f"glt {flags.command}" if flags.command else "glt"
            raise UserError(f"{name} does not take {' '.join(words)}; see {name} --help")
        if flags.command is None:
            parser.print_help()
            return 0
        _load_plugins(flags)
        code: int = flags.do(flags, words)
    except UserError as error:
        for line in str(error).split("\n"):
            shown = printable(line)
            print(f"glt: {shown}" if not line.startswith(" ") else shown, file=sys.stderr)
        return 2
    return code


def _load_plugins(flags: argparse.Namespace) -> None:
    """Load the plug-ins before anything is composed, and report them before anything is trained."""
    if not hasattr(flags, "plugin"):  # the command uses none
        return
    from glt_cli.config.plugins import described, load_plugins

    load_plugins(flags.plugin)
    if flags.command in TAKES_SETTINGS:
        for line in described():
            print(f"glt: {line}", file=sys.stderr)


def _as_flags(words: list[str]) -> list[str]:
    """Accept `data_root=X` and `device=X`, the form of `glt run`, in every sub-command."""
    if not words or words[0] in ("run", "search", "table"):  # here they are settings or fields
        return words
    flags = {"data_root=": "--data-root=", "device=": "--device="}
    flags |= {f"dataset.{key}=": f"--{key}=" for key in ("nodes", "edges")}
    for i, word in enumerate(words):
        for key, flag in flags.items():
            if word.startswith(key):
                words[i] = flag + word.removeprefix(key)
    return words
