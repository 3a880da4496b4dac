"""Exchange schedules and warm-up: pure functions of the epoch (arXiv 2412.07605)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import SupportsFloat, TypeVar

from glt_cli.config import methods
from glt_cli.config.registry import Registry
from glt_cli.errors import InvalidResultError

#: ϒ(t) for a fraction α at epoch t of T: the share of the kept elements to exchange.
Schedule = Callable[[float, int, int], float]
#: How far rounding may carry a share beyond 0 or 1.
ROUNDING = 1e-9
S = TypeVar("S", bound=Schedule)


def cosine(alpha: float, t: int, total: int) -> float:
    """ϒ(t) = α/2·(1 + cos(πt/T))."""
    return alpha / 2 * (1 + math.cos(math.pi * t / total))


def linear(alpha: float, t: int, total: int) -> float:
    """ϒ(t) = α·(1 − t/T)."""
    return alpha * (1 - t / total)


def constant(alpha: float, t: int, total: int) -> float:
    """ϒ(t) = α."""
    return alpha


SCHEDULES: Registry[Schedule] = Registry(
    "schedule", {"cosine": cosine, "linear": linear, "constant": constant}
)


def register_schedule(name: str) -> Callable[[S], S]:
    """Register a function of α, t and T as `method.schedule=NAME`."""

    def register(function: S) -> S:
        SCHEDULES.add(name, function)
        methods.SCHEDULES.add(name, function)
        return function

    return register


def share_at(name: str, alpha: float, t: int, total: int) -> float:
    """ϒ(t) of the named schedule.

    Raises:
        InvalidResultError: The schedule returns something else than a number from 0 to 1.
    """
    share: object = SCHEDULES[name](alpha, t, total)
    if not isinstance(share, SupportsFloat) or not -ROUNDING <= float(share) <= 1 + ROUNDING:
        raise InvalidResultError(
            f"schedule {name} must return a number from 0 to 1; at epoch {t} of {total} it "
            f"returned {share!r}"
        )
    return min(max(float(share), 0.0), 1.0)


def exchange_count(fraction: float, kept: int, pruned: int) -> int:
    """min(⌊ϒ·kept⌋, pruned): no more leave than can enter."""
    return min(int(fraction * kept), kept, pruned)


def warmup_factor(start: float, exchange: int, exchanges: int) -> float:
    """Factor of the target sparsity after so many exchanges, rising geometrically from β to 1.

    It is exactly 1 after the warm-up, so that targets are met exactly.
    """
    if exchange >= exchanges:
        return 1.0
    return float(start ** (1 - exchange / exchanges))
