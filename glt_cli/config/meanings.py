"""What each setting means: the `#:` comment above its field, for `glt run --help`."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache


def meaning(schema: type, name: str) -> str:
    """Return the comment above a field in the schema that declares it; "" if there is none."""
    for declaring in schema.__mro__:
        if name in _comments(declaring):
            return _comments(declaring)[name]
    return ""


@cache
def _comments(schema: type) -> dict[str, str]:
    """The comments of the fields that a class itself declares."""
    try:
        source = textwrap.dedent(inspect.getsource(schema))
    except (OSError, TypeError):  # made at run time
        return {}
    lines = source.splitlines()
    body = ast.parse(source).body[0]
    found = {}
    for item in body.body if isinstance(body, ast.ClassDef) else []:
        if not isinstance(item, ast.AnnAssign) or not isinstance(item.target, ast.Name):
            continue
        comment: list[str] = []
        for line in reversed(lines[: item.lineno - 1]):
            if not line.strip().startswith("#:"):
                break
            comment.insert(0, line.strip().removeprefix("#:").strip())
        found[item.target.id] = " ".join(comment)
    return found
