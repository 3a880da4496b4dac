"""Flags that several sub-commands have."""

from __future__ import annotations

import argparse

#: Sub-commands that take GROUP=OPTION and KEY=VALUE besides flags.
TAKES_SETTINGS = ("run", "search")


def add_own_files(parser: argparse.ArgumentParser) -> None:
    """Declare --nodes and --edges."""
    for key in ("nodes", "edges"):
        parser.add_argument(
            f"--{key}", metavar="FILE", help=f"the {key} file of your own graph, if it has moved"
        )


def own_files(flags: argparse.Namespace) -> dict[str, str]:
    """Return the files that --nodes and --edges name."""
    return {key: getattr(flags, key) for key in ("nodes", "edges") if getattr(flags, key)}


def add_plugin(parser: argparse.ArgumentParser) -> None:
    """Add `--plugin` (docs/extending.md)."""
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="MODULE",
        help="load methods, scores, backbones or data sets from your own module or .py file; can "
        "be repeated (or GLT_PLUGINS)",
    )


def add_data_root(parser: argparse.ArgumentParser) -> None:
    """Add `--data-root`."""
    parser.add_argument("--data-root", metavar="DIR", help="folder with data sets (or GLT_DATA)")


def add_where(parser: argparse.ArgumentParser) -> None:
    """Add `--where`."""
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="only runs with KEY=VALUE, KEY=A,B, KEY!=VALUE or 'KEY>=NUMBER'; can be repeated",
    )


def add_tolerance(parser: argparse.ArgumentParser) -> None:
    """Add `--tolerance`."""
    parser.add_argument(
        "--tolerance",
        default="0.005",
        metavar="SHARE",
        help="how much a winning ticket may lose, as a fraction (default: 0.005)",
    )
