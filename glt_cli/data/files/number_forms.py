"""What people write where a number is meant, and what would be right instead."""

from __future__ import annotations

import re

#: Cells that stand for nothing, besides the words that are always missing (`cells.py`).
_PLACEHOLDERS = frozenset(
    {"?", "??", "-", "--", "\u2013", "\u2014", ".", "..", "*", "x", "#n/a", "#na", "#value!"}
    | {"#div/0!", "#ref!", "\\n", "missing", "unknown", "undefined", "void", "n.a.", "tbd"}
)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_THOUSANDS_WITH_POINTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(\.\d{3}){2,}")
_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?")
_GAPS = re.compile(r"[+-]?\d{1,3}([ \u00a0\u202f'\u2019_]\d{3})+([.,]\d+)?")
_CURRENCY = re.compile(
    r"[+-]?\s*[$\u20ac\u00a3\u00a5]\s*[+-]?[\d.,' ]+|[+-]?[\d.,' ]+\s*[$\u20ac\u00a3\u00a5]"
)
_PERCENT = re.compile(r"[+-]?[\d.,]+\s*%")


def is_placeholder(word: str) -> bool:
    """Whether a word, in lower case, may stand for a missing value."""
    return not word.strip() or word.strip() in _PLACEHOLDERS


def meant_as(word: str) -> str | None:
    """Say how to write what is nearly a number, such as 1,234 or 5%; None for other text."""
    word = word.strip()
    if _THOUSANDS.fullmatch(word):
        plain = word.replace(",", "")
        decimal = "" if word.count(",") > 1 or "." in word else f", or {word.replace(',', '.')} if "
        decimal += "the comma is a decimal one" if decimal else ""
        return f"write it without separators of thousands, as {plain}{decimal}"
    if _COMMA.fullmatch(word):
        return "write it with a decimal point"
    if _THOUSANDS_WITH_POINTS.fullmatch(word):
        return f"write it as {word.replace('.', '').replace(',', '.')}"
    if _GAPS.fullmatch(word):
        return "write it without separators of thousands"
    if _PERCENT.fullmatch(word):
        return "write it without the sign of per cent"
    if _CURRENCY.fullmatch(word) and any(character.isdigit() for character in word):
        return "write it as a plain number, without the currency"
    return None
