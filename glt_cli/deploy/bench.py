"""`glt bench`: how fast a ticket is, beside the dense model and smaller dense ones.

Measured, not counted: all contenders take turns, repetition by repetition, after a warm-up, so that
what else the machine does meets all alike. Ratios are those of the same repetition.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from glt_cli.config.methods import SmallDenseConfig
from glt_cli.deploy.compact import Compact, compacted
from glt_cli.deploy.export import layouts, read_columns
from glt_cli.deploy.loaded_ticket import Ticket, load_ticket
from glt_cli.deploy.original_data import folder_of, load_original, with_files
from glt_cli.deploy.runtime.messages import Messages
from glt_cli.deploy.runtime.networks import network
from glt_cli.deploy.runtime.storage import stored_matrices
from glt_cli.errors import UserError
from glt_cli.models import count_weights, rebuild
from glt_cli.models.graph import Graph
from glt_cli.models.sparse import SparseMatrix
from glt_cli.pruning.masks import EDGE, full
from glt_cli.training.tasks import Task

#: What the others are compared with.
REFERENCE = "dense, torch-geometric"
#: Instead of it, where torch-geometric's layers can't express the model.
_FALLBACK = "dense, exported"
_PLAIN_TICKET = "ticket, torch-geometric"
_WARM_UP = 3


@dataclass(frozen=True)
class Contender:
    """A model on a graph.

    Attributes:
        name: What it is.
        hidden: Width of its first hidden layer.
        weights: Its weights that aren't zero.
        size: Bytes of its tensors, as they are stored.
        call: One forward pass over the whole graph.
    """

    name: str
    hidden: int
    weights: int
    size: int
    call: Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """A contender's times.

    Attributes:
        contender: Whose.
        seconds: Of each repetition.
        ratios: The reference's time over its own, in each repetition.
    """

    contender: Contender
    seconds: list[float]
    ratios: list[float]

    def about(self) -> dict[str, Any]:
        """Return the figures, for JSON."""
        low, middle, high = quartiles(self.seconds)
        slow, ratio, fast = quartiles(self.ratios)
        return {
            "model": self.contender.name,
            "hidden": self.contender.hidden,
            "weights": self.contender.weights,
            "bytes": self.contender.size,
            "seconds": middle,
            "seconds_quartiles": [low, high],
            "times_as_fast": ratio,
            "times_as_fast_quartiles": [slow, fast],
        }


@dataclass(frozen=True)
class Bench:
    """What was measured.

    Attributes:
        timings: One for each contender, in order.
        bandwidth: Bytes a second that a copy in memory moved.
        least_bytes: What a pass of the exported model must move at least: its matrices, the
            features, the edges and the outputs, each once.
        threads: Threads of torch.
    """

    timings: list[Timing]
    bandwidth: float
    least_bytes: int
    threads: int

    @property
    def roofline(self) -> float:
        """Seconds that moving these bytes takes."""
        return self.least_bytes / self.bandwidth


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def bench(
    run: str | Path,
    data_root: str | None = None,
    repetitions: int = 30,
    threads: int = 1,
    files: dict[str, str] | None = None,
) -> Bench:
    """Measure a ticket, its export, and its controls on the ticket's whole graph.

    Args:
        run: The folder of a run or a ticket.
        data_root: Folder with data sets.
        repetitions: How often each is measured.
        threads: Threads of torch.
        files: Present paths of the files of the user's own graph, under `nodes` and `edges`.

    Raises:
        UserError: The ticket can't be exported, or its data is missing.
    """
    ticket = load_ticket(folder_of(Path(run)).path, data_root)
    ticket = replace(ticket, dataset=with_files(ticket.dataset, files or {}))
    device = torch.device("cpu")
    task = load_original(
        ticket, ticket.dataset, data_root, device, advice="measure it on its own data"
    )
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        contenders, exported = _contenders(ticket, task)
        times = _take_turns([each.call for each in contenders], repetitions)
        bandwidth = _bandwidth()
    finally:
        torch.set_num_threads(before)
    reference = next(
        place for place, each in enumerate(contenders) if each.name in (REFERENCE, _FALLBACK)
    )
    timings = [
        Timing(each, own, [a / b for a, b in zip(times[reference], own, strict=True)])
        for each, own in zip(contenders, times, strict=True)
    ]
    return Bench(timings, bandwidth, exported, threads)


def _contenders(ticket: Ticket, task: Task) -> tuple[list[Contender], int]:
    """Return the contenders, and what the exported ticket must move at least, in bytes."""
    model = ticket.model()
    weights = model.prunable()
    everything = full({EDGE: ticket.edge_index[0], **weights})
    dense = replace(ticket, masks=everything, kept_edge_weight=1.0)
    sparse_graph = ticket.sparse(task.graph)
    whole = rebuild(
        ticket.backbone, ticket.num_features, ticket.num_outputs, ticket.embedded_nodes
    ).eval()
    hidden = ticket.backbone.hidden
    all_weights = sum(weight.numel() for weight in weights.values())
    kept = sum(int(weight.count_nonzero()) for weight in weights.values())
    found: list[Contender] = []
    for name, of, count in ((REFERENCE, dense, all_weights), (_PLAIN_TICKET, ticket, kept)):
        if (call := _torch_geometric(of)) is not None:
            found.append(Contender(name, hidden, count, 0, call))
    ones = sparse_graph.ones()
    found.append(
        Contender("ticket, glt", hidden, kept, 0, lambda: model(task.x, sparse_graph, ones))
    )
    compact = compacted(model)
    exported = _exported("ticket, exported", compact, ticket, task, sparse_graph)
    least = _least_bytes(exported, task, sparse_graph)
    found += [_exported(_FALLBACK, compacted(whole), ticket, task, task.graph), exported]
    for name, width in _small(ticket, exported):
        config = replace(ticket.backbone, hidden=width)
        small = rebuild(config, ticket.num_features, ticket.num_outputs, ticket.embedded_nodes)
        found.append(_exported(name, compacted(small.eval()), ticket, task, task.graph))
    alone = sparse_graph.keep(torch.zeros(sparse_graph.num_edges, dtype=torch.bool))
    found.append(_exported("ticket, exported, no edges (ceiling)", compact, ticket, task, alone))
    return found, least


def _torch_geometric(ticket: Ticket) -> Callable[[], object] | None:
    """A pass of torch-geometric's own layers; None if they can't express the model."""
    try:
        model, data = ticket.to_torch_geometric()
    except UserError:
        return None
    x = data.x if ticket.embedded_nodes else ticket.features()
    weights = () if data.edge_weight is None else (data.edge_weight,)
    return lambda: model(x, data.edge_index, *weights)


def _exported(name: str, compact: Compact, ticket: Ticket, task: Task, graph: Graph) -> Contender:
    """A compact model on a graph, each of its matrices in the faster layout."""
    x = read_columns(ticket, task.x, compact)
    about = compact.about | {"csr": layouts(compact, x, graph.num_nodes)}
    built = network(about, compact.tensors).eval()
    messages = Messages.of_edges(
        graph.num_nodes, graph.edge_index, graph.directed, graph.edge_weight, built.self_loops
    )
    stored = len(save(stored_matrices(compact.tensors)))
    weights = sum(int(matrix.count_nonzero()) for matrix in compact.maps)
    return Contender(name, compact.maps[0].shape[1], weights, stored, lambda: built(x, messages))


def _small(ticket: Ticket, exported: Contender) -> list[tuple[str, int]]:
    """The small dense controls: names and hidden widths."""
    config = ticket.backbone

    def count(of: Any) -> int:
        return count_weights(of, ticket.num_features, ticket.num_outputs)

    resized = SmallDenseConfig(name="small_dense").resized(config, ticket.weight_sparsity, count)
    found = [("small dense, as many weights", resized.hidden)]
    per_unit = int(getattr(config, "heads", 1))
    alive = max(1, (exported.hidden - 2 * per_unit * (per_unit > 1)) // per_unit)
    if alive not in (resized.hidden, config.hidden) and config.name != "resgcn":
        found.append(("small dense, as many live units", alive))
    return found


def _take_turns(calls: list[Callable[[], object]], repetitions: int) -> list[list[float]]:
    """Measure each call in each repetition: [contenders][repetitions], in seconds."""
    times: list[list[float]] = [[] for _ in calls]
    with torch.no_grad():
        for _ in range(_WARM_UP):
            for call in calls:
                call()
        for _ in range(repetitions):
            for own, call in zip(times, calls, strict=True):
                began = time.perf_counter()
                call()
                own.append(time.perf_counter() - began)
    return times


def _bandwidth() -> float:
    """Measure how many bytes a second a copy of a large tensor moves, read and written."""
    source = torch.ones(16_000_000)
    target = torch.empty_like(source)
    times = []
    for _ in range(5):
        began = time.perf_counter()
        target.copy_(source)
        times.append(time.perf_counter() - began)
    return 2 * source.numel() * source.element_size() / min(times)


def _least_bytes(exported: Contender, task: Task, graph: Graph) -> int:
    # A sparse feature is a value and a column, and a message a value and a source.
    x = task.x
    stored = 8 * x.values.numel() if isinstance(x, SparseMatrix) else 4 * x.numel()
    outputs = 4 * graph.num_nodes * (task.num_outputs or exported.hidden)
    return exported.size + stored + 16 * graph.num_edges + outputs
