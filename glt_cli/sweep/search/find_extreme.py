"""One search: which rung is the last whose tickets hold on validation, and do they win on test?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from glt_cli.analysis.compare.measures import difference
from glt_cli.analysis.compare.statistics import Estimate, estimate, is_within, verdict
from glt_cli.experiment.record import Record
from glt_cli.sweep.search.bisection import last_passing
from glt_cli.sweep.search.ladder import Rung

#: Does the runs of a rung with some seeds, or finds them finished.
Runs = Callable[[Rung, Sequence[int]], list[Record]]


class RunsFailedError(Exception):
    """Runs that a search needs could not be done; says which and why."""


@dataclass(frozen=True)
class Trial:
    """What the runs of a rung came to; of the runs that decide, scores of validation only.

    Attributes:
        rung: What was removed.
        by_seed: Ticket minus dense of each seed, as a fraction.
        difference: Their mean, deviation and interval.
        holds: Whether the mean is within tolerance.
        config_hash: Of the settings of its runs.
    """

    rung: Rung
    by_seed: Mapping[int, float]
    difference: Estimate
    holds: bool
    config_hash: str


@dataclass
class Answer:
    """What a search came to.

    Attributes:
        trials: The rungs that were tried, in that order.
        found: The last rung that holds.
        test: What its tickets come to on test, on fresh seeds.
        verdict: Whether they win there; empty until it is known.
        failure: What could not be done and why; empty if all could.
        label: What tables call the method.
        metric: What the scores are.
        remarks: What a reader must know.
    """

    trials: list[Trial] = field(default_factory=list)
    found: Trial | None = None
    test: Trial | None = None
    verdict: str = ""
    failure: str = ""
    label: str = ""
    metric: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """How many runs it rests on."""
        return sum(len(t.by_seed) for t in (*self.trials, *([self.test] if self.test else [])))


def find_extreme(
    rungs: Sequence[Rung],
    seeds: Sequence[int],
    test_seeds: Sequence[int],
    tolerance: float,
    runs: Runs,
    tell: Callable[[Answer], None],
) -> Answer:
    """Bisect a ladder on validation, then read test once, on seeds that decided nothing.

    Presumes that a method whose tickets fail at a rung fails at all sparser ones.

    Args:
        rungs: The ladder, ascending.
        seeds: Seeds that decide.
        test_seeds: Seeds of the test.
        tolerance: What the mean may lose against dense, as a fraction.
        runs: Does runs; may raise RunsFailedError, which ends the search.
        tell: Called after each trial and after the test.
    """
    answer = Answer()

    def passes(rung: Rung) -> bool:
        records = runs(rung, seeds)
        trial = _trial(rung, records, _on_validation, tolerance)
        answer.label, answer.metric = records[0].label, records[0].metric
        answer.remarks = [line.strip() for line in records[0].remarks()]
        answer.trials.append(trial)
        tell(answer)
        return trial.holds

    try:
        found = last_passing(rungs, passes)
        if found is not None:
            answer.found = next(trial for trial in answer.trials if trial.rung == found)
            answer.test = _trial(found, runs(found, test_seeds), difference, tolerance)
            answer.verdict = _VERDICTS.get(said := verdict(answer.test.difference, tolerance), said)
            tell(answer)
    except RunsFailedError as error:
        answer.failure = str(error)
    return answer


#: A table compares methods, where the opposite of winning is losing. Here one question is asked.
_VERDICTS = {"loses": "does not win"}


def _trial(
    rung: Rung, records: Sequence[Record], of: Callable[[Record], float], tolerance: float
) -> Trial:
    by_seed = {record.seed: of(record) for record in records}
    mean = estimate(list(by_seed.values()))
    return Trial(rung, by_seed, mean, is_within(mean, tolerance), records[0].config_hash)


def _on_validation(record: Record) -> float:
    assert record.ticket_val is not None
    assert record.dense_val is not None
    return record.ticket_val - record.dense_val
