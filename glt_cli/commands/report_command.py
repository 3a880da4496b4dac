"""`glt report`: one HTML page about finished runs, and its figures as files."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from glt_cli.analysis.compare.statistics import parse_tolerance
from glt_cli.errors import UserError
from glt_cli.experiment.paths import output_file, write_whole
from glt_cli.terminal import console


def report(arguments: argparse.Namespace) -> int:
    """Write a report; returns the exit code."""
    if not importlib.util.find_spec("matplotlib"):
        raise UserError("glt report draws with matplotlib: pip install 'glt-cli[plots]'")
    folders = arguments.folders or ["outputs"]
    tolerance = parse_tolerance(arguments.tolerance)
    output = output_file(arguments.output, "report.html")
    if output.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--output {arguments.output}: a report is HTML; its suffix must be .html")

    from glt_cli.analysis.report import build

    report_arguments = _report_arguments(arguments, folders)
    built = build(folders, tolerance, arguments.data_root, report_arguments, arguments.where)
    figures = None if arguments.figures is None else Path(arguments.figures).expanduser()
    try:
        if figures:
            figures.mkdir(parents=True, exist_ok=True)
            for figure in built.figures:
                figure.write(figures)
        write_whole(output, built.html)
    except OSError as error:
        path = error.filename or output
        raise UserError(f"{path}: can't be written ({error.strerror or error})") from error
    terminal = console()
    counts = f"{built.run_count} runs, {len(built.figures)} figures"
    terminal.print(f"Report: {arguments.output} ({counts})", markup=False, soft_wrap=True)
    if figures:
        terminal.print(
            f"Figures: {arguments.figures} (PNG, PDF, SVG)", markup=False, soft_wrap=True
        )
    return 0


def _report_arguments(arguments: argparse.Namespace, folders: list[str]) -> list[str]:
    """The arguments that build the same report, wherever its file is written."""
    words = list(folders)
    words += [word for condition in arguments.where for word in ("--where", condition)]
    words += [] if arguments.tolerance == "0.005" else ["--tolerance", arguments.tolerance]
    return [*words, *(["--data-root", arguments.data_root] if arguments.data_root else [])]
