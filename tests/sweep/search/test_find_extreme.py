from collections.abc import Sequence
from dataclasses import replace

import pytest

from glt_cli.experiment.record import Record
from glt_cli.sweep.search.find_extreme import RunsFailedError, SearchOutcome, find_extreme
from glt_cli.sweep.search.ladder import Rung, ladder
from tests.experiment.test_tables import RECORD

RUNGS = ladder("edges", "0.1,0.2,0.3,0.4,0.5")
SEEDS, FRESH = (0, 1, 2), (7, 8, 9)


def record(seed: int, val: float, test: float) -> Record:
    scores = {"dense_val": 0.8, "ticket_val": 0.8 + val, "dense_test": 0.8}
    return replace(RECORD, seed=seed, ticket_test=0.8 + test, **scores)  # type: ignore[arg-type]


def search(
    holds_up_to: float, test: float = 0.0, tolerance: float = 0.005, deciding_test: float = 0.0
) -> tuple[SearchOutcome, list[tuple[Rung, Sequence[int]]]]:
    tried: list[tuple[Rung, Sequence[int]]] = []

    def run(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        tried.append((rung, seeds))
        val = 0.0 if rung[0] <= holds_up_to else -0.1
        scored = test if seeds == FRESH else deciding_test
        return [record(seed, val + seed / 1000 - 0.001, scored + seed / 1000) for seed in seeds]

    return find_extreme(RUNGS, SEEDS, FRESH, tolerance, run, lambda _: None), tried


@pytest.mark.parametrize("up_to", [0.1, 0.2, 0.3, 0.4, 0.5])
def test_the_last_rung_that_holds_is_tested_on_fresh_seeds_once(up_to: float) -> None:
    outcome, tried = search(up_to)
    assert outcome.found is not None
    assert outcome.found.rung == (up_to,)
    assert [seeds for _, seeds in tried[:-1]] == [SEEDS] * len(outcome.trials)
    assert tried[-1] == ((up_to,), FRESH)
    assert outcome.test is not None
    assert set(outcome.test.by_seed) == set(FRESH)
    assert outcome.run_count == 3 * len(tried)


def test_where_no_rung_holds_test_is_not_read() -> None:
    outcome, tried = search(0.0)
    assert (outcome.found, outcome.test, outcome.verdict) == (None, None, "")
    assert all(seeds == SEEDS for _, seeds in tried)


def test_scores_on_test_of_deciding_runs_decide_nothing() -> None:
    plain, tried = search(0.3)
    tampered, again = search(0.3, deciding_test=-0.7)
    assert tried == again
    assert plain == tampered


@pytest.mark.parametrize(
    ("test", "verdict"),
    [(0.0, "certified"), (-0.0125, "wins"), (-0.03, "does not win")],
)
def test_verdicts_are_those_of_tables(test: float, verdict: str) -> None:
    # Differences are test + 0.007, 0.008 and 0.009: an interval of ± 0.0025.
    assert search(0.3, test)[0].verdict == verdict


def test_the_tolerance_itself_still_holds() -> None:
    def run(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        return [record(seed, -rung[0], 0.0) for seed in seeds]

    outcome = find_extreme(RUNGS, SEEDS, FRESH, 0.2, run, lambda _: None)
    assert outcome.found is not None
    assert outcome.found.rung == (0.2,)


def test_runs_that_fail_end_the_search_with_their_reason() -> None:
    def run(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        if rung[0] > 0.3:
            raise RunsFailedError("graph sparsity 40.00%: out of luck")
        return [record(seed, 0.0, 0.0) for seed in seeds]

    outcome = find_extreme(RUNGS, SEEDS, FRESH, 0.005, run, lambda _: None)
    assert outcome.failure == "graph sparsity 40.00%: out of luck"
    assert [trial.rung for trial in outcome.trials] == [(0.3,)]
    assert outcome.found is None
    assert outcome.test is None
