"""The ladder of a search: the sparsities of its rungs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from glt_cli.errors import UserError

GRAPH_SPARSITY, WEIGHT_SPARSITY = "sparsity.graph", "sparsity.weight"

#: Names of these settings in tables and messages.
NAMES = {GRAPH_SPARSITY: "graph sparsity", WEIGHT_SPARSITY: "weight sparsity"}

#: What may be pruned along a ladder, and the settings that its rungs set.
PRUNABLE = {
    "edges": (GRAPH_SPARSITY,),
    "weights": (WEIGHT_SPARSITY,),
    "both": (GRAPH_SPARSITY, WEIGHT_SPARSITY),
}

#: One sparsity for each setting of the ladder.
Rung = tuple[float, ...]

#: UGS (arXiv 2102.06790) removes these shares of what is left in each of its rounds.
_UGS_FRACTIONS = {GRAPH_SPARSITY: 0.05, WEIGHT_SPARSITY: 0.2}
#: From 5% of edges and 20% of weights to 78.54% and 99.88%.
_UGS_ROUNDS = 30
#: Rounded as in published tables: per cent with two decimals.
_DECIMALS = 4


def ladder(pruned: str, text: str | None = None) -> list[Rung]:
    """The rungs of `--ladder`, or by default the rounds of UGS, which have published results.

    Args:
        pruned: What is pruned, a key of PRUNABLE.
        text: Sparsities such as `0.1,0.2`, or pairs of graph and weight sparsity such as
            `0.1:0.5,0.2:0.8`.

    Raises:
        UserError: The text is not an ascending ladder of what is pruned.
    """
    if text is None:
        return [_ugs_rung(pruned, number) for number in range(1, _UGS_ROUNDS + 1)]
    rungs = [_parse_rung(pruned, word.strip()) for word in text.split(",")]
    for lower, upper in pairwise(rungs):
        if upper == lower or any(b < a for a, b in zip(lower, upper, strict=True)):
            raise UserError(
                f"--ladder {text}: each rung must remove more than the one before it, and "
                f"{_as_given(upper)} comes after {_as_given(lower)}"
            )
    return rungs


def _ugs_rung(pruned: str, number: int) -> Rung:
    return tuple(
        round(1 - (1 - _UGS_FRACTIONS[key]) ** number, _DECIMALS) for key in PRUNABLE[pruned]
    )


def _parse_rung(pruned: str, word: str) -> Rung:
    try:
        rung = tuple(float(part) for part in word.split(":"))
    except ValueError:
        rung = ()
    if len(rung) != len(PRUNABLE[pruned]) or not all(0 < share < 1 for share in rung):
        expected = (
            "shares above 0 and below 1, as in 0.5,0.8,0.9"
            if len(PRUNABLE[pruned]) == 1
            else "pairs edges:weights, each above 0 and below 1, as in 0.1:0.5,0.2:0.8"
        )
        raise UserError(f"--ladder: '{word}' is not a rung for {pruned}; give {expected}")
    return rung


def rung_overrides(pruned: str, rung: Rung) -> list[str]:
    """Overrides for `glt run` that set the sparsities of a rung."""
    return [f"{key}={share!r}" for key, share in zip(PRUNABLE[pruned], rung, strict=True)]


def describe(pruned: str, rung: Rung) -> str:
    """Describe a rung in messages."""
    return ", ".join(
        f"{NAMES[key]} {share:.2%}" for key, share in zip(PRUNABLE[pruned], rung, strict=True)
    )


def shares(rung: Rung) -> str:
    """The sparsities alone, as tables write targets."""
    return " / ".join(f"{share:.2%}" for share in rung)


def _as_given(rung: Sequence[float]) -> str:
    return ":".join(f"{share:g}" for share in rung)
