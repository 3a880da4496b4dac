"""`glt report`: one HTML page about finished runs, and its figures as files."""

from __future__ import annotations

import argparse
import importlib.util

from glt_cli.analysis.compare.statistics import parse_tolerance
from glt_cli.errors import UserError, at_home
from glt_cli.experiment.paths import output_file, write_output
from glt_cli.terminal import console, plural


def write_report(flags: argparse.Namespace) -> int:
    """Write a report; returns the exit code."""
    if not importlib.util.find_spec("matplotlib"):
        raise UserError("glt report draws with matplotlib: pip install 'glt-cli[plots]'")
    folders = flags.folders or ["outputs"]
    tolerance = parse_tolerance(flags.tolerance)
    output = output_file(flags.output, "report.html")
    if output.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"--output {flags.output}: a report is HTML; its suffix must be .html")

    from glt_cli.analysis.report import build

    report_arguments = _report_arguments(flags, folders)
    built = build(folders, tolerance, flags.data_root, report_arguments, flags.where)
    figures = flags.figures and at_home(flags.figures, f"--figures {flags.figures}")
    try:
        if figures:
            figures.mkdir(parents=True, exist_ok=True)
            for figure in built.figures:
                figure.write(figures)
    except OSError as error:
        path = error.filename or figures
        raise UserError(f"{path}: can't be written ({error.strerror or error})") from error
    write_output(flags.output, built.html)
    terminal = console()
    counts = f"{plural(built.run_count, 'run')}, {plural(len(built.figures), 'figure')}"
    terminal.print(f"Report: {flags.output} ({counts})", markup=False, soft_wrap=True)
    if figures:
        terminal.print(f"Figures: {flags.figures} (PNG, PDF, SVG)", markup=False, soft_wrap=True)
    return 0


def _report_arguments(flags: argparse.Namespace, folders: list[str]) -> list[str]:
    """The arguments that build the same report, wherever its file is written."""
    words = list(folders)
    words += [word for condition in flags.where for word in ("--where", condition)]
    words += [] if flags.tolerance == "0.005" else ["--tolerance", flags.tolerance]
    return [*words, *(["--data-root", flags.data_root] if flags.data_root else [])]
