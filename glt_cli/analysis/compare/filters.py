"""Choosing among runs: KEY=VALUE, KEY=A,B, KEY!=VALUE, and comparisons of numbers."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence

from glt_cli.analysis.compare.fields import FIELDS, TARGETS, check
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.errors import UserError

_CONDITION = re.compile(r"([\w.]+)\s*(>=|<=|!=|=|>|<)\s*(.+)")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda a, b: a > b or _same(a, b),
    "<=": lambda a, b: a < b or _same(a, b),
    ">": lambda a, b: operator.gt(a, b) and not _same(a, b),
    "<": lambda a, b: operator.lt(a, b) and not _same(a, b),
}


def matching(compared_runs: Sequence[ComparedRun], conditions: Sequence[str]) -> list[ComparedRun]:
    """Keep the runs that meet all conditions.

    Raises:
        UserError: A condition can't be read, or no run meets it.
    """
    chosen = list(compared_runs)
    for condition in conditions:
        key, sign, wanted = _parse(condition, compared_runs)
        there = {_text(_value(key, entry)) for entry in chosen}
        chosen = [entry for entry in chosen if _meets(_value(key, entry), sign, wanted)]
        if not chosen:
            raise UserError(
                f"--where {condition}: no run is left; {key} is {', '.join(sorted(there))}"
            )
    return chosen


def _value(key: str, entry: ComparedRun) -> object:
    # The method by its bare name: `method=fastglt` means its controls too.
    return getattr(entry.record, key) if key in FIELDS else entry.settings.get(key)


def _parse(condition: str, compared_runs: Sequence[ComparedRun]) -> tuple[str, str, list[str]]:
    parts = _CONDITION.fullmatch(condition.strip())
    if not parts:
        raise UserError(
            f"--where {condition}: must be KEY=VALUE, KEY=A,B or a comparison such as "
            "'weight_sparsity_target>=0.9'"
        )
    key, sign, rest = parts.groups()
    if key == TARGETS:
        raise UserError(
            f"--where {condition}: choose by graph_sparsity_target and weight_sparsity_target"
        )
    check([key], "--where", compared_runs)
    lists = sign in _COMPARISONS or rest.startswith("[")
    wanted = [rest] if lists else [word.strip() for word in rest.split(",")]
    if sign in _COMPARISONS or _holds_numbers(key, compared_runs):
        for word in wanted:
            if not (_number(word) or (sign in ("=", "!=") and word == "none")):
                raise UserError(f"--where {condition}: {word} must be a number")
    if sign in _COMPARISONS and not _holds_numbers(key, compared_runs):
        raise UserError(f"--where {condition}: {key} is no number; use {key}=VALUE")
    return key, sign, wanted


def _holds_numbers(key: str, compared_runs: Sequence[ComparedRun]) -> bool:
    if key in FIELDS:
        return "int" in FIELDS[key] or "float" in FIELDS[key]
    found = [entry.settings[key] for entry in compared_runs if entry.settings.get(key) is not None]
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in found)


def _number(word: str) -> bool:
    try:
        return not math.isnan(float(word))
    except ValueError:
        return False


def _meets(found: object, sign: str, wanted: Sequence[str]) -> bool:
    if sign in _COMPARISONS:
        return isinstance(found, int | float) and _COMPARISONS[sign](found, float(wanted[0]))
    equal = any(_equals(found, word) for word in wanted)
    return equal if sign == "=" else not equal


def _equals(found: object, word: str) -> bool:
    if isinstance(found, int | float) and not isinstance(found, bool):
        return _number(word) and _same(found, float(word))
    return _text(found) == word


def _text(found: object) -> str:
    return str(found).lower() if found is None or isinstance(found, bool) else str(found)


def _same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
