"""One checked configuration from Python keyword arguments, composed as on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any

from glt_cli.config import Config
from glt_cli.config.datasets import InMemoryConfig
from glt_cli.config.request import read
from glt_cli.config.typed_text import hydra_text
from glt_cli.errors import UserError, kind_of

#: Keys of `glt run` that can't be set by keyword, with the reason.
_NOT_SETTINGS = {
    **dict.fromkeys(
        ("method", "backbone", "seed", "sparsity", "sparsity.graph", "sparsity.weight"),
        "is set by an argument of find_ticket",
    ),
    **dict.fromkeys(("dataset", "dataset.name", "dataset.task"), "follows from the data"),
    "data_root": "has no effect here: the data is already in memory",
    "force": "has no effect here: every call starts a new run",
}

_GROUPS = {
    "experiment": "the name of an experiment",
    "retrain": 'a mapping of its keys, as in retrain={"control": "reinit"}',
    "trainer": 'a mapping of its keys, as in trainer={"epochs": 50}',
}


def config_of(
    dataset: InMemoryConfig, arguments: Mapping[str, Any], settings: Mapping[str, Any]
) -> Config:
    """Compose and check the configuration that `glt run` would make from the same settings.

    Args:
        dataset: Default settings of the data.
        arguments: Values by their keys on the command line.
        settings: More values; those of a group may be given as a mapping.

    Raises:
        UserError: Something is wrong; the message has one line for each mistake.
    """
    given = dict(_flat(settings))
    for key, value in given.items():
        if key in _NOT_SETTINGS:
            raise UserError(f"{key}: {_NOT_SETTINGS[key]}")
        if key in _GROUPS and not isinstance(value, str):
            raise UserError(f"{key}: must be {_GROUPS[key]}; it is {kind_of(value)}")
    words = [f"{key}={_value(key, value)}" for key, value in {**arguments, **given}.items()]
    request = read(["dataset=in_memory", *words], False, config_dir=None, dataset=dataset)
    if request.is_grid:
        raise UserError(
            f"experiment={given['experiment']}: is a grid of runs; find_ticket does a single run"
        )
    return request.points[0].config


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _value(key: str, value: Any) -> str:
    """Format a value for the command line; text is quoted where it could be read as a grid."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Real):
        return str(value)
    if isinstance(value, str):
        return hydra_text(value)
    if isinstance(value, list | tuple):
        return f"[{','.join(_value(key, each) for each in value)}]"
    if isinstance(value, Mapping):
        raise UserError(f'{key}: must be a single name; set its keys as **{{"{key}.KEY": VALUE}}')
    raise UserError(f"{key}: must be a number, text or a list; it is {kind_of(value)}")
