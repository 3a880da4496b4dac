"""The summary in plain words: what the numbers allow to be said, and no more."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence

from glt_cli.analysis.report.series import GridCell, Setting
from glt_cli.experiment.record import metric_name

#: Settings that are named one by one; of more, the ends of their range.
_MANY = 4


def cell_summary(cell: GridCell, tolerance: float) -> list[str]:
    """Say in sentences what a cell's runs show."""
    if not cell.settings:
        return ["Only dense models were trained here, so there is nothing to compare."]
    return [
        *_verdicts(cell, tolerance),
        *_at_equal_targets(cell),
        *_against_random(cell),
        *_speedups(cell),
    ]


def _verdicts(cell: GridCell, tolerance: float) -> Iterator[str]:
    points = f"{100 * tolerance:g} points of {metric_name(cell.metric)}"
    by_verdict: dict[str, list[Setting]] = {}
    for setting in cell.settings:
        by_verdict.setdefault(setting.outcome.verdict, []).append(setting)
    good = {
        "certified": f"Certified to lose at most {points} against dense (the whole 95 % interval "
        "is within tolerance):",
        "wins": f"Within {points} of dense on average, but not certified:",
        "within tolerance on 1 seed": f"Within {points} of dense on 1 seed, which is no evidence "
        "of more than that seed:",
    }
    for verdict, words in good.items():
        if found := by_verdict.get(verdict):
            yield f"{words} {_listed(found)}."
    if not set(good) & set(by_verdict):
        yield f"Nothing here comes within {points} of the dense model on average."
    for verdict, words in (
        ("loses", "Outside tolerance on average:"),
        ("outside tolerance on 1 seed", "Outside tolerance on 1 seed:"),
    ):
        if found := by_verdict.get(verdict):
            yield f"{words} {_listed(found)}."


def _listed(settings: Sequence[Setting]) -> str:
    ordered = sorted(settings, key=lambda s: -s.outcome.figures["difference"].mean)
    if len(ordered) <= _MANY:
        return "; ".join(map(_told, ordered))
    return f"{len(ordered)} settings, from {_told(ordered[0])} to {_told(ordered[-1])}"


def _told(setting: Setting) -> str:
    figure = setting.outcome.figures["difference"]
    text = f"{setting.name} ({_points(figure.mean)} points"
    if figure.lower is not None and figure.upper is not None:
        text += f", 95 % interval {_points(figure.lower)} to {_points(figure.upper)}"
    return f"{text}, {_seeds(len(setting.seeds))})"


def _at_equal_targets(cell: GridCell) -> Iterator[str]:
    """Who is ahead where methods removed the same shares, on the seeds that all of them have."""
    for targets, group in _by_targets(cell):
        if len(group) < 2:
            continue
        shared = _shared(group)
        if not shared:
            yield (
                f"With {removed(targets)} removed the methods have no seed in common, so which is "
                "ahead can't be said."
            )
            continue
        best, *rest = sorted(group, key=lambda s: -_mean(s, shared))
        told = [
            f"{s.method} {100 * _mean(s, shared):.1f} (behind on {_behind(s, best, shared)} of "
            f"{_seeds(len(shared))})"
            for s in rest
        ]
        yield (
            f"With {removed(targets)} removed {best.method} has the highest mean, "
            f"{100 * _mean(best, shared):.1f} %; then {', '.join(told)}."
        )


def _shared(group: Iterable[Setting]) -> list[int]:
    return sorted(set.intersection(*(set(setting.seeds) for setting in group)))


def _scores(setting: Setting, seeds: Sequence[int]) -> list[float]:
    by_seed = dict(zip(setting.seeds, setting.values("ticket_test"), strict=True))
    return [float(by_seed[seed]) for seed in seeds]


def _mean(setting: Setting, seeds: Sequence[int]) -> float:
    return statistics.fmean(_scores(setting, seeds))


def _behind(one: Setting, best: Setting, seeds: Sequence[int]) -> int:
    pairs = zip(_scores(one, seeds), _scores(best, seeds), strict=True)
    return sum(mine < theirs for mine, theirs in pairs)


def _by_targets(cell: GridCell) -> Iterable[tuple[tuple[float, float], list[Setting]]]:
    groups: dict[tuple[float, float], list[Setting]] = {}
    for setting in cell.settings:
        groups.setdefault(setting.targets, []).append(setting)
    return groups.items()


def _against_random(cell: GridCell) -> Iterator[str]:
    """Say where a search found nothing that chance would not."""
    for targets, group in _by_targets(cell):
        chance = [s for s in group if s.method == "random"]
        beaten = [
            s.method
            for s in group
            if chance
            and s is not chance[0]
            and (both := _shared([s, chance[0]]))
            and _mean(s, both) <= _mean(chance[0], both)
        ]
        if beaten:
            yield (
                f"With {removed(targets)} removed random masks do as well as or better than "
                f"{' and '.join(beaten)} on average: no advantage over chance shows there."
            )


def _speedups(cell: GridCell) -> Iterator[str]:
    told = [
        f"{s.name}: {ratio.mean:,.1f} times as fast"
        for s in cell.settings
        if (ratio := s.outcome.figures.get("speedup"))
        and s.outcome.facts["method"] != "imp"
        and s.mean("find_epochs") > 0
    ]
    if told:
        yield (
            f"Finding the masks, measured against imp at the same targets: {'; '.join(told)} "
            "(ratios of mean wall times; good to compare only if nothing else ran beside)."
        )


def removed(targets: tuple[float, float]) -> str:
    """Say which shares are to be removed."""
    parts = [
        f"{100 * share:g} % of {what}"
        for share, what in zip(targets, ("edges", "weights"), strict=True)
        if share
    ]
    return " and ".join(parts) or "nothing"


def _points(value: float) -> str:
    return f"{100 * value:+.2f}".replace("-", "−")


def _seeds(count: int) -> str:
    return f"{count} seed{'s' if count > 1 else ''}"
