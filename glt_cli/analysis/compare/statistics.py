"""Runs compared: means over the seeds of one setting, intervals, verdicts and speed-ups.

Groups by the hash of all settings, so no mean is ever taken over different ones.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scipy.special import stdtrit

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.measures import METRICS
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.errors import UserError

#: What speed-ups are against (docs/method.md).
_REFERENCE = "imp"
#: From this many seeds on an interval can certify.
_ENOUGH = 3
#: Scores are counts over a few hundred nodes: a last bit must not decide.
_SLACK = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds; with one of them there is no deviation and no interval.

    Attributes:
        mean: The mean.
        deviation: The sample's standard deviation.
        n: Of how many values.
        lower: Lower end of the 95 % t-interval of the mean.
        upper: Upper end.
    """

    mean: float
    deviation: float | None = None
    n: int | None = 1
    lower: float | None = None
    upper: float | None = None


def estimate(values: Sequence[float]) -> Estimate:
    """Sum up some values; their order does not matter to the last bit."""
    mean = statistics.fmean(values)
    n = len(values)
    if n == 1:
        return Estimate(mean)
    deviation = statistics.stdev(values)
    # The quantile of scipy.stats.t, without the second that importing scipy.stats takes.
    half = float(stdtrit(n - 1, 0.975)) * deviation / math.sqrt(n)
    return Estimate(mean, deviation, n, mean - half, mean + half)


def is_within(difference: Estimate, tolerance: float) -> bool:
    """Whether the mean of paired differences to dense is within tolerance."""
    return difference.mean >= -tolerance - _SLACK


def verdict(difference: Estimate, tolerance: float) -> str:
    """Say what paired differences to dense come to (docs/method.md)."""
    wins = is_within(difference, tolerance)
    if difference.lower is None:
        return f"{'within' if wins else 'outside'} tolerance on 1 seed"
    enough = difference.n is not None and difference.n >= _ENOUGH
    if enough and difference.lower >= -tolerance - _SLACK:
        return "certified"
    return "wins" if wins else "loses"


@dataclass(frozen=True)
class SettingResult:
    """What one setting came to, here or in print.

    Attributes:
        facts: Values of the keys that tables are laid out by.
        figures: Figures by the names of METRICS.
        seeds: Seeds of the runs.
        verdict: Whether the tickets win; "-" of what prunes nothing, and in print.
        metric: What the scores are.
        setting: Hash of all settings.
        settings: The settings themselves.
        devices: What the runs computed on.
        published: How tables call a published figure; empty for ours.
        remarks: What a reader must know.
    """

    facts: Mapping[str, object]
    figures: Mapping[str, Estimate]
    seeds: tuple[int, ...] = ()
    verdict: str = "-"
    metric: str = ""
    setting: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    published: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def task(self) -> tuple[object, ...]:
        """What another result must share to be compared with this one."""
        return tuple(self.facts[key] for key in fields.TASK)

    @property
    def prunes(self) -> bool:
        """Whether anything was to be removed."""
        return self.facts[fields.TARGETS] != (0, 0)


def compare(
    compared_runs: Iterable[ComparedRun], by: Sequence[str], tolerance: float
) -> list[SettingResult]:
    """Sum up finished runs, one outcome for each setting and each value of the keys `by`."""
    names = tuple(dict.fromkeys([*fields.STANDARD, *by]))
    groups: dict[tuple[object, ...], list[ComparedRun]] = defaultdict(list)
    whole = list(compared_runs)
    for entry in whole:
        found = tuple(fields.value(name, entry) for name in names)
        groups[(entry.record.config_hash, *found)].append(entry)
    return [
        _outcome(_latest(group), names, tolerance, whole)
        for _, group in sorted(groups.items(), key=lambda item: repr(item[0]))
    ]


def _latest(group: Iterable[ComparedRun]) -> list[ComparedRun]:
    """One run for each seed, by seed: a repeated one is no second sample."""
    in_time = sorted(group, key=lambda entry: (entry.record.finished, entry.place))
    return [entry for _, entry in sorted({e.record.seed: e for e in in_time}.items())]


def _outcome(
    group: list[ComparedRun], names: Sequence[str], tolerance: float, whole: Sequence[ComparedRun]
) -> SettingResult:
    first = group[0]
    figures = {}
    for name, metric in METRICS.items():
        values = [value for entry in group if (value := metric.of(entry.record)) is not None]
        if values:
            figures[name] = estimate(values)
    if (ratio := _speedup(group, whole)) is not None:
        figures["speedup"] = Estimate(ratio, n=len(group))
    prunes = any(first.targets)
    return SettingResult(
        facts={name: fields.value(name, first) for name in names},
        figures=figures,
        seeds=tuple(entry.record.seed for entry in group),
        verdict=verdict(figures["difference"], tolerance) if prunes else "-",
        metric=first.record.metric,
        setting=first.record.config_hash,
        settings=first.settings,
        devices=tuple(sorted({entry.record.device for entry in group})),
        remarks=tuple(line.strip() for line in first.record.remarks()),
    )


def _speedup(group: Sequence[ComparedRun], whole: Iterable[ComparedRun]) -> float | None:
    """The reference's mean seconds over this one's, from one device and one setting, or None."""
    task = _task(group[0])
    reference = [
        entry for entry in whole if entry.record.label == _REFERENCE and _task(entry) == task
    ]
    settings = {entry.record.config_hash for entry in reference}
    reference = _latest(reference)
    devices = {entry.record.device for entry in (*reference, *group)}
    seconds = [
        [entry.record.find_seconds for entry in part if entry.record.find_seconds]
        for part in (reference, group)
    ]
    if len(settings) != 1 or len(devices) != 1 or not all(seconds):
        return None
    return statistics.fmean(seconds[0]) / statistics.fmean(seconds[1])


def _task(entry: ComparedRun) -> tuple[object, ...]:
    """What two searches must share to be compared: the model and the data too, not their names."""
    shared = ("backbone.", "dataset.")
    settings = [item for item in entry.settings.items() if item[0].startswith(shared)]
    return *(fields.value(key, entry) for key in fields.TASK), sorted(settings, key=repr)


def tolerance_of(text: str) -> float:
    """Read a tolerance as the command line has it.

    Raises:
        UserError: It is no share.
    """
    try:
        found = float(text)
    except ValueError:
        found = -1
    if not 0 <= found <= 1:
        raise UserError(f"--tolerance {text}: must be a number from 0 to 1; 0.005 is half a point")
    return found
