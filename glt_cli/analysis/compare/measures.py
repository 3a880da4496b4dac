"""The figures of a table: where each comes from, how it is written, which one is best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from glt_cli.experiment.record import Record


@dataclass(frozen=True)
class Metric:
    """A figure.

    Attributes:
        heading: What its column is called.
        of: Its value in a run; None where only whole settings have one.
        write: Its mean in text.
        spread: Its deviation in text, where tables show it.
        best: `max` or `min`, where one is better than another.
        title: What a table of nothing else is called, if not its heading.
    """

    heading: str
    of: Callable[[Record], float | None]
    write: Callable[[float], str]
    spread: Callable[[float], str] | None = None
    best: Callable[..., float] | None = None
    title: str = ""


def difference(record: Record) -> float:
    """Ticket minus dense of the same seed, as a fraction."""
    assert record.ticket_test is not None
    assert record.dense_test is not None
    return record.ticket_test - record.dense_test


def _epoch(record: Record) -> float | None:
    if not record.find_epochs or record.find_seconds is None:
        return None
    return record.find_seconds / record.find_epochs


def _points(share: float) -> str:
    return f"{100 * share:.2f}"


def _percent(share: float) -> str:
    return f"{share:.2%}"


def _seconds(seconds: float) -> str:
    return f"{seconds:,.1f} s" if seconds >= 1 else f"{seconds:.2g} s"


METRICS = {
    "dense": Metric("dense", lambda r: r.dense_test, _points, _points, title="dense, test"),
    "test": Metric("ticket", lambda r: r.ticket_test, _points, _points, max, "ticket, test"),
    "difference": Metric(
        "difference",
        difference,
        lambda share: f"{100 * share:+.2f}",
        _points,
        max,
        "paired difference to dense, test",
    ),
    "val": Metric(
        "validation", lambda r: r.ticket_val, _points, _points, max, "ticket, validation"
    ),
    "graph_sparsity": Metric("edges removed", lambda r: r.graph_sparsity, _percent),
    "weight_sparsity": Metric("weights removed", lambda r: r.weight_sparsity, _percent),
    "macs": Metric("MACs saved", lambda r: r.mac_saving, _percent, best=max),
    "find": Metric("find", lambda r: r.find_seconds, _seconds, best=min),
    "epoch": Metric("find, per epoch", _epoch, _seconds, best=min),
    "retrain": Metric("retrain", lambda r: r.retrain_seconds, _seconds, best=min),
    "speedup": Metric("speed-up", lambda _: None, lambda ratio: f"{ratio:,.1f}×", best=max),
    "memory": Metric(
        "peak memory",
        lambda r: r.peak_memory_mb,
        lambda mebibytes: f"{mebibytes * 2**20 / 1e9:.2f} GB",
        best=min,
    ),
}

#: What may be asked for by --metric, and the figures that it comes to.
CHOICES = {
    **{name: (name,) for name in METRICS if name not in ("graph_sparsity", "weight_sparsity")},
    "sparsity": ("graph_sparsity", "weight_sparsity"),
}

#: Figures that a table shows unless told otherwise.
USUAL = ("dense", "test", "difference", "sparsity", "macs", "find", "retrain", "speedup", "memory")
#: Those whose mean over several devices would say little.
TIMES = ("find", "epoch", "retrain", "speedup", "memory")
