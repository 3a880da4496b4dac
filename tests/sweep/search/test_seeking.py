from collections.abc import Sequence
from dataclasses import replace

import pytest

from glt_cli.experiment.record import Record
from glt_cli.sweep.search.find_extreme import Answer, RunsFailedError, find_extreme
from glt_cli.sweep.search.ladder import Rung, ladder
from tests.experiment.test_tables import RECORD

RUNGS = ladder("edges", "0.1,0.2,0.3,0.4,0.5")
SEEDS, FRESH = (0, 1, 2), (7, 8, 9)


def record(seed: int, val: float, test: float) -> Record:
    scores = {"dense_val": 0.8, "ticket_val": 0.8 + val, "dense_test": 0.8}
    return replace(RECORD, seed=seed, ticket_test=0.8 + test, **scores)  # type: ignore[arg-type]


def sought(
    holds_up_to: float, test: float = 0.0, tolerance: float = 0.005, deciding_test: float = 0.0
) -> tuple[Answer, list[tuple[Rung, Sequence[int]]]]:
    asked: list[tuple[Rung, Sequence[int]]] = []

    def runs(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        asked.append((rung, seeds))
        val = 0.0 if rung[0] <= holds_up_to else -0.1
        scored = test if seeds == FRESH else deciding_test
        return [record(seed, val + seed / 1000 - 0.001, scored + seed / 1000) for seed in seeds]

    return find_extreme(RUNGS, SEEDS, FRESH, tolerance, runs, lambda _: None), asked


@pytest.mark.parametrize("up_to", [0.1, 0.2, 0.3, 0.4, 0.5])
def test_the_last_rung_that_holds_is_tested_on_fresh_seeds_once(up_to: float) -> None:
    answer, asked = sought(up_to)
    assert answer.found is not None
    assert answer.found.rung == (up_to,)
    assert [seeds for _, seeds in asked[:-1]] == [SEEDS] * len(answer.trials)
    assert asked[-1] == ((up_to,), FRESH)
    assert answer.test is not None
    assert set(answer.test.by_seed) == set(FRESH)
    assert answer.runs == 3 * len(asked)


def test_where_no_rung_holds_test_is_not_read() -> None:
    answer, asked = sought(0.0)
    assert (answer.found, answer.test, answer.verdict) == (None, None, "")
    assert all(seeds == SEEDS for _, seeds in asked)


def test_scores_on_test_of_deciding_runs_decide_nothing() -> None:
    plain, asked = sought(0.3)
    tampered, again = sought(0.3, deciding_test=-0.7)
    assert asked == again
    assert plain == tampered


@pytest.mark.parametrize(
    ("test", "verdict"),
    [(0.0, "certified"), (-0.0125, "wins"), (-0.03, "does not win")],
)
def test_verdicts_are_those_of_tables(test: float, verdict: str) -> None:
    # Differences are test + 0.007, 0.008 and 0.009: an interval of ± 0.0025.
    assert sought(0.3, test)[0].verdict == verdict


def test_the_tolerance_itself_still_holds() -> None:
    def runs(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        return [record(seed, -rung[0], 0.0) for seed in seeds]

    answer = find_extreme(RUNGS, SEEDS, FRESH, 0.2, runs, lambda _: None)
    assert answer.found is not None
    assert answer.found.rung == (0.2,)


def test_runs_that_fail_end_the_search_with_their_reason() -> None:
    def runs(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        if rung[0] > 0.3:
            raise RunsFailedError("edges 40.00%: out of luck")
        return [record(seed, 0.0, 0.0) for seed in seeds]

    answer = find_extreme(RUNGS, SEEDS, FRESH, 0.005, runs, lambda _: None)
    assert answer.failure == "edges 40.00%: out of luck"
    assert [trial.rung for trial in answer.trials] == [(0.3,)]
    assert answer.found is None
    assert answer.test is None
