"""`glt datasets`: list data sets, and download and verify them."""

from __future__ import annotations

import argparse
from typing import Any

from glt_cli.commands.shared_flags import add_data_root, add_plugin


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Declare the sub-command."""
    datasets = commands.add_parser("datasets", help="list data sets; download and verify them")
    add_data_root(datasets)
    add_plugin(datasets)
    datasets.set_defaults(do=list_or_prepare)
    actions = datasets.add_subparsers(dest="action", metavar="ACTION")
    prepare = actions.add_parser("prepare", help="download and verify data sets")
    prepare.add_argument("names", nargs="+", metavar="NAME")
    prepare.add_argument(
        "--data-root", metavar="DIR", default=argparse.SUPPRESS, help="folder with data sets"
    )
    add_plugin(prepare)


def list_or_prepare(flags: argparse.Namespace, words: list[str]) -> int:
    """Print the list of data sets, or prepare the named ones; returns the exit code."""
    from glt_cli.commands.dataset_list import prepare_all, print_list

    if flags.action == "prepare":
        prepare_all(flags.names, flags.data_root)
    else:
        print_list(flags.data_root)
    return 0
