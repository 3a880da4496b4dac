"""Filter runs by conditions: KEY=VALUE, KEY=A,B, KEY!=VALUE, and comparisons of numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from glt_cli.analysis.compare.fields import RECORD_FIELDS, TARGETS, check
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.errors import UserError

_CONDITION = re.compile(r"([\w.]+)\s*(>=|<=|!=|=|>|<)\s*(.+)")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda a, b: a > b or _is_close(a, b),
    "<=": lambda a, b: a < b or _is_close(a, b),
    ">": lambda a, b: a > b and not _is_close(a, b),
    "<": lambda a, b: a < b and not _is_close(a, b),
}


def matching(runs: Sequence[ComparedRun], conditions: Sequence[str]) -> list[ComparedRun]:
    """Keep the runs that meet all conditions.

    Raises:
        UserError: A condition can't be parsed, or no run meets it.
    """
    kept = list(runs)
    for condition in conditions:
        field, operator, values = _parse(condition, runs)
        present = {_text(_value(field, run)) for run in kept}
        kept = [run for run in kept if _meets(_value(field, run), operator, values)]
        if not kept:
            raise UserError(
                f"--where {condition}: no run is left; {field} is {', '.join(sorted(present))}"
            )
    return kept


def _value(field: str, run: ComparedRun) -> object:
    # Here `method` is the plain name: `method=fastglt` includes its variants and controls.
    return getattr(run.record, field) if field in RECORD_FIELDS else run.settings.get(field)


def _parse(condition: str, runs: Sequence[ComparedRun]) -> tuple[str, str, list[str]]:
    parts = _CONDITION.fullmatch(condition.strip())
    if not parts:
        raise UserError(
            f"--where {condition}: must be KEY=VALUE, KEY=A,B or a comparison such as "
            "'weight_sparsity_target>=0.9'"
        )
    field, operator, value = parts.groups()
    if field == TARGETS:
        raise UserError(
            f"--where {condition}: use graph_sparsity_target and weight_sparsity_target"
        )
    check([field], "--where", runs)
    is_single = operator in _COMPARISONS or value.startswith("[")
    values = [value] if is_single else [word.strip() for word in value.split(",")]
    if operator in _COMPARISONS or _is_numeric(field, runs):
        for word in values:
            if not (_is_number(word) or (operator in ("=", "!=") and word == "none")):
                raise UserError(f"--where {condition}: {word} must be a number")
    if operator in _COMPARISONS and not _is_numeric(field, runs):
        raise UserError(f"--where {condition}: {field} is not a number; use {field}=VALUE")
    return field, operator, values


def _is_numeric(field: str, runs: Sequence[ComparedRun]) -> bool:
    if field in RECORD_FIELDS:
        return "int" in RECORD_FIELDS[field] or "float" in RECORD_FIELDS[field]
    values = [run.settings[field] for run in runs if run.settings.get(field) is not None]
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _is_number(word: str) -> bool:
    try:
        return not math.isnan(float(word))
    except ValueError:
        return False


def _meets(value: object, operator: str, values: Sequence[str]) -> bool:
    if operator in _COMPARISONS:
        compare = _COMPARISONS[operator]
        return isinstance(value, int | float) and compare(value, float(values[0]))
    is_equal = any(_equals(value, word) for word in values)
    return is_equal if operator == "=" else not is_equal


def _equals(value: object, word: str) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _is_number(word) and _is_close(value, float(word))
    return _text(value) == word


def _text(value: object) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _is_close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)
