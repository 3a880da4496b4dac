from dataclasses import dataclass
from typing import Any

import pytest

from glt_cli.config.methods import MethodConfig
from glt_cli.config.registry import RESERVED, Choices, Registry, checked_schema, restored
from glt_cli.errors import UserError


@pytest.fixture
def registry() -> Any:
    made: Registry[Any] = Registry("edge score", {"first": len})
    yield made
    Registry.every.remove(made)


def test_a_name_is_entered_once_and_the_error_names_both(registry: Registry[Any]) -> None:
    def mine() -> None: ...

    def other() -> None: ...

    mine.__module__, other.__module__ = "my_module", "other_module"
    registry.add("mine", mine)
    assert registry["mine"] is mine
    assert registry.added() == {"mine": mine}
    with pytest.raises(
        UserError, match=r"edge score mine: the name is taken by my_module; .* in other_module"
    ):
        registry.add("mine", other)
    with pytest.raises(UserError, match=r"the name is taken by glt itself; .* in my_module"):
        registry.add("first", mine)
    with pytest.raises(UserError, match="edge score mine: my_module registers this name twice"):
        registry.add("mine", mine)


@pytest.mark.parametrize("name", RESERVED)
def test_words_that_are_read_as_values_are_no_names(registry: Registry[Any], name: str) -> None:
    with pytest.raises(UserError, match=f"^edge score {name}: choose another name"):
        registry.add(name, len)


@pytest.mark.parametrize("name", ["", "Mine", "1st", "my-score", "a b", "ünlike", "a,b"])
def test_names_are_simple(registry: Registry[Any], name: str) -> None:
    with pytest.raises(UserError, match="a name consists of"):
        registry.add(name, len)


def test_choices_follow_a_registry(registry: Registry[Any]) -> None:
    choices = Choices(("one",), registry.added())
    live = Choices(("one",), registry)
    registry.add("mine", len)
    assert list(choices) == ["one"]
    assert list(live) == ["one", "first", "mine"]
    assert "mine" in live
    assert ", ".join(live) == "one, first, mine"


def test_what_fails_leaves_nothing_behind(registry: Registry[Any]) -> None:
    with restored():
        registry.add("kept", len)

    def fail() -> None:
        with restored():
            registry.add("half", len)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert list(registry) == ["first", "kept"]


def test_schemas_are_checked_when_they_are_registered() -> None:
    class Bare(MethodConfig):
        power: float = 1.0

    @dataclass
    class Odd(MethodConfig):
        power: Any = len

    for schema, text in ((Bare, "needs @dataclass"), (int, "subclass"), (Odd, "can't be composed")):
        with pytest.raises(UserError, match=f"method mine: its schema .*{text}"):
            checked_schema("method", "mine", schema, MethodConfig)
