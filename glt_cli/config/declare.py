"""Declare the bounds and choices of settings, and find values outside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any

from glt_cli.config.registry import Choices


def bounded(
    default: Any, low: float, high: float | None = None, *, above: bool = False, below: bool = False
) -> Any:
    """Declare a number from `low` to `high`; `above` excludes `low`, `below` excludes `high`."""
    return field(
        default=default, metadata={"low": low, "high": high, "above": above, "below": below}
    )


def one_of(default: str, *others: str, more: Mapping[str, object] | None = None) -> Any:
    """Declare one of several names; the names in the registry `more` are allowed too."""
    return field(default=default, metadata={"choices": _choices((default, *others), more)})


def some_of(defaults: list[str], *others: str, more: Mapping[str, object] | None = None) -> Any:
    """Declare a list of names; the names in the registry `more` are allowed too."""
    return field(
        default_factory=lambda: list(defaults),
        metadata={"choices": _choices((*defaults, *others), more)},
    )


def _choices(fixed: tuple[str, ...], more: Mapping[str, object] | None) -> Any:
    return fixed if more is None else Choices(fixed, more)


def excluded_from_hash(default: Any, **metadata: Any) -> Any:
    """Declare a setting that can't change numbers, so it is excluded from the run's hash."""
    kept = {"excluded_from_hash": True, **metadata}
    if isinstance(default, type):  # a group of settings
        return field(default_factory=default, metadata=kept)
    return field(default=default, metadata=kept)


def hashed_as(default: Any, what: Callable[[Any], Any]) -> Any:
    """Declare a setting of which only `what` makes is part of the run's hash."""
    return field(default=default, metadata={"hashed_as": what})


def out_of_bounds(node: Any) -> list[str]:
    """List the fields of a schema, nested ones included, that are out of bounds."""
    return list(_out_of_bounds(node, ""))


def _out_of_bounds(node: Any, prefix: str) -> Iterator[str]:
    for item in fields(node):
        value = getattr(node, item.name)
        key = f"{prefix}{item.name}"
        if is_dataclass(value):
            yield from _out_of_bounds(value, f"{key}.")
        elif "choices" in item.metadata:
            choices = item.metadata["choices"]
            if isinstance(value, list) and len(set(value)) < len(value):
                yield f"{key}=[{','.join(value)}]: a name is given twice"
            for name in value if isinstance(value, list) else [value]:
                if name not in choices:
                    yield f"{key}={name}: must be one of {', '.join(choices)}"
        elif "low" in item.metadata and value is not None and not _within(value, item.metadata):
            yield f"{key}={value}: must be {_range(value, item.metadata)}"


def _within(value: float, metadata: Any) -> bool:
    low, high = metadata["low"], metadata["high"]
    if not value >= low or (metadata.get("above") and value == low):
        return False  # `not >=` so that nan fails too
    if high is None:
        return value != float("inf")
    return bool(value < high if metadata.get("below") else value <= high)


def _range(value: float, metadata: Any) -> str:
    low, high = metadata["low"], metadata["high"]
    text = f"above {low}" if metadata.get("above") else f"at least {low}"
    if high is None:
        return text if isinstance(value, int) else f"{text} and finite"
    return f"{text} and {'below' if metadata.get('below') else 'at most'} {high}"
