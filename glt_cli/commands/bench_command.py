"""`glt bench`: measure how fast tickets are, beside dense models and smaller dense ones."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from glt_cli.commands.shared_flags import add_data_root, add_own_files, add_plugin, own_files

if TYPE_CHECKING:
    from glt_cli.deploy.bench import Bench


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Declare the sub-command."""
    bench = commands.add_parser(
        "bench",
        help="measure how fast a ticket is, beside dense models",
        description=(
            "Measure a forward pass over the whole graph on the CPU: torch-geometric's dense "
            "model, the ticket, its export, and the small dense controls, one after the other in "
            "each repetition. Ratios are those of the same repetition."
        ),
    )
    bench.add_argument("runs", metavar="RUN", nargs="+", help="run folders")
    bench.add_argument("--repetitions", type=int, default=30, metavar="N", help="default: 30")
    bench.add_argument("--threads", type=int, default=1, metavar="N", help="default: 1")
    bench.add_argument("--output", metavar="FILE", help="also write the figures to a .json file")
    add_own_files(bench)
    add_data_root(bench)
    add_plugin(bench)
    bench.set_defaults(do=bench_runs)


def bench_runs(flags: argparse.Namespace, words: list[str]) -> int:
    """Measure each run, and print a table for it."""
    import json

    from glt_cli.errors import UserError
    from glt_cli.experiment.paths import output_file, write_output
    from glt_cli.terminal import console

    for flag in ("repetitions", "threads"):
        least = 2 if flag == "repetitions" else 1
        if getattr(flags, flag) < least:
            raise UserError(f"--{flag} {getattr(flags, flag)}: must be at least {least}")
    if flags.output:
        output_file(flags.output, "bench.json")
    from glt_cli.deploy.bench import bench

    terminal, written = console(), []
    for run in flags.runs:
        found = bench(run, flags.data_root, flags.repetitions, flags.threads, own_files(flags))
        _table(run, found).print(terminal)
        terminal.print(
            f"{flags.repetitions} repetitions, {found.threads} thread(s). Moving the least that "
            f"the export must, {found.least_bytes / 1e6:.1f} MB, takes "
            f"{1e3 * found.roofline:.2f} ms at this machine's {found.bandwidth / 1e9:.1f} GB/s.",
            soft_wrap=True,
        )
        written.append(
            {
                "run": run,
                "threads": found.threads,
                "repetitions": flags.repetitions,
                "bandwidth": found.bandwidth,
                "least_bytes": found.least_bytes,
                "models": [timing.about() for timing in found.timings],
            }
        )
    if flags.output:
        write_output(flags.output, json.dumps(written, indent=1) + "\n")
    return 0


def _table(run: str, found: Bench) -> Any:
    import pandas as pd

    from glt_cli.deploy.bench import quartiles
    from glt_cli.experiment.tables import TextTable

    rows = []
    for timing in found.timings:
        low, middle, high = (1e3 * value for value in quartiles(timing.seconds))
        slow, ratio, fast = quartiles(timing.ratios)
        size = timing.contender.size
        rows.append(
            {
                "model": timing.contender.name,
                "hidden": f"{timing.contender.hidden:,}",
                "weights": f"{timing.contender.weights:,}",
                "stored": f"{size / 1e3:,.0f} kB" if size else "-",
                "ms (quartiles)": f"{middle:.2f} ({low:.2f} to {high:.2f})",
                "times as fast": f"{ratio:.1f} ({slow:.1f} to {fast:.1f})",
            }
        )
    return TextTable(f"A pass over the whole graph: {run}", pd.DataFrame(rows))
