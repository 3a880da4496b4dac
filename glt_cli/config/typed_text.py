"""Text settings as they are typed: `dataset.label=2024_01` names a column, not a number.

Hydra's grammar reads `2024_01`, `1e3`, `true` and `1.10` as numbers or truth values, and refuses
many characters. For keys that hold text, values are quoted before Hydra sees them, so that names of
columns need no quotes but the shell's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, get_type_hints

from glt_cli.config import Config
from glt_cli.config.datasets import FilesConfig, InMemoryConfig

#: Text that Hydra's grammar reads as a plain string, unless it is one of the literals.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*")
_LITERALS = frozenset({"true", "false", "null", "nan", "inf"})
#: Functions of Hydra's grammar that give several values.
_FUNCTIONS = re.compile(r"(choice|range|glob|interval|sort|shuffle|tag)\(.*\)", re.DOTALL)
#: Values that Hydra reads as they are, and characters that its grammar uses.
_ACCEPTED = re.compile(r"[A-Za-z0-9./_:+-]*")
_GRAMMAR = frozenset("'\"[]{}(),=\\$")
_TEXTS: tuple[Any, ...] = (str, str | None, list[str], Any)


def hydra_text(text: str) -> str:
    """Write a text so that Hydra's grammar reads it as this text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _LITERALS:
        return text
    # A backslash needs escaping only before a quote.
    escaped = re.sub(r'(\\*)("|$)', lambda m: m[1] * 2 + ("\\" + m[2] if m[2] else ""), text)
    return f'"{escaped}"'.replace("${", "\\${")


def as_typed(words: Sequence[str]) -> list[str]:
    """Quote values of overrides, so that Hydra takes those of text settings as typed.

    `null`, what is quoted already, interpolations, and what makes a grid keep their meaning. Of
    other settings only what Hydra's grammar would reject is quoted, such as `method=ü`.
    """
    return [_as_typed(word) for word in words]


def _as_typed(word: str) -> str:
    key, equals, value = word.partition("=")
    if not equals:
        return word
    if not value or key not in _text_keys() or _FUNCTIONS.fullmatch(value):
        is_rejected = not _ACCEPTED.fullmatch(value) and not _GRAMMAR & set(value)
        return f"{key}={hydra_text(value)}" if is_rejected else word
    if not value.strip(","):  # a comma as delimiter
        return f"{key}={hydra_text(value)}"
    return f"{key}={','.join(_one(each, _text_keys()[key]) for each in _split(value))}"


def _one(value: str, may_be_list: bool) -> str:
    if may_be_list and value.startswith("[") and value.endswith("]"):
        return f"[{','.join(_one(each, False) for each in _split(value[1:-1]))}]"
    is_quoted = len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]
    if is_quoted or value in ("", "null") or "${" in value:
        return value
    return hydra_text(value)


def _split(text: str) -> Iterator[str]:
    """Split at commas that are in no quotes and no brackets."""
    start, depth, quote = 0, 0, ""
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote and text[at - 1] != "\\" else quote
        elif character in "'\"" and not text[start:at].strip():
            quote = character
        elif character in "[]":
            depth += 1 if character == "[" else -1
        elif character == "," and depth <= 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]


@cache
def _text_keys() -> dict[str, bool]:
    """Keys that hold text, from the schemas, and whether they may hold a list of texts."""
    found: dict[str, bool] = {}
    for schema, prefix in ((Config, ""), (FilesConfig, "dataset."), (InMemoryConfig, "dataset.")):
        for name, hint in get_type_hints(schema).items():
            if hint in _TEXTS:
                found[prefix + name] = hint not in (str, str | None)
    del found["dataset.name"]  # an option, chosen with dataset=
    return found
