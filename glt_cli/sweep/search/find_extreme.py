"""One search: find the last rung that holds on validation, then test its tickets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from glt_cli.analysis.compare.measures import difference
from glt_cli.analysis.compare.statistics import Estimate, estimate, is_within, verdict
from glt_cli.experiment.record import Record
from glt_cli.sweep.search.bisection import last_passing
from glt_cli.sweep.search.ladder import Rung

#: Returns the records of a rung's runs with some seeds, running what is not finished.
RungRunner = Callable[[Rung, Sequence[int]], list[Record]]


class RunsFailedError(Exception):
    """Runs that a search needs failed; the message says which and why."""


@dataclass(frozen=True)
class Trial:
    """The runs of a rung, compared with dense on validation or on test.

    Attributes:
        rung: The sparsities of the rung.
        by_seed: Score of the ticket minus that of dense for each seed, as a fraction.
        difference: Mean, deviation and interval of these differences.
        holds: Whether the mean is within tolerance.
        config_hash: Hash of the settings of its runs.
    """

    rung: Rung
    by_seed: Mapping[int, float]
    difference: Estimate
    holds: bool
    config_hash: str


@dataclass
class SearchOutcome:
    """The outcome of a search, complete or so far.

    Attributes:
        trials: The rungs that were tried, in this order, on validation.
        found: The last rung that holds.
        test: The test of its tickets, on fresh seeds.
        verdict: Whether the tickets win on test; empty without a test.
        failure: Why the search stopped early; empty if it did not.
        label: Label of the method in tables.
        metric: The metric of the scores.
        remarks: Notes that belong under every table with these runs.
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
    def run_count(self) -> int:
        """The number of runs."""
        return sum(len(t.by_seed) for t in (*self.trials, *([self.test] if self.test else [])))


def find_extreme(
    rungs: Sequence[Rung],
    seeds: Sequence[int],
    test_seeds: Sequence[int],
    tolerance: float,
    run: RungRunner,
    report: Callable[[SearchOutcome], None],
) -> SearchOutcome:
    """Bisect a ladder on validation, then read test once, on seeds that decided nothing.

    Assumes that a method that fails at a rung fails at all sparser ones.

    Args:
        rungs: The ladder, ascending.
        seeds: Seeds of the trials.
        test_seeds: Seeds of the test.
        tolerance: How much the mean may be below dense, as a fraction.
        run: Runs a rung; a RunsFailedError ends the search.
        report: Called after each trial and after the test.
    """
    outcome = SearchOutcome()

    def passes(rung: Rung) -> bool:
        records = run(rung, seeds)
        trial = _trial(rung, records, _validation_difference, tolerance)
        outcome.label, outcome.metric = records[0].label, records[0].metric
        outcome.remarks = [line.strip() for line in records[0].remarks()]
        outcome.trials.append(trial)
        report(outcome)
        return trial.holds

    try:
        last = last_passing(rungs, passes)
        if last is not None:
            outcome.found = next(trial for trial in outcome.trials if trial.rung == last)
            outcome.test = _trial(last, run(last, test_seeds), difference, tolerance)
            on_test = verdict(outcome.test.difference, tolerance)
            outcome.verdict = _VERDICTS.get(on_test, on_test)
            report(outcome)
    except RunsFailedError as error:
        outcome.failure = str(error)
    return outcome


#: A search has no opponent to lose against.
_VERDICTS = {"loses": "does not win"}


def _trial(
    rung: Rung,
    records: Sequence[Record],
    difference_of: Callable[[Record], float],
    tolerance: float,
) -> Trial:
    by_seed = {record.seed: difference_of(record) for record in records}
    mean = estimate(list(by_seed.values()))
    return Trial(rung, by_seed, mean, is_within(mean, tolerance), records[0].config_hash)


def _validation_difference(record: Record) -> float:
    """That of the mean scores of late epochs: the best epoch flatters whoever selects by it."""
    if record.ticket_late_val is not None and record.dense_late_val is not None:
        return record.ticket_late_val - record.dense_late_val
    assert record.ticket_val is not None  # a run of an earlier glt
    assert record.dense_val is not None
    return record.ticket_val - record.dense_val
