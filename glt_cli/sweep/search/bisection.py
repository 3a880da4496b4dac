"""Bisection, apart from what it is used for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def last_passing(rungs: Sequence[T], passes: Callable[[T], bool]) -> T | None:
    """Find the last rung that passes, or None where not even the lowest does.

    Presumes that passing is monotone: whatever lies below a rung that passes passes too. Then the
    answer is exact. None is asked twice, and at most `most_trials` of them are asked at all.
    """
    passing, failing = -1, len(rungs)
    while failing - passing > 1:
        middle = (passing + failing) // 2
        if passes(rungs[middle]):
            passing = middle
        else:
            failing = middle
    return rungs[passing] if passing >= 0 else None


def most_trials(count: int) -> int:
    """How many of some rungs `last_passing` asks at most: ⌈log₂(count + 1)⌉."""
    return count.bit_length()


def first_tried(rungs: Sequence[T]) -> T:
    """The rung that `last_passing` asks first."""
    return rungs[(len(rungs) - 1) // 2]
