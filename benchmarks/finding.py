"""What finding a ticket costs, by method, to the same targets; accuracy beside."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, finished

METHODS = ("imp", "fastglt", "guided")
CELLS = (("gcn", "cora"), ("gcn", "citeseer"), ("gcn", "pubmed"), ("gin", "cora"))


def records(backbone: str, dataset: str, device: str = "cpu") -> dict[str, Record]:
    """Run each method's preset once, seed 0, and read the records; empty without the data."""
    with tempfile.TemporaryDirectory() as folder:
        words = [f"method={','.join(METHODS)}", f"backbone={backbone}", f"dataset={dataset}"]
        words += [f"device={device}", f"output_dir={folder}", "quiet=true"]
        command = [sys.executable, "-m", "glt_cli", "run", "-m", *words]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        subprocess.run(command, check=False, capture_output=True, env=environment)
        runs = [finished(RunFolder(path)) for path in sorted(Path(folder).iterdir())]
    return {run.method: run for run in runs if run is not None}


def table(cells: tuple[tuple[str, str], ...] = CELLS, device: str = "cpu") -> str:
    """Write one row for each method and cell."""
    lines = [
        "Preset of each method and cell, seed 0. Guided's time includes the dense model that it "
        "asks; retraining is not counted for any. One seed says little about accuracy: "
        "docs/RESULTS.md has the means.\n",
        "| backbone, data | targets | method | epochs | seconds | of IMP's | ticket | dense |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    for backbone, dataset in cells:
        found = records(backbone, dataset, device)
        if "imp" not in found:
            lines.append(f"| {backbone}, {dataset} | its data is not here |")
            continue
        for method in METHODS:
            run, imp = found[method], found["imp"]
            assert run.find_seconds is not None
            assert imp.find_seconds is not None
            assert run.ticket_test is not None
            assert run.dense_test is not None
            targets = f"{run.graph_sparsity_target:.0%} / {run.weight_sparsity_target:.0%}"
            lines.append(
                f"| {backbone}, {dataset} | {targets} | {method} | {run.find_epochs} "
                f"| {run.find_seconds:.1f} | {run.find_seconds / imp.find_seconds:.2f} "
                f"| {100 * run.ticket_test:.1f} | {100 * run.dense_test:.1f} |"
            )
    return "\n".join([*lines, ""])
