"""Settings from environment variables: their values are used, but not stored or shown.

What stands in their place is the text as written, such as ${oc.env:TOKEN}.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from glt_cli.config.leaves import leaves
from glt_cli.errors import UserError
from glt_cli.terminal import conceal

_VARIABLE = re.compile(r"\$\{oc\.env:")
#: What a stored file may contain: variables, with or without a default, and nothing else.
_PLAIN = re.compile(r"\$\{oc\.env:\w+(,[^${}]*)?\}")
_NAME = re.compile(r"\$\{oc\.env:(\w+)\}")
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")


def as_written(unresolved: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that depend on environment variables: their text by their keys.

    Args:
        unresolved: Composed settings, nested, with their interpolations.
    """
    texts = dict(_texts(unresolved))
    found = {key for key, text in texts.items() if _VARIABLE.search(text)}
    # Settings that repeat one of these depend on a variable too.
    while more := {
        key
        for key, text in texts.items()
        if key not in found and found & set(_REFERENCE.findall(text))
    }:
        found |= more
    return {key: texts[key] for key in sorted(found)}


def restored(settings: dict[str, Any], written: Mapping[str, str]) -> dict[str, Any]:
    """Put the text as written back in place of the values, in nested plain settings."""
    for key, text in written.items():
        *path, name = key.split(".")
        node: Any = settings
        for part in path:
            node = node[int(part)] if isinstance(node, list) else node[part]
        node[int(name) if isinstance(node, list) else name] = text
    return settings


def conceal_values(settings: Mapping[str, Any], written: Mapping[str, str]) -> None:
    """Let messages show the text as written in place of the values."""
    values = dict(_texts(settings))
    for key, text in written.items():
        if key in values:
            conceal(values[key], text)


def resolved(settings: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Look up the environment variables in stored settings.

    Returns:
        The settings with values, and the text as written by key.

    Raises:
        UserError: A variable isn't set.
        ValueError: The text is an interpolation of another kind.
    """
    written = {key: text for key, text in _texts(settings) if "${" in text}
    for key, text in written.items():
        if "${" in _PLAIN.sub("", text):
            raise ValueError(f"{key} may name environment variables only, not {text}")
    if not written:
        return settings, {}
    try:
        values: Any = OmegaConf.to_container(OmegaConf.create(settings), resolve=True)
    except OmegaConfBaseException as error:
        names = [name for text in written.values() for name in _NAME.findall(text)]
        missing = next((name for name in names if name not in os.environ), "?")
        raise UserError(
            f"the environment variable {missing} must be set, as for the run"
        ) from error
    conceal_values(values, written)
    return values, written


def _texts(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the leaves that are text, by their dotted keys."""
    return ((key, value) for key, value in leaves(settings) if isinstance(value, str))
