"""Keys of one method in a grid over several."""

from __future__ import annotations

import pytest

from glt_cli.config import Config
from glt_cli.config.request import Request, read
from glt_cli.errors import UserError


def grid(*words: str) -> Request:
    return read(words, True, None)


def values(request: Request, key: str) -> list[tuple[str, object]]:
    def value(config: Config) -> object:
        return getattr(config.method, key, None)

    return sorted((point.config.method.name, value(point.config)) for point in request.points)


def test_a_methods_own_key_is_for_it_alone() -> None:
    request = grid("method=fastglt,imp,random", "fastglt.epochs=40")
    default = grid("method=imp").points[0].config.method
    assert values(request, "epochs") == [
        ("fastglt", 40),
        ("imp", default.epochs),  # type: ignore[attr-defined]
        ("random", None),
    ]
    assert request.remarks == ()


def test_its_values_make_a_grid_of_that_method() -> None:
    request = grid(
        "method=fastglt,imp", "fastglt.epochs=40,50", "fastglt.alpha=0.1,0.2", "seed=0,1"
    )
    assert [name for name, _ in values(request, "epochs")] == ["fastglt"] * 8 + ["imp"] * 2
    assert {value for name, value in values(request, "epochs") if name == "fastglt"} == {40, 50}


def test_without_a_grid() -> None:
    (point,) = read(["method=fastglt", "fastglt.epochs=40"], False, None).points
    assert point.config.method.epochs == 40  # type: ignore[attr-defined]
    assert "method.epochs=40" in point.overrides
    (point,) = read(["fastglt.epochs=41"], False, None).points  # the default method
    assert point.config.method.epochs == 41  # type: ignore[attr-defined]
    with pytest.raises(UserError, match=r"several values make a grid: add -m"):
        read(["fastglt.epochs=40,50"], False, None)


def test_a_key_that_some_methods_have() -> None:
    request = grid("method=fastglt,random", "method.epochs=40,50")
    assert values(request, "epochs") == [("fastglt", 40), ("fastglt", 50), ("random", None)]
    assert request.remarks == ("method.epochs: left out for random (no such key)",)
    assert grid("method=fastglt,imp", "method.epochs=40").remarks == ()


def test_mistakes() -> None:
    with pytest.raises(UserError, match=r"^fastglt.epochs=40: no run has method=fastglt"):
        grid("method=imp", "fastglt.epochs=40")
    with pytest.raises(
        UserError, match=r"method.epoch: there is no such key \(did you mean epochs"
    ):
        grid("method=fastglt,imp", "fastglt.epoch=40")
    with pytest.raises(UserError, match=r"method.nonsense: there is no such key"):
        grid("method=fastglt,imp", "method.nonsense=1")
    with pytest.raises(UserError, match=r"method.epochs=-3: must be at least"):
        grid("method=fastglt,imp", "fastglt.epochs=-3")


def test_an_experiment_that_chooses_the_methods() -> None:
    request = read(["experiment=ladder_edges", "seed=0", "fastglt.epochs=40"], False, None)
    assert {value for name, value in values(request, "epochs") if name == "fastglt"} == {40}
