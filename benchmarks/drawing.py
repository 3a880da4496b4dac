"""Pictures of what the benchmarks measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.large import Cost

# No time and no random names in the file: the same figures draw the same bytes.
mpl.rcParams["svg.hashsalt"] = "glt"


def scaling(sizes: Sequence[int], costs: Sequence[Cost], path: Path) -> None:
    """Draw time and memory against edges, both on logarithmic axes."""
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    panels = figure.subplots(1, 2)
    measured = (
        ("seconds an epoch", [cost.seconds for cost in costs]),
        ("peak memory, MiB", [cost.peak_mb for cost in costs]),
    )
    for axes, (label, values) in zip(panels, measured, strict=True):
        axes.loglog(sizes, values, "o-", label="measured")
        straight = [values[-1] * size / sizes[-1] for size in sizes]
        axes.loglog(sizes, straight, ":", color="grey", label="in proportion to edges")
        axes.set_xlabel("undirected edges")
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(path, metadata={"Date": None})
