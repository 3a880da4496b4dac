"""`glt report`: one HTML page about finished runs."""

from __future__ import annotations

import argparse
from typing import Any

from glt_cli.commands.shared_flags import add_data_root, add_plugin, add_tolerance, add_where


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Declare the sub-command."""
    report = commands.add_parser(
        "report",
        help="write one HTML page about finished runs, with figures",
        description="Write one HTML page about finished runs that opens without a network.",
        allow_abbrev=False,
    )
    report.add_argument("folders", nargs="*", metavar="FOLDER", help="runs (default: outputs)")
    report.add_argument(
        "--output", default="report.html", metavar="FILE", help="the page (default: report.html)"
    )
    report.add_argument(
        "--figures", metavar="DIR", help="write the figures as PNG, PDF and SVG files too"
    )
    add_where(report)
    add_tolerance(report)
    add_data_root(report)
    add_plugin(report)
    report.set_defaults(do=write_page)


def write_page(flags: argparse.Namespace, words: list[str]) -> int:
    """Write the page, and its figures as files; returns the exit code."""
    from glt_cli.analysis.report.write import write_report

    return write_report(flags)
