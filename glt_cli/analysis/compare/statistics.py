"""Compare runs: means over the seeds of one setting, intervals, verdicts and speed-ups.

Runs are grouped by the hash of their settings, so no mean mixes different settings.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scipy.special import stdtrit

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.dense_models import matched_differences
from glt_cli.analysis.compare.measures import METRICS, find_seconds
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.errors import UserError

#: Speed-ups are relative to this method (docs/method.md).
_REFERENCE = "imp"
#: A verdict is certified only with at least this many seeds.
_MIN_SEEDS = 3
#: Scores are counts over a few hundred nodes; rounding errors must not decide a verdict.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds; with one seed there is no deviation and no interval.

    Attributes:
        mean: The mean.
        deviation: The sample standard deviation.
        n: The number of values; None if unknown.
        lower: Lower end of the 95 % t-interval of the mean.
        upper: Upper end.
    """

    mean: float
    deviation: float | None = None
    n: int | None = 1
    lower: float | None = None
    upper: float | None = None


def estimate(values: Sequence[float]) -> Estimate:
    """Estimate the mean of some values, independent of their order."""
    mean = statistics.fmean(values)
    n = len(values)
    if n == 1:
        return Estimate(mean)
    deviation = statistics.stdev(values)
    # The quantile of scipy.stats.t, without importing scipy.stats, which takes a second.
    half_width = float(stdtrit(n - 1, 0.975)) * deviation / math.sqrt(n)
    return Estimate(mean, deviation, n, mean - half_width, mean + half_width)


def is_within(difference: Estimate, tolerance: float) -> bool:
    """Whether the mean paired difference to dense is within tolerance."""
    return difference.mean >= -tolerance - _ROUNDING


def verdict(difference: Estimate, tolerance: float) -> str:
    """Judge the paired differences to dense (docs/method.md)."""
    wins = is_within(difference, tolerance)
    if difference.lower is None:
        return f"{'within' if wins else 'outside'} tolerance on 1 seed"
    has_enough_seeds = difference.n is not None and difference.n >= _MIN_SEEDS
    if has_enough_seeds and difference.lower >= -tolerance - _ROUNDING:
        return "certified"
    return "wins" if wins else "loses"


@dataclass(frozen=True)
class SettingResult:
    """The results of one setting: ours, a rerun of the authors' code, or published.

    Attributes:
        field_values: Values of the fields that tables group by.
        estimates: Estimates by the names of METRICS.
        seeds: Seeds of the runs.
        verdict: Whether the tickets win; "-" for published results and methods that do not prune.
        metric: The metric of the scores.
        config_hash: Hash of all settings.
        settings: The settings themselves.
        devices: Devices of the runs.
        published_label: Label in tables of a result that isn't ours, as in "rerun [2]".
        citation: Who measured it, and where it is; empty for ours.
        remarks: Notes that belong under every table with this result.
    """

    field_values: Mapping[str, object]
    estimates: Mapping[str, Estimate]
    seeds: tuple[int, ...] = ()
    verdict: str = "-"
    metric: str = ""
    config_hash: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    published_label: str = ""
    citation: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def task(self) -> tuple[object, ...]:
        """Only results of the same task are comparable."""
        return tuple(self.field_values[name] for name in fields.TASK_FIELDS)

    @property
    def prunes(self) -> bool:
        """Whether anything was pruned."""
        return self.field_values[fields.TARGETS] != (0, 0)


def compare(
    runs: Sequence[ComparedRun],
    group_by: Sequence[str],
    tolerance: float,
    all_runs: Sequence[ComparedRun] = (),
) -> list[SettingResult]:
    """Average finished runs over seeds: one result per setting and values of `group_by`.

    What they are measured against, dense models of other trainers and the reference of speed-ups,
    is looked for in `all_runs`, or else among the runs themselves.
    """
    names = tuple(dict.fromkeys([*fields.STANDARD_FIELDS, *group_by]))
    groups: dict[tuple[object, ...], list[ComparedRun]] = defaultdict(list)
    for run in runs:
        values = tuple(fields.value_of(name, run) for name in names)
        groups[(run.record.config_hash, *values)].append(run)
    return [
        _setting_result(_latest(group), names, tolerance, all_runs or runs)
        for _, group in sorted(groups.items(), key=lambda item: repr(item[0]))
    ]


def _latest(group: Iterable[ComparedRun]) -> list[ComparedRun]:
    """The latest run of each seed, sorted by seed: a repeated run is not a second sample."""
    by_time = sorted(group, key=lambda run: (run.record.finished, run.folder))
    return [run for _, run in sorted({run.record.seed: run for run in by_time}.items())]


def _setting_result(
    group: list[ComparedRun],
    names: Sequence[str],
    tolerance: float,
    all_runs: Sequence[ComparedRun],
) -> SettingResult:
    first = group[0]
    estimates = {}
    for name, metric in METRICS.items():
        values = [value for run in group if (value := metric.value_of(run.record)) is not None]
        if values:
            estimates[name] = estimate(values)
    prunes = any(first.targets)
    if prunes and (differences := matched_differences(group, all_runs)):
        estimates["matched"] = estimate(differences)
    if (ratio := _speedup(group, all_runs)) is not None:
        estimates["speedup"] = Estimate(ratio, n=len(group))
    return SettingResult(
        field_values={name: fields.value_of(name, first) for name in names},
        estimates=estimates,
        seeds=tuple(run.record.seed for run in group),
        verdict=verdict(estimates["difference"], tolerance) if prunes else "-",
        metric=first.record.metric,
        config_hash=first.record.config_hash,
        settings=first.settings,
        devices=tuple(sorted({run.record.device for run in group})),
        remarks=tuple(line.strip() for line in first.record.remarks()),
    )


def _speedup(group: Sequence[ComparedRun], all_runs: Iterable[ComparedRun]) -> float | None:
    """Mean find time of the reference over that of the group.

    None unless all runs used one device and the reference has exactly one setting for the task.
    """
    task = _task(group[0])
    reference = [run for run in all_runs if run.record.label == _REFERENCE and _task(run) == task]
    settings = {run.record.config_hash for run in reference}
    reference = _latest(reference)
    devices = {run.record.device for run in (*reference, *group)}
    seconds = [
        [value for run in runs if (value := find_seconds(run.record))]
        for runs in (reference, group)
    ]
    if len(settings) != 1 or len(devices) != 1 or not all(seconds):
        return None
    return statistics.fmean(seconds[0]) / statistics.fmean(seconds[1])


def _task(run: ComparedRun) -> tuple[object, ...]:
    """The task with all settings of model and data, not only their names."""
    prefixes = ("backbone.", "dataset.")
    settings = [item for item in run.settings.items() if item[0].startswith(prefixes)]
    values = (fields.value_of(name, run) for name in fields.TASK_FIELDS)
    return *values, sorted(settings, key=repr)


def parse_tolerance(text: str) -> float:
    """Parse a tolerance from the command line.

    Raises:
        UserError: It is not a fraction.
    """
    try:
        tolerance = float(text)
    except ValueError:
        tolerance = -1
    if not 0 <= tolerance <= 1:
        raise UserError(f"--tolerance {text}: must be a number from 0 to 1; 0.005 is half a point")
    return tolerance
