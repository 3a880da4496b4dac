"""JSON from files that anybody may have written: read as plain values, and held to a schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

#: Longer whole numbers than any that glt writes.
_LARGEST = 2**63


def parse(text: str | bytes) -> Any:
    """Parse JSON.

    Raises:
        ValueError: It isn't JSON, nests too deeply, or has a number that isn't finite.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nests too deeply") from error


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a finite number")


def typed(schema: type[T], values: Any, name: str = "") -> T:
    """Make a dataclass from parsed JSON.

    Args:
        schema: The dataclass, whose fields are plain values or lists of text.
        values: The parsed object.
        name: What it is called in messages.

    Raises:
        ValueError: A field is unknown, missing, or of another type than the schema's.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"{name or 'it'} must be an object")
    hints = _hints(schema)  # type: ignore[arg-type]
    for key, value in values.items():
        shown = f"{name}.{key}" if name else str(key)
        if key not in hints:
            raise ValueError(f"{shown} is unknown")
        if not _is(value, hints[key]):
            raise ValueError(f"{shown} is of the wrong type")
    try:
        return schema(**values)
    except TypeError as error:
        raise ValueError(f"{name or 'it'} lacks a field ({error})") from error


@cache
def _hints(schema: type) -> dict[str, Any]:
    """Types of a dataclass's fields; many records share them."""
    hints = get_type_hints(schema)
    return {item.name: hints[item.name] for item in fields(schema)}


def integer(values: Mapping[str, Any], key: str, default: int | None = None) -> int:
    """Return a count, 0 or above, of parsed JSON; ValueError if it isn't one."""
    value = values.get(key, default)
    if not _is(value, int) or value < 0:
        raise ValueError(f"{key} must be a whole number, 0 or above")
    return int(value)


def number(values: Mapping[str, Any], key: str, default: float) -> float:
    """Return a finite number of parsed JSON; ValueError if it isn't one."""
    value = values.get(key, default)
    if not _is(value, float):
        raise ValueError(f"{key} must be a number")
    return float(value)


def _is(value: Any, hint: Any) -> bool:
    if hint is Any:
        return True
    if isinstance(hint, UnionType):
        return any(_is(value, kind) for kind in get_args(hint))
    if get_origin(hint) is list:
        (kind,) = get_args(hint)
        return isinstance(value, list) and all(_is(each, kind) for each in value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
    if hint is float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and abs(value) < _LARGEST  # not so of inf and nan
    return isinstance(value, hint)
