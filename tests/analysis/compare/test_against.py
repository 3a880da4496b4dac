"""Method against method: paired by seed, at the same task, corrected for many comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glt_cli.analysis.compare.against import holm, p_value, with_differences
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.analysis.compare.statistics import compare, estimate
from glt_cli.errors import UserError
from tests.analysis.compare.test_statistics import run_of
from tests.conftest import TINY


def runs(method: str, losses: list[float], **fields: Any) -> list[ComparedRun]:
    return [run_of(method, seed, lost, **fields) for seed, lost in enumerate(losses)]


def test_differences_are_paired_on_common_seeds_and_the_sure_ones_named() -> None:
    all_runs = [
        *runs("fastglt", [0.01, 0.02, 0.03]),
        *runs("guided", [0.0, 0.011, 0.019, 0.9]),
        *runs("random", [0.01, 0.03, 0.02]),
        *runs("teddy", [0.5], dataset="citeseer"),
    ]
    found, notes = with_differences(compare(all_runs, [], 0.005), all_runs, "fastglt")
    against = {result.field_values["method"]: result.estimates.get("against") for result in found}
    assert against["fastglt"] is None
    assert against["teddy"] is None
    guided = against["guided"]
    assert guided is not None
    assert guided.n == 3
    assert guided.mean == pytest.approx(0.01)
    assert notes[0] == "Reference: fastglt, on common seeds, with 95 % t-intervals."
    assert notes[1].startswith("Better than fastglt beyond chance (5 %, Holm's correction over 2)")
    assert "guided gcn cora" in notes[1]
    assert notes[2] == "Of the 2 differences to fastglt, 1 may be chance."


def test_the_reference_must_be_one_setting_that_is_there() -> None:
    one = runs("fastglt", [0.0])
    with pytest.raises(UserError, match="--against imp: has no finished runs; there are fastglt"):
        with_differences(compare(one, [], 0.005), one, "imp")
    two = [*one, *runs("fastglt", [0.1], config_hash="other")]
    with pytest.raises(UserError, match="has 2 settings for gcn, cora; choose one with --where"):
        with_differences(compare(two, [], 0.005), two, "fastglt")


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=12))
def test_p_values_are_those_of_scipys_t_test(values: list[int]) -> None:
    stats = pytest.importorskip("scipy.stats")
    found = p_value(estimate([float(value) for value in values]))
    if np.std(values) == 0:
        assert found == (values[0] == 0)
    else:
        assert found == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=1e-12)


def test_holms_procedure_stops_at_the_first_that_is_not_rejected() -> None:
    assert holm([0.01, 0.04, 0.03]) == [True, False, False]
    assert holm([0.01, 0.02, 0.04]) == [True, True, True]
    assert holm([0.04]) == [True]
    assert holm([]) == []


def test_the_table_shows_them(glt: Callable[..., tuple[int, str, str]]) -> None:
    assert glt("run", "-m", *TINY, "method=random,teddy", "seed=0,1", "quiet=true")[0] == 0
    code, out, err = glt("table", "--against", "random", "--metric", "test,difference")
    assert (code, err) == (0, "")
    assert "to random" in out
    assert "Reference: random" in out
    assert glt("table", "--against", "random", "--cols", "seed")[0] == 2
