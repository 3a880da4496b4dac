"""The summary of a cell in sentences."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence

from glt_cli.analysis.report.series import GridCell, Setting
from glt_cli.experiment.record import metric_name

#: Up to this many settings are listed; of more, only the first and the last.
_MAX_LISTED = 4


def cell_summary(cell: GridCell, tolerance: float) -> list[str]:
    """Summarise what the runs of a cell show."""
    if not cell.settings:
        return ["Only dense models were trained here, so there is nothing to compare."]
    return [
        *_verdicts(cell, tolerance),
        *_rankings(cell),
        *_comparison_with_random(cell),
        *_speedups(cell),
    ]


def _verdicts(cell: GridCell, tolerance: float) -> Iterator[str]:
    points = f"{100 * tolerance:g} points of {metric_name(cell.metric)}"
    by_verdict: dict[str, list[Setting]] = {}
    for setting in cell.settings:
        by_verdict.setdefault(setting.result.verdict, []).append(setting)
    winning = {
        "certified": f"Certified to lose at most {points} against dense (the whole 95 % interval "
        "is within tolerance):",
        "wins": f"Within {points} of dense on average, but not certified:",
        "within tolerance on 1 seed": f"Within {points} of dense on 1 seed, which is no evidence "
        "of more than that seed:",
    }
    for verdict, text in winning.items():
        if settings := by_verdict.get(verdict):
            yield f"{text} {_listed(settings)}."
    if not set(winning) & set(by_verdict):
        yield f"Nothing here comes within {points} of the dense model on average."
    for verdict, text in (
        ("loses", "Outside tolerance on average:"),
        ("outside tolerance on 1 seed", "Outside tolerance on 1 seed:"),
    ):
        if settings := by_verdict.get(verdict):
            yield f"{text} {_listed(settings)}."


def _listed(settings: Sequence[Setting]) -> str:
    ordered = sorted(settings, key=lambda s: -s.result.estimates["difference"].mean)
    if len(ordered) <= _MAX_LISTED:
        return "; ".join(map(_described, ordered))
    return f"{len(ordered)} settings, from {_described(ordered[0])} to {_described(ordered[-1])}"


def _described(setting: Setting) -> str:
    difference = setting.result.estimates["difference"]
    text = f"{setting.name} ({_points(difference.mean)} points"
    if difference.lower is not None and difference.upper is not None:
        text += f", 95 % interval {_points(difference.lower)} to {_points(difference.upper)}"
    return f"{text}, {_seeds(len(setting.seeds))})"


def _rankings(cell: GridCell) -> Iterator[str]:
    """Rank methods at equal targets, on the seeds that all of them have."""
    for (is_distilled, targets), group in _by_targets(cell):
        if len(group) < 2:
            continue
        where = f"With {removed(targets)} removed"
        where += ", among distilled tickets" if is_distilled else ""
        seeds = _shared_seeds(group)
        if not seeds:
            yield (f"{where}, the methods have no seed in common and can't be ranked.")
            continue
        best, *rest = sorted(group, key=lambda s: -_mean(s, seeds))
        others = [
            f"{s.method} {100 * _mean(s, seeds):.1f} (behind on {_behind(s, best, seeds)} of "
            f"{_seeds(len(seeds))})"
            for s in rest
        ]
        yield (
            f"{where}, {best.method} has the highest mean, "
            f"{100 * _mean(best, seeds):.1f} %; then {', '.join(others)}."
        )


def _shared_seeds(group: Iterable[Setting]) -> list[int]:
    return sorted(set.intersection(*(set(setting.seeds) for setting in group)))


def _scores(setting: Setting, seeds: Sequence[int]) -> list[float]:
    by_seed = dict(zip(setting.seeds, setting.values("ticket_test"), strict=True))
    return [float(by_seed[seed]) for seed in seeds]


def _mean(setting: Setting, seeds: Sequence[int]) -> float:
    return statistics.fmean(_scores(setting, seeds))


def _behind(setting: Setting, best: Setting, seeds: Sequence[int]) -> int:
    pairs = zip(_scores(setting, seeds), _scores(best, seeds), strict=True)
    return sum(score < best_score for score, best_score in pairs)


def _by_targets(
    cell: GridCell,
) -> Iterable[tuple[tuple[bool, tuple[float, float]], list[Setting]]]:
    """Settings of the same targets; those that are distilled apart from those that are not."""
    groups: dict[tuple[bool, tuple[float, float]], list[Setting]] = {}
    for setting in cell.settings:
        groups.setdefault((setting.is_distilled, setting.targets), []).append(setting)
    return groups.items()


def _comparison_with_random(cell: GridCell) -> Iterator[str]:
    """Name the methods that are no better than random masks."""
    for (_, targets), group in _by_targets(cell):
        random = [s for s in group if s.method == "random"]
        beaten = [
            s.method
            for s in group
            if random
            and s is not random[0]
            and (seeds := _shared_seeds([s, random[0]]))
            and _mean(s, seeds) <= _mean(random[0], seeds)
        ]
        if beaten:
            yield (
                f"With {removed(targets)} removed, random masks do as well as or better than "
                f"{' and '.join(beaten)} on average: no advantage over chance."
            )


def _speedups(cell: GridCell) -> Iterator[str]:
    speedups = [
        f"{s.name}: {ratio.mean:,.1f} times as fast"
        for s in cell.settings
        if (ratio := s.result.estimates.get("speedup"))
        and s.result.field_values["method"] != "imp"
        and s.mean("find_epochs") > 0
    ]
    if speedups:
        yield (
            f"Time to find the masks, compared with imp at the same targets: {'; '.join(speedups)} "
            "(ratios of mean wall times; reliable only if no other process ran alongside)."
        )


def removed(targets: tuple[float, float]) -> str:
    """Name the shares of edges and weights to remove."""
    parts = [
        f"{100 * share:g} % of {elements}"
        for share, elements in zip(targets, ("edges", "weights"), strict=True)
        if share
    ]
    return " and ".join(parts) or "nothing"


def _points(value: float) -> str:
    return f"{100 * value:+.2f}".replace("-", "−")


def _seeds(count: int) -> str:
    return f"{count} seed{'s' if count > 1 else ''}"
