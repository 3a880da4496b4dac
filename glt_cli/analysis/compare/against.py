"""Method against method: differences paired by seed, and which of them are more than chance."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from scipy.special import stdtr

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.analysis.compare.statistics import Estimate, SettingResult, estimate
from glt_cli.errors import UserError

#: Level of the tests together.
_LEVEL = 0.05


def with_differences(
    results: Sequence[SettingResult], runs: Sequence[ComparedRun], method: str
) -> tuple[list[SettingResult], list[str]]:
    """Add to each result its paired difference to a method at the same task, on common seeds.

    Args:
        results: Results of `compare`.
        runs: The finished runs.
        method: The reference's name, as tables show it.

    Returns:
        The results with the estimate `against`, and notes: what differs by more than chance, by
        two-sided paired t-tests with Holm's correction over all of them (S. Holm, 1979).

    Raises:
        UserError: The reference has no runs, or several settings for a task.
    """
    scores = _scores(runs)
    settings: dict[_Task, list[dict[int, float]]] = defaultdict(list)
    for (task, label, _), by_seed in scores.items():
        if label == method:
            settings[task].append(by_seed)
    for task, several in settings.items():
        if len(several) > 1:
            raise UserError(
                f"--against {method}: has {len(several)} settings for "
                f"{', '.join(map(str, task[:2]))}; choose one with --where"
            )
    references = {task: by_seed for task, (by_seed,) in settings.items()}
    if not references:
        known = sorted({run.record.label for run in runs})
        raise UserError(f"--against {method}: has no finished runs; there are {', '.join(known)}")
    found = []
    for result in results:
        label = str(result.field_values["method"])
        reference = {} if label == method else references.get(result.task, {})
        own = scores[result.task, label, result.config_hash]
        differences = [own[seed] - reference[seed] for seed in result.seeds if seed in reference]
        if differences:
            estimates = {**result.estimates, "against": estimate(differences)}
            result = replace(result, estimates=estimates)
        found.append(result)
    return found, list(_notes(found, method))


#: Values of the fields of a task.
_Task = tuple[object, ...]


def _scores(runs: Sequence[ComparedRun]) -> dict[tuple[_Task, str, str], dict[int, float]]:
    """Test scores by seed, for each task, method and setting; of repeated runs the latest."""
    scores: dict[tuple[_Task, str, str], dict[int, float]] = defaultdict(dict)
    for run in sorted(runs, key=lambda run: (run.record.finished, run.folder)):
        if run.record.ticket_test is not None:
            task = tuple(fields.value_of(name, run) for name in fields.TASK_FIELDS)
            setting = task, run.record.label, run.record.config_hash
            scores[setting][run.record.seed] = run.record.ticket_test
    return scores


def _notes(results: Sequence[SettingResult], method: str) -> Iterator[str]:
    tested = [
        (p_value(result.estimates["against"]), result)
        for result in results
        if "against" in result.estimates and (result.estimates["against"].n or 0) > 1
    ]
    yield f"Reference: {method}, on common seeds, with 95 % t-intervals."
    if not tested:
        return
    count = len(tested)
    holds = holm([p for p, _ in tested])
    for sign, word in ((1, "better"), (-1, "worse")):
        names = [
            _named(result)
            for (_, result), is_real in zip(tested, holds, strict=True)
            if is_real and sign * result.estimates["against"].mean > 0
        ]
        if names:
            yield (
                f"{word.capitalize()} than {method} beyond chance (5 %, Holm's correction over "
                f"{count}): {'; '.join(names)}."
            )
    if not all(holds):
        yield f"Of the {count} differences to {method}, {count - sum(holds)} may be chance."


def p_value(difference: Estimate) -> float:
    """Two-sided p-value of a mean of paired differences against 0."""
    n, deviation = difference.n or 0, difference.deviation
    if n < 2 or deviation is None:
        return 1.0
    if deviation == 0:
        return float(difference.mean == 0)
    t = difference.mean * math.sqrt(n) / deviation
    return float(2 * stdtr(n - 1, -abs(t)))


def holm(p_values: Sequence[float]) -> list[bool]:
    """Which hypotheses Holm's step-down procedure rejects at 5 % for all together."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    rejected = [False] * len(p_values)
    for step, place in enumerate(order):
        if p_values[place] > _LEVEL / (len(order) - step):
            break
        rejected[place] = True
    return rejected


def _named(result: SettingResult) -> str:
    values = result.field_values
    return " ".join(
        fields.text(name, values[name])
        for name in fields.STANDARD_FIELDS
        if values.get(name) is not None
    )
