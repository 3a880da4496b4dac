"""JSON of anybody is read as plain values and held to a schema."""

from dataclasses import dataclass
from typing import Any

import pytest

from glt_cli.experiment.typed_json import integer, number, parse, typed


@dataclass
class Schema:
    count: int
    share: float = 0.5
    name: str | None = None
    words: list[str] | None = None
    anything: Any = None
    flag: bool = False


def test_what_fits_is_taken() -> None:
    given = {"count": 3, "share": 1, "name": None, "words": ["a"], "anything": {"b": 1}}
    assert typed(Schema, given) == Schema(3, 1, None, ["a"], {"b": 1})
    assert typed(Schema, parse('{"count": 0}')) == Schema(0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": "3"}, "settings.count is of the wrong type"),
        ({"count": True}, "settings.count is of the wrong type"),
        ({"count": 1.0}, "settings.count is of the wrong type"),
        ({"count": 10**400}, "settings.count is of the wrong type"),
        ({"count": 1, "share": 10**400}, "settings.share is of the wrong type"),
        ({"count": 1, "share": float("inf")}, "settings.share is of the wrong type"),
        ({"count": 1, "share": "x"}, "settings.share is of the wrong type"),
        ({"count": 1, "name": 5}, "settings.name is of the wrong type"),
        ({"count": 1, "words": [1]}, "settings.words is of the wrong type"),
        ({"count": 1, "flag": 1}, "settings.flag is of the wrong type"),
        ({"count": 1, "other": 1}, "settings.other is unknown"),
        ({}, "settings lacks a field"),
        ([], "settings must be an object"),
    ],
)
def test_what_does_not_is_named(given: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        typed(Schema, given, "settings")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "NaN", '{"a": Infinity}', "", "\0", "9" * 5000, b"\xff\xfe{"]
)
def test_what_is_no_plain_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


def test_numbers() -> None:
    assert (number({"w": 3}, "w", 1.0), number({}, "w", 1.0)) == (3.0, 1.0)
    for wrong in ({"w": "3"}, {"w": 10**400}, {"w": None}, {"w": float("inf")}):
        with pytest.raises(ValueError, match="w must be a number"):
            number(wrong, "w", 1.0)


def test_counts() -> None:
    assert (integer({"n": 3}, "n"), integer({}, "n", 0)) == (3, 0)
    for wrong in ({"n": -1}, {"n": "3"}, {"n": True}, {"n": 10**40}, {}):
        with pytest.raises(ValueError, match="n must be a whole number"):
            integer(wrong, "n")
