"""`glt report`: one HTML page about finished runs, and its figures as files."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from glt_cli.analysis.compare.statistics import tolerance_of
from glt_cli.errors import UserError
from glt_cli.experiment.paths import output_file, write_whole
from glt_cli.terminal import console


def report(arguments: argparse.Namespace) -> int:
    """Write a report; returns the exit code."""
    if not importlib.util.find_spec("matplotlib"):
        raise UserError("glt report draws with matplotlib: pip install 'glt-cli[plots]'")
    folders = arguments.folders or ["outputs"]
    tolerance = tolerance_of(arguments.tolerance)
    output = output_file(arguments.output, "report.html")
    if output.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--output {arguments.output}: a report is HTML; end it in .html")

    from glt_cli.analysis.report import build

    again = _again(arguments, folders)
    made = build(folders, tolerance, arguments.data_root, again, arguments.where)
    figures = None if arguments.figures is None else Path(arguments.figures).expanduser()
    try:
        if figures:
            figures.mkdir(parents=True, exist_ok=True)
            for figure in made.figures:
                figure.write(figures)
        write_whole(output, made.html)
    except OSError as error:
        where = error.filename or output
        raise UserError(f"{where}: can't be written ({error.strerror or error})") from error
    show = console()
    said = f"{made.runs} runs, {len(made.figures)} figures"
    show.print(f"Report: {arguments.output} ({said})", markup=False, soft_wrap=True)
    if figures:
        show.print(f"Figures: {arguments.figures} (PNG, PDF, SVG)", markup=False, soft_wrap=True)
    return 0


def _again(arguments: argparse.Namespace, folders: list[str]) -> list[str]:
    """Words that make the page again, wherever it is written."""
    words = list(folders)
    words += [word for condition in arguments.where for word in ("--where", condition)]
    words += [] if arguments.tolerance == "0.005" else ["--tolerance", arguments.tolerance]
    return [*words, *(["--data-root", arguments.data_root] if arguments.data_root else [])]
