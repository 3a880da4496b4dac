"""Large graphs: each contender in a process of its own, which tells its times and its peak memory.

`python -m benchmarks.large CONTENDER` is what the benchmark starts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from benchmarks.plain import both_directions, plain_epoch
from benchmarks.tasks import compose, load, search
from glt_cli.experiment import provenance
from glt_cli.pruning import methods
from glt_cli.training.loop import Epoch, Observer

ARXIV_SIZE = ("dataset=synthetic_arxiv_size", "method.pretrain_epochs=0")
GCN = (*ARXIV_SIZE, "backbone=gcn", "backbone.hidden=256", "method.epochs=4", "method.interval=2")
RESGCN = (
    *ARXIV_SIZE,
    "backbone=resgcn",
    "method.epochs=2",
    "method.interval=1",
    "method.grad_epochs=1",
)

#: Edges of the graphs whose cost is measured against their size; seven for each node.
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)


@dataclass(frozen=True)
class Cost:
    """What an epoch with its validation pass costs.

    Attributes:
        seconds: Median wall time.
        peak_mb: Peak of the whole process, MiB.
    """

    seconds: float
    peak_mb: float


def measure(*words: str) -> Cost:
    """Run a contender in its own process: `reference`, or FastGLT with the words of a run."""
    command = [sys.executable, "-m", "benchmarks.large", *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def alternated(repetitions: int) -> tuple[list[Cost], list[Cost]]:
    """torch-geometric's epoch and ours, in turn."""
    ours, reference = [], []
    for _ in range(repetitions):
        reference.append(measure("reference"))
        ours.append(measure(*GCN))
    return reference, ours


def scaling() -> tuple[list[Cost], float]:
    """Costs of graphs of all SIZES, and the exponent of time against edges."""
    costs = []
    for edges in SIZES:
        size = ("dataset=synthetic", f"dataset.edges={edges}", f"dataset.nodes={edges // 7}")
        words = ("backbone.hidden=64", "method.pretrain_epochs=0", "method.epochs=4")
        costs.append(measure(*size, *words, "method.interval=2"))
    # The smallest graph is left out: there an epoch is all overhead.
    logs = np.log([SIZES[1:], [cost.seconds for cost in costs[1:]]])
    return costs, float(np.polyfit(logs[0], logs[1], 1)[0])


class Stopwatch(Observer):
    """An observer that notes when each epoch ended."""

    def __init__(self) -> None:
        self.marks = [time.perf_counter()]

    def begin(self, phase: str, epochs: int) -> None:
        """See loop.Observer."""
        self.marks = [time.perf_counter()]

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """See loop.Observer."""
        self.marks.append(time.perf_counter())

    def seconds(self) -> float:
        """Median of the epochs after the first, which builds what the others reuse."""
        taken = np.diff(self.marks).tolist()
        return statistics.median(taken[1:])


def _denoising(words: list[str]) -> float:
    config = compose(*words)
    watch = Stopwatch()
    methods.find(search(config, watch, load(config)), config.method)
    return watch.seconds()


def _reference() -> float:
    """A plain training loop around torch-geometric's two-layer GCN, 256 wide."""
    import torch_geometric.nn

    task = load(compose(*GCN))
    x: Any = task.x
    edge_index = both_directions(task.graph)
    model = torch_geometric.nn.GCN(x.shape[1], 256, 2, task.num_outputs, dropout=0.5)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
    watch = Stopwatch()
    for number in range(3):
        plain_epoch(model, optimiser, x, edge_index, task)
        watch.epoch(Epoch("reference", number, 0.0, 0.0), 0, 0)
    return watch.seconds()


def main(words: list[str]) -> None:
    """Measure one contender and print its cost as JSON."""
    torch.set_num_threads(1)
    seconds = _reference() if words == ["reference"] else _denoising(words)
    peak = provenance.peak_memory_mb(torch.device("cpu"))
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))


if __name__ == "__main__":
    main(sys.argv[1:])
