"""`glt table`: compare finished runs over seeds."""

from __future__ import annotations

import argparse
from typing import Any

from glt_cli.commands.shared_flags import add_plugin, add_tolerance, add_where

_TABLE_EXAMPLES = """\
examples:
  glt table                                    all runs in outputs/, all metrics
  glt table --cols dataset --metric difference --output table.tex
  glt table --rows method,targets --cols backbone --where dataset=cora --where seed=0,1,2
  glt table --where 'weight_sparsity_target>=0.9' --published
  glt table --rows method,method.alpha --metric val,find
"""


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Declare the sub-command."""
    table = commands.add_parser(
        "table",
        help="compare finished runs, in a terminal, CSV, Markdown, LaTeX or HTML",
        description="Compare finished runs: means over seeds, paired differences to dense.",
        epilog=_TABLE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    table.add_argument("folders", nargs="*", metavar="FOLDER", help="runs (default: outputs)")
    table.add_argument(
        "--rows",
        metavar="KEY,…",
        help="fields of record.json, 'targets', or settings such as method.alpha "
        "(default: method,backbone,dataset,targets)",
    )
    table.add_argument("--cols", metavar="KEY", help="one column for each value of a field")
    table.add_argument(
        "--metric",
        metavar="NAME,…",
        help="what to show: test, difference, dense, val, sparsity, macs, find, epoch, retrain, "
        "speedup, memory (with --cols only one; by default most)",
    )
    table.add_argument(
        "--against",
        metavar="METHOD",
        help="also show paired differences to this method, and which are more than chance",
    )
    add_where(table)
    table.add_argument(
        "--format", choices=["terminal", "csv", "markdown", "latex", "html"], help="output format"
    )
    table.add_argument(
        "--output", metavar="FILE", help="write a file: .txt, .csv, .md, .tex or .html"
    )
    table.add_argument(
        "--width",
        type=_width,
        metavar="N",
        help="columns of a table in text (default: the terminal's, COLUMNS, or 100)",
    )
    add_tolerance(table)
    table.add_argument(
        "--published",
        action="store_true",
        help="also show reruns of authors' code and published results",
    )
    add_plugin(table)
    table.set_defaults(do=show_table)


def _width(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 40 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text} must be a whole number from 40 to 1000")
    return int(text)


def show_table(flags: argparse.Namespace, words: list[str]) -> int:
    """Print or write the table; returns the exit code."""
    from glt_cli.analysis.table import write_table

    return write_table(flags)
