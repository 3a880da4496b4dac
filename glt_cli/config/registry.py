"""Registries of named objects: glt's own and those of plug-ins."""

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

#: Words that Hydra or YAML read as a value, not as a name.
RESERVED = ("null", "none", "true", "false", "yes", "no", "on", "off", "inf", "nan")


class Registry(dict[str, T]):
    """A dictionary in which a name can be added only once.

    Attributes:
        kind: What it holds, such as "edge score".
    """

    every: ClassVar[list[Registry[Any]]] = []

    def __init__(self, kind: str, builtin: Mapping[str, T]) -> None:
        super().__init__(builtin)
        self.kind = kind
        self.builtin = frozenset(builtin)
        Registry.every.append(self)

    def add(self, name: str, thing: T) -> None:
        """Add an object of a plug-in.

        Raises:
            UserError: The name is taken or invalid.
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise UserError(
                f"{self.kind} {name!r}: a name consists of lower-case letters, digits and _, and "
                "begins with a letter"
            )
        if name in RESERVED:
            raise UserError(
                f"{self.kind} {name}: choose another name; {self.kind}s can't be called "
                f"{', '.join(RESERVED)}, which are read as values"
            )
        if name in self:
            first, second = _origin(self[name]), _origin(thing)
            raise UserError(
                f"{self.kind} {name}: {second} registers this name twice; rename one of them"
                if first == second
                else f"{self.kind} {name}: the name is taken by {first}; choose another in {second}"
            )
        self[name] = thing

    def added(self) -> dict[str, T]:
        """The objects that plug-ins added."""
        return {name: thing for name, thing in self.items() if name not in self.builtin}


class Choices(Sequence[str]):
    """Names that a setting may take: a fixed list, and those that plug-ins added."""

    def __init__(self, fixed: Sequence[str], more: Mapping[str, object]) -> None:
        self._fixed, self._more = fixed, more

    def __getitem__(self, index: Any) -> Any:
        return (*self._fixed, *self._more)[index]

    def __len__(self) -> int:
        return len(self._fixed) + len(self._more)


def checked_schema(kind: str, name: str, schema: Any, base: type[Any]) -> None:
    """Check that the schema of a plug-in can be composed.

    Raises:
        UserError: It can't.
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
    """Restore all registries if the body raises, or, for tests, always."""
    before = {id(registry): dict(registry) for registry in Registry.every}
    try:
        yield
    except BaseException:
        always = True
        raise
    finally:
        for registry in Registry.every if always else []:
            known = before.get(id(registry), registry.builtin)  # it may be a new registry
            for name in [name for name in registry if name not in known]:
                del registry[name]


def _origin(thing: object) -> str:
    """Name the module that an object comes from, for messages."""
    module = str(getattr(thing, "__module__", "") or type(thing).__module__)
    return "glt itself" if module.partition(".")[0] in ("glt_cli", "builtins", "torch") else module
