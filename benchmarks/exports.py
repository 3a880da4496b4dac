"""How fast exported tickets are, beside dense models and the small dense controls."""

from __future__ import annotations

import tempfile

from benchmarks.tasks import compose
from glt_cli.deploy.bench import bench, quartiles
from glt_cli.experiment.experiment import run
from glt_cli.sweep.display import Display

#: Backbone, edges, weights.
CELLS = [("gcn", 0.35, 0.93), ("gcn", 0.35, 0.98), ("gin", 0.25, 0.9), ("gat", 0.35, 0.93)]
REPETITIONS = 30


def table() -> str:
    """Find tickets on Cora with guided's presets, seed 0, and measure them."""
    lines = [
        "| backbone, removed | model | hidden | weights | ms | times as fast as torch-geometric |",
        "|---|---|---:|---:|---:|---:|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for backbone, graph, weight in CELLS:
            config = compose(
                "method=guided",
                f"backbone={backbone}",
                f"sparsity.graph={graph}",
                f"sparsity.weight={weight}",
                f"output_dir={folder}",
            )
            outcome = run(config, Display(quiet=True))
            found = bench(outcome.folder.path, repetitions=REPETITIONS)
            name = f"{backbone}, {graph:.0%} / {weight:.0%}"
            for timing in found.timings:
                model = timing.contender
                _, seconds, _ = quartiles(timing.seconds)
                low, ratio, high = quartiles(timing.ratios)
                lines.append(
                    f"| {name} | {model.name} | {model.hidden:,} | {model.weights:,} "
                    f"| {1e3 * seconds:.2f} | {ratio:.1f} ({low:.1f} to {high:.1f}) |"
                )
                name = ""
    return "\n".join([*lines, ""])
