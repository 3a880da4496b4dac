"""From keywords of Python to one checked configuration, by the command line's own way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

from glt_cli.config import Config
from glt_cli.config.datasets import InMemoryConfig
from glt_cli.config.request import read
from glt_cli.errors import UserError

#: What `glt run` has and keywords can't set, with the reason.
_NOT_SETTINGS = {
    **dict.fromkeys(
        ("method", "backbone", "seed", "sparsity", "sparsity.graph", "sparsity.weight"),
        "is set by an argument of find_ticket",
    ),
    **dict.fromkeys(("dataset", "dataset.name", "dataset.task"), "follows from the data"),
    "data_root": "means nothing here, since the data are given",
    "force": "means nothing here, since every call runs anew",
}

_GROUPS = {
    "experiment": "the name of an experiment",
    "retrain": 'a mapping of its keys, as in retrain={"control": "reinit"}',
    "trainer": 'a mapping of its keys, as in trainer={"epochs": 50}',
}


def config_of(
    dataset: InMemoryConfig, arguments: Mapping[str, Any], settings: Mapping[str, Any]
) -> Config:
    """Compose and check what `glt run` would from the same words.

    Args:
        dataset: Settings of the data where nothing else is said.
        arguments: Values by their keys on the command line.
        settings: More of them, some as mappings of a group.

    Raises:
        UserError: With everything that is wrong, a line each.
    """
    given = dict(_flat(settings))
    for key, value in given.items():
        if key in _NOT_SETTINGS:
            raise UserError(f"{key}: {_NOT_SETTINGS[key]}")
        if key in _GROUPS and not isinstance(value, str):
            raise UserError(f"{key}: must be {_GROUPS[key]}; it is a {type(value).__name__}")
    words = [f"{key}={_value(key, value)}" for key, value in {**arguments, **given}.items()]
    request = read(["dataset=in_memory", *words], False, config_dir=None, dataset=dataset)
    if request.is_grid:
        raise UserError(f"experiment={given['experiment']}: is a grid; find_ticket does one run")
    return request.points[0].config


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _value(key: str, value: Any) -> str:
    """Write a value as the command line has it: text in quotes, so that it is never a grid."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Real):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace('"', '\\"')
        return value if re.fullmatch(r"[A-Za-z0-9./_:+-]+", value) else f'"{escaped}"'
    if isinstance(value, list | tuple):
        return f"[{','.join(_value(key, each) for each in value)}]"
    if isinstance(value, Mapping):
        raise UserError(f'{key}: must be one name; its keys are set as **{{"{key}.KEY": VALUE}}')
    raise UserError(f"{key}: must be a number, text or a list; it is a {type(value).__name__}")
