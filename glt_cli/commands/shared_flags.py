"""Flags that several sub-commands have."""

from __future__ import annotations

import argparse

#: Sub-commands that take GROUP=OPTION and KEY=VALUE beside their flags.
TAKES_SETTINGS = ("run", "search")


def add_plugin(parser: argparse.ArgumentParser) -> None:
    """Let the command load plug-ins (docs/extending.md)."""
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="MODULE",
        help="load methods, scores, backbones or data sets from your own module or .py file; may "
        "be given again (or GLT_PLUGINS)",
    )


def add_data_root(parser: argparse.ArgumentParser) -> None:
    """Let the command find data sets."""
    parser.add_argument("--data-root", metavar="DIR", help="folder with data sets (or GLT_DATA)")


def add_where(parser: argparse.ArgumentParser) -> None:
    """Let the command choose among runs."""
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="KEY=VALUE, KEY=A,B, KEY!=VALUE or 'KEY>=NUMBER'; may be given again",
    )


def add_tolerance(parser: argparse.ArgumentParser) -> None:
    """Let the command judge whether tickets win."""
    parser.add_argument(
        "--tolerance",
        default="0.005",
        metavar="SHARE",
        help="what a winning ticket may lose, as a fraction (default: 0.005)",
    )
