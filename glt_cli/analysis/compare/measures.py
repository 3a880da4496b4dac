"""The metrics that tables show: where each comes from, how it is written, which value is best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from glt_cli.experiment.record import Record


@dataclass(frozen=True)
class Metric:
    """A number that tables show for each setting.

    Attributes:
        heading: The heading of its column.
        value_of: Its value in one run; None where it exists only for whole settings.
        format_mean: Formats its mean.
        format_deviation: Formats its standard deviation, if tables show it.
        best: `max` or `min`, if one value is better than another.
        title: Its name in the title of a table of this metric alone; the heading if empty.
    """

    heading: str
    value_of: Callable[[Record], float | None]
    format_mean: Callable[[float], str]
    format_deviation: Callable[[float], str] | None = None
    best: Callable[..., float] | None = None
    title: str = ""


def difference(record: Record) -> float:
    """Test score of the ticket minus that of the dense model, same seed, as a fraction."""
    assert record.ticket_test is not None
    assert record.dense_test is not None
    return record.ticket_test - record.dense_test


def find_seconds(record: Record) -> float | None:
    """Wall time of the search; None where nothing was trained to find masks (random, dense)."""
    return record.find_seconds if record.find_epochs else None


def _seconds_per_epoch(record: Record) -> float | None:
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
    "matched": Metric(
        "to dense of its trainer",
        lambda _: None,
        lambda share: f"{100 * share:+.2f}",
        _points,
        max,
        "paired difference to the dense model of the ticket's trainer, test",
    ),
    "against": Metric(
        "to the reference",
        lambda _: None,
        lambda share: f"{100 * share:+.2f}",
        _points,
        title="paired difference to the reference, test",
    ),
    "val": Metric(
        "validation", lambda r: r.ticket_val, _points, _points, max, "ticket, validation"
    ),
    "graph_sparsity": Metric("graph sparsity", lambda r: r.graph_sparsity, _percent),
    "weight_sparsity": Metric("weight sparsity", lambda r: r.weight_sparsity, _percent),
    "macs": Metric("MACs saved", lambda r: r.mac_saving, _percent, best=max),
    "find": Metric("find time", find_seconds, _seconds, best=min),
    "epoch": Metric("find time per epoch", _seconds_per_epoch, _seconds, best=min),
    "retrain": Metric("retrain time", lambda r: r.retrain_seconds, _seconds, best=min),
    "speedup": Metric("speed-up", lambda _: None, lambda ratio: f"{ratio:,.1f}×", best=max),
    "memory": Metric(
        "peak memory",
        lambda r: r.peak_memory_mb,
        lambda mebibytes: f"{mebibytes * 2**20 / 1e9:.2f} GB",
        best=min,
    ),
}

#: Shown together, or where --against asks for it.
_NO_CHOICE = ("graph_sparsity", "weight_sparsity", "against")
#: Choices of --metric, and the metrics that each shows.
CHOICES = {
    **{name: (name,) for name in METRICS if name not in _NO_CHOICE},
    "sparsity": ("graph_sparsity", "weight_sparsity"),
}

#: Choices that a table shows by default.
DEFAULT_CHOICES = (
    "dense", "test", "difference", "matched", "sparsity", "macs", "find", "retrain", "speedup",
    "memory",
)  # fmt: skip
#: Metrics that can't be compared between devices.
DEVICE_METRICS = ("find", "epoch", "retrain", "speedup", "memory")
