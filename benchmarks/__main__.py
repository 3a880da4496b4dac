"""Measure the engine against torch-geometric and FastGLT against IMP; write `results.md`.

Absolute times differ between machines and hours; the ratios come from repetitions that
alternate within one run. `python -m benchmarks --quick` leaves the slow parts out.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from benchmarks import drawing, epochs, exports, finding, large
from benchmarks.tasks import cora
from glt_cli.experiment import provenance
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import finished

REPETITIONS = 9


def main() -> None:
    """Run every measurement."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="epochs only")
    quick: bool = parser.parse_args().quick
    torch.set_num_threads(1)
    sections = [_heading(), _epochs()]
    if not quick:
        sections += [_memory(), _finding(), _exports(), _large(), _scaling(), _deep()]
    text = "\n".join(sections)
    Path(__file__).with_name("results.md").write_text(text)
    print(text)


def _heading() -> str:
    return (
        "# Benchmark results\n\n"
        "Written by `make bench`. One thread; medians of alternating repetitions, so trust the "
        "ratios, not the times.\n\n"
        f"- machine: {_processor()}, {os.cpu_count()} cores, {platform.system()}\n"
        f"- versions: {provenance.versions()}\n"
        f"- commit: {provenance.commit()}\n"
        f"- date: {provenance.now()[:10]}\n"
    )


def _epochs() -> str:
    lines = [
        "## An epoch with its validation pass, Cora\n",
        "A denoising epoch (both targets, exchanges included) and a dense epoch of glt against a "
        "dense epoch of torch-geometric's own two-layer model with the same widths on the same "
        "features.\n",
        "| backbone | torch-geometric, dense | glt, dense | glt, denoising "
        "| dense ratio | denoising ratio |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in ("gcn", "gin", "gat"):
        contenders = epochs.contenders(name, cora())
        reference, dense, denoising = epochs.alternate(contenders, REPETITIONS)
        times = " | ".join(map(epochs.milliseconds, (reference, dense, denoising)))
        ratios = [epochs.ratio(ours, reference) for ours in (dense, denoising)]
        lines.append(f"| {name} | {times} | {ratios[0]} | {ratios[1]} |")
    lines.append("\nRatios: median (smallest to largest) over the repetitions.\n")
    return "\n".join(lines)


def _memory() -> str:
    """The run's own record tells: a child's ru_maxrss begins at its parent's, ours by then."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "glt_cli", "run", f"output_dir={folder}", "quiet=true"]
        subprocess.run([*command, "device=cpu"], check=True, stdout=subprocess.DEVNULL)
        records = [RunFolder(path) for path in Path(folder).iterdir() if path.is_dir()]
        peak = max(record.peak_memory_mb or 0 for record in map(finished, records) if record)
    return (
        "## Peak memory of a whole run\n\n"
        "`glt run method=fastglt dataset=cora`, dense baseline included, the whole process's "
        f"resident set: {peak:.0f} MiB.\n"
    )


def _exports() -> str:
    return (
        "## A pass of an exported ticket over all of Cora\n\n"
        "Tickets of guided's presets, seed 0, as `glt bench` measures them: all take turns in each "
        f"of {exports.REPETITIONS} repetitions; ratios are medians with quartiles.\n\n"
        f"{exports.table()}"
    )


def _large() -> str:
    reference, ours = large.alternated(2)
    seconds = [[cost.seconds for cost in costs] for costs in (reference, ours)]
    peaks = [statistics.median(cost.peak_mb for cost in costs) for costs in (reference, ours)]
    return (
        "## An epoch with its validation pass, made graph of ogbn-arxiv's size\n\n"
        "169,343 nodes, 1,166,243 undirected edges, 128 features, GCN 2 × 256, both targets; each "
        "contender in a process of its own, in turn.\n\n"
        "| | seconds | peak memory |\n|---|---:|---:|\n"
        f"| torch-geometric, dense | {statistics.median(seconds[0]):.1f} | {peaks[0]:.0f} MiB |\n"
        f"| glt, denoising | {statistics.median(seconds[1]):.1f} | {peaks[1]:.0f} MiB |\n"
        f"| ratio | {epochs.ratio(seconds[1], seconds[0])} | {peaks[1] / peaks[0]:.2f} |\n"
    )


def _deep() -> str:
    lines = [
        "## ResGCN on the same graph\n",
        "Width 128, both targets, a denoising epoch with its validation pass; checkpointing "
        "recomputes activations in the backward pass, partitions divide the nodes at random.\n",
        "| layers | checkpointing | partitions | seconds | peak memory |\n|---|---|---|---:|---:|",
    ]
    for layers, checkpoint, partitions in (
        (7, False, 1),
        (7, True, 1),
        (7, False, 4),
        (28, True, 1),
    ):
        words = (f"backbone.layers={layers}", f"backbone.checkpoint={str(checkpoint).lower()}")
        cost = large.measure(*large.RESGCN, *words, f"trainer.partitions={partitions}")
        lines.append(
            f"| {layers} | {'yes' if checkpoint else 'no'} | {partitions} "
            f"| {cost.seconds:.0f} | {cost.peak_mb:.0f} MiB |"
        )
    return "\n".join([*lines, ""])


def _scaling() -> str:
    costs, exponent = large.scaling()
    drawing.scaling(large.SIZES, costs, Path(__file__).with_name("scaling.svg"))
    rows = [
        f"| {edges:,} | {cost.seconds:.3f} | {cost.peak_mb:.0f} MiB |"
        for edges, cost in zip(large.SIZES, costs, strict=True)
    ]
    return "\n".join(
        [
            "## Cost against size\n",
            "Made graphs of seven edges a node, GCN 2 × 64, both targets: a denoising epoch with "
            f"its validation pass. From 10⁵ edges on time grows with the power {exponent:.2f} of "
            "the edges.\n",
            "| edges | seconds | peak memory |\n|---:|---:|---:|",
            *rows,
            "\n![Cost against size](scaling.svg)\n",
        ]
    )


def _finding() -> str:
    return f"## Finding a ticket\n\n{finding.table()}"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown processor"


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"measured in {time.perf_counter() - began:.0f} s")
