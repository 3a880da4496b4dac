"""Registries: what has a name, glt's own things and those of plug-ins alike."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from glt_cli.errors import UserError

T = TypeVar("T")


class Registry(dict[str, T]):
    """A dictionary that a name enters once.

    Attributes:
        kind: What it holds, in one word or two, as in "edge score".
    """

    every: ClassVar[list[Registry[Any]]] = []

    def __init__(self, kind: str, builtin: Mapping[str, T]) -> None:
        super().__init__(builtin)
        self.kind = kind
        self.builtin = frozenset(builtin)
        Registry.every.append(self)

    def add(self, name: str, thing: T) -> None:
        """Enter something of a plug-in.

        Raises:
            UserError: The name is taken, or is none.
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise UserError(
                f"{self.kind} {name!r}: a name is made of small letters, digits and _, and "
                "begins with a letter"
            )
        if name in self:
            raise UserError(
                f"{self.kind} {name}: {_origin(self[name])} has one of this name already; "
                f"{_origin(thing)} must call its own otherwise"
            )
        self[name] = thing

    def added(self) -> dict[str, T]:
        """What plug-ins have entered."""
        return {name: thing for name, thing in self.items() if name not in self.builtin}


class Choices(Sequence[str]):
    """Names that a setting may take: some that are fixed, and those that plug-ins have entered."""

    def __init__(self, fixed: Sequence[str], more: Mapping[str, object]) -> None:
        self._fixed, self._more = fixed, more

    def __getitem__(self, index: Any) -> Any:
        return (*self._fixed, *self._more)[index]

    def __len__(self) -> int:
        return len(self._fixed) + len(self._more)


def checked_schema(kind: str, name: str, schema: Any, base: type[Any]) -> None:
    """See that the settings of a plug-in can be composed.

    Raises:
        UserError: They can't.
    """
    shown = getattr(schema, "__name__", repr(schema))
    if not (isinstance(schema, type) and issubclass(schema, base)):
        raise UserError(f"{kind} {name}: its schema {shown} must be a subclass of {base.__name__}")
    if "__dataclass_fields__" not in schema.__dict__ or not dataclasses.is_dataclass(schema):
        raise UserError(f"{kind} {name}: its schema {shown} needs @dataclass above it")
    try:
        OmegaConf.structured(schema)
    except (OmegaConfBaseException, TypeError, ValueError, NameError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"{kind} {name}: its schema {shown} can't be composed ({reason})"
        ) from error


@contextlib.contextmanager
def restored(always: bool = False) -> Iterator[None]:
    """Put all registries back as they were if something fails; or always, for tests."""
    before = {id(registry): dict(registry) for registry in Registry.every}
    try:
        yield
    except BaseException:
        always = True
        raise
    finally:
        for registry in Registry.every if always else []:
            known = before.get(id(registry), registry.builtin)  # or it was made meanwhile
            for name in [name for name in registry if name not in known]:
                del registry[name]


def _origin(thing: object) -> str:
    """Whose a thing is."""
    module = str(getattr(thing, "__module__", "") or type(thing).__module__)
    return "glt itself" if module.partition(".")[0] in ("glt_cli", "builtins", "torch") else module
