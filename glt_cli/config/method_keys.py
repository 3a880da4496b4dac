"""Keys of a grid over methods: `fastglt.epochs=40` is for that method's runs alone.

`method.epochs=40` is for all runs whose method has such a key; of which methods it isn't, is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields

from glt_cli.config.methods import METHODS, MethodConfig
from glt_cli.errors import UserError

Overrides = list[str]
_KEY = "method."


def split_by_method(words: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Separate the words for one method, as `method.KEY=VALUE` by its name, from all others."""
    others: list[str] = []
    own: dict[str, list[str]] = {}
    for word in words:
        name, dot, rest = word.partition(".")
        if dot and name in METHODS and "=" in rest:
            own.setdefault(name, []).append(f"{_KEY}{rest}")
        else:
            others.append(word)
    return others, own


def for_their_methods(
    points: Sequence[Overrides],
    own: dict[str, list[Overrides]],
    method_of: Callable[[Overrides], MethodConfig],
) -> tuple[list[Overrides], list[str]]:
    """Give each point the keys of its method, and no others.

    Args:
        points: The overrides of each run.
        own: For each method, every combination of the words that are for it alone.
        method_of: Composes the method of some overrides.

    Returns:
        The overrides of each run, and a line for each key that some methods don't have.

    Raises:
        UserError: Words are for a method that no run has.
    """
    chosen = [method_of([word for word in point if not _of_method(word)]) for point in points]
    names = {method.name for method in chosen}
    for name, combinations in own.items():
        if name not in names:
            words = " ".join(word.replace(_KEY, f"{name}.", 1) for word in combinations[0])
            raise UserError(
                f"{words}: no run has method={name}; they have {', '.join(sorted(names))}"
            )
    keys = {word.partition("=")[0] for point in points for word in point if _of_method(word)}
    lacking: dict[str, set[str]] = {}
    for key in keys:
        without = {method.name for method in chosen if not _has(method, key)}
        if without != names:  # where none has it, composing explains what there is
            lacking[key] = without
    found = []
    for point, method in zip(points, chosen, strict=True):
        kept = [
            word for word in point if method.name not in lacking.get(word.partition("=")[0], ())
        ]
        found += [[*kept, *more] for more in own.get(method.name, [[]])]
    remarks = [
        f"{key}: left out for {', '.join(sorted(without))} (no such key)"
        for key, without in sorted(lacking.items())
        if without
    ]
    return found, remarks


def _of_method(word: str) -> bool:
    return word.startswith(_KEY)


def _has(method: MethodConfig, key: str) -> bool:
    name = key.removeprefix(_KEY).partition(".")[0]
    return name in {item.name for item in fields(method)}
