"""The ladder that a search goes along: what is removed at each of its rungs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from glt_cli.errors import UserError

EDGES, WEIGHTS = "sparsity.graph", "sparsity.weight"

#: What may be pruned along a ladder, and the settings that its rungs set.
SIDES = {"edges": (EDGES,), "weights": (WEIGHTS,), "both": (EDGES, WEIGHTS)}

#: The shares to remove at a rung, one for each setting of its side.
Rung = tuple[float, ...]

#: UGS (arXiv 2102.06790) removes these shares of what is left in each of its rounds.
_EACH_ROUND = {EDGES: 0.05, WEIGHTS: 0.2}
#: From 5% of edges and 20% of weights to 78.54% and 99.88%.
_ROUNDS = 30
#: As published tables have them, in per cent with two digits.
_DIGITS = 4


def ladder(side: str, text: str | None = None) -> list[Rung]:
    """The rungs from `--ladder`, or the rounds of UGS, where published figures stand.

    Args:
        side: What is pruned, one of SIDES.
        text: Shares such as `0.1,0.2`, or pairs such as `0.1:0.5,0.2:0.8` of edges and weights.

    Raises:
        UserError: The text is no ascending ladder of that side.
    """
    if text is None:
        return [_ugs(side, number) for number in range(1, _ROUNDS + 1)]
    rungs = [_rung(side, word.strip()) for word in text.split(",")]
    for lower, upper in pairwise(rungs):
        if upper == lower or any(b < a for a, b in zip(lower, upper, strict=True)):
            raise UserError(
                f"--ladder {text}: each rung must remove more than the one before it, and "
                f"{_plain(upper)} comes after {_plain(lower)}"
            )
    return rungs


def _ugs(side: str, number: int) -> Rung:
    return tuple(round(1 - (1 - _EACH_ROUND[key]) ** number, _DIGITS) for key in SIDES[side])


def _rung(side: str, word: str) -> Rung:
    try:
        rung = tuple(float(part) for part in word.split(":"))
    except ValueError:
        rung = ()
    if len(rung) != len(SIDES[side]) or not all(0 < share < 1 for share in rung):
        wanted = (
            "shares above 0 and below 1, as in 0.5,0.8,0.9"
            if len(SIDES[side]) == 1
            else "pairs edges:weights, each above 0 and below 1, as in 0.1:0.5,0.2:0.8"
        )
        raise UserError(f"--ladder: '{word}' can't be a rung of {side}; give {wanted}")
    return rung


def words(side: str, rung: Rung) -> list[str]:
    """What `glt run` is told at a rung."""
    return [f"{key}={share!r}" for key, share in zip(SIDES[side], rung, strict=True)]


def said(side: str, rung: Rung) -> str:
    """What a person is told."""
    names = {EDGES: "edges", WEIGHTS: "weights"}
    return ", ".join(
        f"{names[key]} {share:.2%}" for key, share in zip(SIDES[side], rung, strict=True)
    )


def shares(rung: Rung) -> str:
    """The shares alone, as tables write targets."""
    return " / ".join(f"{share:.2%}" for share in rung)


def _plain(rung: Sequence[float]) -> str:
    return ":".join(f"{share:g}" for share in rung)
