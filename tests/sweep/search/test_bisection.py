import math

from hypothesis import given
from hypothesis import strategies as st

from glt_cli.sweep.search.bisection import first_tried, last_passing, most_trials


@given(st.integers(0, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_the_last_passing_rung_of_any_monotone_ladder(sizes: tuple[int, int]) -> None:
    count, passing = sizes
    tried: list[int] = []

    def passes(rung: int) -> bool:
        tried.append(rung)
        return rung < passing

    found = last_passing(range(count), passes)
    assert found == (passing - 1 if passing else None)
    assert len(tried) == len(set(tried)) <= most_trials(count)
    assert tried[:1] == ([first_tried(range(count))] if count else [])
    # An answer rests on rungs that were tried: it passed, and the one above it did not.
    assert passing == 0 or passing - 1 in tried
    assert passing == count or passing in tried


@given(st.integers(0, 10_000))
def test_the_bound_is_the_logarithm(count: int) -> None:
    assert most_trials(count) == math.ceil(math.log2(count + 1))


@given(st.lists(st.booleans(), min_size=1))
def test_where_nothing_is_monotone_the_answer_passes_all_the_same(outcomes: list[bool]) -> None:
    found = last_passing(range(len(outcomes)), lambda rung: outcomes[rung])
    assert found is None or outcomes[found]
