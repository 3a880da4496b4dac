"""Bisection of a sorted sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def last_passing(rungs: Sequence[T], passes: Callable[[T], bool]) -> T | None:
    """Find the last rung that passes, or None if not even the first does.

    Assumes that passing is monotone: if a rung passes, so do all rungs below it. Then the answer
    is exact. No rung is tried twice, and at most `most_trials` rungs are tried.
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
    """How many of `count` rungs `last_passing` tries at most: ⌈log₂(count + 1)⌉."""
    return count.bit_length()


def first_tried(rungs: Sequence[T]) -> T:
    """The rung that `last_passing` tries first."""
    return rungs[(len(rungs) - 1) // 2]
