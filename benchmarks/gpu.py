"""Measure the engine on a CUDA device and write `gpu.md`: `python -m benchmarks.gpu`.

As in `results.md`, contenders alternate within one run, and the ratios count. An epoch ends when
its loss and score have reached the host, so that nothing is still running when the clock is read.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import torch_geometric.nn

from benchmarks import epochs, finding
from benchmarks.large import GCN, RESGCN, Stopwatch
from benchmarks.plain import both_directions, plain_epoch
from benchmarks.tasks import compose, cora, load, search
from glt_cli.config import Config
from glt_cli.experiment import provenance
from glt_cli.pruning import methods
from glt_cli.training.loop import Epoch
from glt_cli.training.tasks import NodeClassification

REPETITIONS = 5


def main() -> None:
    """Run every measurement."""
    device = torch.device("cuda")
    sections = [_heading(), _small(device), _finding(), _large(device), _deep(device)]
    text = "\n".join(sections)
    Path(__file__).with_name("gpu.md").write_text(text)
    print(text)


def _heading() -> str:
    return (
        "# Benchmark results on a GPU\n\n"
        "Written by `python -m benchmarks.gpu`; medians of alternating repetitions.\n\n"
        f"- device: {torch.cuda.get_device_name()}\n"
        f"- versions: {provenance.versions()}\n"
        f"- date: {provenance.now()[:10]}\n"
    )


def _small(device: torch.device) -> str:
    lines = [
        "## An epoch with its validation pass, Cora\n",
        "A graph this small leaves the device idle: the time is that of starting kernels.\n",
        "| backbone | torch-geometric, dense | glt, dense | glt, denoising "
        "| dense ratio | denoising ratio |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in ("gcn", "gin", "gat"):
        contenders = epochs.contenders(name, cora(device))
        reference, dense, denoising = epochs.alternate(contenders, REPETITIONS)
        times = " | ".join(map(epochs.milliseconds, (reference, dense, denoising)))
        ratios = [epochs.ratio(ours, reference) for ours in (dense, denoising)]
        lines.append(f"| {name} | {times} | {ratios[0]} | {ratios[1]} |")
    return "\n".join([*lines, ""])


def _finding() -> str:
    return f"## Finding a ticket\n\n{finding.table(finding.CELLS[:1], 'cuda')}"


def _large(device: torch.device) -> str:
    task = load(compose(*GCN), device)
    config = compose(*GCN, "method.epochs=12", "method.interval=4")

    ours = partial(_denoising, config, task)

    def reference() -> float:
        x = epochs.dense_features(task)
        edge_index = both_directions(task.graph)
        model = torch_geometric.nn.GCN(x.shape[1], 256, 2, task.num_outputs, dropout=0.5)
        model = model.to(device)
        optimiser = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
        watch = Stopwatch()
        for number in range(12):
            plain_epoch(model, optimiser, x, edge_index, task)
            watch.epoch(Epoch("reference", number, 0.0, 0.0), 0, 0)
        return watch.seconds()

    theirs, mine = (_with_peak(contender) for contender in (reference, ours))
    times = epochs.alternate([reference, ours], REPETITIONS)
    return (
        "## An epoch with its validation pass, made graph of ogbn-arxiv's size\n\n"
        "169,343 nodes, 1,166,243 undirected edges, 128 features, GCN 2 × 256, both targets.\n\n"
        "| | time | peak device memory |\n|---|---:|---:|\n"
        f"| torch-geometric, dense | {epochs.milliseconds(times[0])} | {theirs[1]:.0f} MiB |\n"
        f"| glt, denoising | {epochs.milliseconds(times[1])} | {mine[1]:.0f} MiB |\n"
        f"| ratio | {epochs.ratio(times[1], times[0])} | {mine[1] / theirs[1]:.2f} |\n"
    )


def _deep(device: torch.device) -> str:
    task = load(compose(*RESGCN), device)
    lines = [
        "## ResGCN-28 on the same graph\n",
        "Width 128, both targets, a denoising epoch with its validation pass.\n",
        "| checkpointing | partitions | time | peak device memory |\n|---|---|---:|---:|",
    ]
    for checkpoint, partitions in (("false", 1), ("true", 1), ("false", 4)):
        words = (f"backbone.checkpoint={checkpoint}", f"trainer.partitions={partitions}")
        config = compose(*RESGCN, *words, "method.epochs=6", "method.interval=2")

        seconds, peak = _with_peak(partial(_denoising, config, task))
        lines.append(
            f"| {'yes' if checkpoint == 'true' else 'no'} | {partitions} "
            f"| {1000 * seconds:.0f} ms | {peak:.0f} MiB |"
        )
    return "\n".join([*lines, ""])


def _denoising(config: Config, task: NodeClassification) -> float:
    watch = Stopwatch()
    methods.find(search(config, watch, task), config.method)
    return watch.seconds()


def _with_peak(contender: Callable[[], float]) -> tuple[float, float]:
    """Seconds of an epoch, and the device memory that it takes at most, MiB."""
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    seconds = contender()
    return seconds, torch.cuda.max_memory_allocated() / 2**20


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"measured in {time.perf_counter() - began:.0f} s")
