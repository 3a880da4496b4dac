from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from glt_cli.config.registry import restored
from glt_cli.errors import InvalidResultError
from glt_cli.pruning.schedules import (
    SCHEDULES,
    cosine,
    exchange_count,
    linear,
    register_schedule,
    share_at,
    warmup_factor,
)


def test_cosine_at_its_ends_and_in_the_middle() -> None:
    assert cosine(0.3, 0, 400) == 0.3
    assert cosine(0.3, 200, 400) == pytest.approx(0.15)
    assert cosine(0.3, 100, 400) == pytest.approx(0.15 * (1 + 0.5**0.5))
    assert cosine(0.3, 400, 400) == 0


def test_linear_and_constant() -> None:
    assert linear(0.3, 0, 10) == 0.3
    assert linear(0.3, 5, 10) == pytest.approx(0.15)
    assert linear(0.3, 10, 10) == 0
    assert SCHEDULES["constant"](0.3, 7, 10) == 0.3


@pytest.mark.parametrize("name", SCHEDULES)
@given(st.floats(0, 1), st.integers(1, 500), st.data())
def test_fractions_never_grow_and_stay_within_alpha(
    name: str, alpha: float, total: int, data: st.DataObject
) -> None:
    t = data.draw(st.integers(0, total - 1))
    earlier, later = (SCHEDULES[name](alpha, moment, total) for moment in (t, t + 1))
    assert 0 <= later <= earlier + 1e-12
    assert earlier <= alpha + 1e-12


@given(st.floats(0, 1), st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_more_is_exchanged_than_can_leave_or_enter(
    fraction: float, kept: int, pruned: int
) -> None:
    count = exchange_count(fraction, kept, pruned)
    assert 0 <= count <= min(kept, pruned)
    assert count <= fraction * kept
    assert count == pruned or count + 1 > fraction * kept


def test_exchange_counts() -> None:
    assert exchange_count(0.3, 100, 1000) == 30
    assert exchange_count(0.3, 100, 7) == 7
    assert exchange_count(0.299, 10, 10) == 2
    assert exchange_count(0.3, 100, 0) == 0


def test_the_warm_up_is_geometric_and_ends_at_exactly_one() -> None:
    factors = [warmup_factor(0.5, exchange, 8) for exchange in range(10)]
    assert factors[0] == 0.5
    assert factors[8] == factors[9] == 1.0
    ratios = [b / a for a, b in pairwise(factors[:9])]
    assert ratios == pytest.approx([2 ** (1 / 8)] * 8)


@given(st.floats(0.01, 1), st.integers(0, 50), st.integers(0, 50))
def test_the_warm_up_lies_between_start_and_one(
    start: float, exchange: int, exchanges: int
) -> None:
    factor = warmup_factor(start, exchange, exchanges)
    assert start <= factor + 1e-12
    assert factor <= 1
    assert factor == 1 or exchange < exchanges


def test_without_warm_up_the_target_holds_from_the_start() -> None:
    assert warmup_factor(0.5, 0, 0) == 1


@pytest.mark.parametrize(
    "value", [0, 1, 0.3, np.float32(0.5), torch.tensor(0.5), -1e-12, 1 + 1e-12]
)
def test_a_schedule_returns_a_share(value: Any) -> None:
    with restored(always=True):
        register_schedule("mine")(lambda alpha, t, total: value)
        share = share_at("mine", 0.3, 1, 10)
    assert 0 <= share <= 1
    assert share == pytest.approx(float(value))


@pytest.mark.parametrize("value", [5.0, -1.0, float("nan"), "0.3", None, 1j])
def test_what_is_no_share_is_refused(value: Any) -> None:
    with restored(always=True):
        register_schedule("mine")(lambda alpha, t, total: value)
        with pytest.raises(InvalidResultError) as caught:
            share_at("mine", 0.3, 1, 10)
    message = "schedule mine must return a number from 0 to 1; at epoch 1 of 10 it returned "
    assert str(caught.value) == f"{message}{value!r}"
