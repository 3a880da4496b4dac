"""Nested settings as dotted keys and their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def leaves(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten mappings and lists to dotted keys, without empty ones."""
    if isinstance(node, Mapping):
        for key, part in node.items():
            yield from leaves(part, f"{prefix}{key}.")
    elif isinstance(node, list):
        for number, part in enumerate(node):
            yield from leaves(part, f"{prefix}{number}.")
    else:
        yield prefix.removesuffix("."), node
