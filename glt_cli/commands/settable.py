"""Completion of settings, from Hydra's own completion and the choices that schemas declare."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from hydra.core.config_loader import ConfigLoader
from hydra.plugins.completion_plugin import CompletionPlugin, DefaultCompletionPlugin
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from glt_cli.config import Config
from glt_cli.config.compose import COMPOSE_ERRORS, CONFIG_NAME
from glt_cli.config.method_keys import split_by_method
from glt_cli.config.methods import METHODS
from glt_cli.config.override_form import HYDRA_KEYS
from glt_cli.config.request import composing


def settable(words: Sequence[str], last: str, config_dir: str | None) -> list[str]:
    """Candidates GROUP=OPTION and KEY=VALUE, or beginnings of them, after other settings.

    In a grid or a list, the last value is completed. In a grid over methods, `fastglt.` has the
    keys of that method.
    """
    words, _ = split_by_method(words)
    name, dot, rest = last.partition(".")
    if dot and name in METHODS:
        others = [word for word in words if not word.startswith("method=")]
        found = settable([*others, f"method={name}"], f"method.{rest}", config_dir)
        return [f"{name}.{word.removeprefix('method.')}" for word in found]
    folder = Path(config_dir).expanduser() if config_dir else None
    key, equals, value = last.partition("=")
    with composing(str(folder) if folder and folder.is_dir() else None) as hydra:
        try:
            if equals:
                return list(_values(hydra.config_loader, words, key, value))
            return [*_of_methods(words, last), *_keys(hydra.config_loader, words, last)]
        except COMPOSE_ERRORS:
            return []  # an earlier word is wrong: running the command will report it


def _of_methods(words: Sequence[str], last: str) -> list[str]:
    """Begin the keys of one method of a grid over several."""
    chosen = [word.partition("=")[2] for word in words if word.startswith("method=")]
    names = chosen[-1].split(",") if chosen else []
    return [f"{name}." for name in names if len(names) > 1 and f"{name}.".startswith(last)]


def _keys(loader: ConfigLoader, words: Sequence[str], last: str) -> Iterable[str]:
    theirs = [f"{key}=" if "/" in key else key for key in HYDRA_KEYS]
    yield from (key for key in theirs if key.startswith(last) and key != last)
    groups, _ = _options(loader, words, last)
    yield from filter(_may_be_set, groups)
    matches = CompletionPlugin._get_matches(_composed(loader, words), last)
    yield from filter(_may_be_set, matches)


def _may_be_set(key: str) -> bool:
    """Whether glt accepts a key of Hydra's completion."""
    if key.startswith("hydra"):
        return key.startswith(HYDRA_KEYS) and not key.endswith("._target_=")
    return not key.startswith("preset") and not key.endswith(".name=")


def _values(loader: ConfigLoader, words: Sequence[str], key: str, value: str) -> Iterable[str]:
    if not _may_be_set(f"{key}="):
        return
    _, bracket, listed = value.rpartition("[")
    before, comma, _ = listed.rpartition(",")
    begun = f"{key}={value[: len(value) - len(listed)]}{before}{comma}"
    options, is_group = _options(loader, words, f"{key}=")
    found = [option.partition("=")[2] for option in options]
    if not is_group:
        found = _values_of_key(_composed(loader, words), key, bool(bracket))
    yield from (f"{begun}{each}" for each in found if each not in before.split(","))


def _values_of_key(config: DictConfig, key: str, in_list: bool) -> list[str]:
    """The values that a key may take, or its current value if they aren't listed anywhere."""
    above, _, name = key.rpartition(".")
    kind: Any = OmegaConf.get_type(config, above) if above else Config
    field = getattr(kind, "__dataclass_fields__", {}).get(name)
    if field is None:
        choices: list[str] = []
    elif get_type_hints(kind)[name] is bool:
        choices = ["true", "false"]
    else:
        choices = list(field.metadata.get("choices", ()))
    current = OmegaConf.select(config, key)
    if OmegaConf.is_list(current):
        return choices if in_list else [f"[{choice}" for choice in choices]
    if choices or in_list or current is None or OmegaConf.is_config(current):
        return choices
    return [str(current).lower() if isinstance(current, bool) else str(current)]


def _options(loader: ConfigLoader, words: Sequence[str], last: str) -> tuple[list[str], bool]:
    """Groups or GROUP=OPTION, and whether `last` names a group.

    This is a step of CompletionPlugin._query, which can't be used, as it splits a line at every
    space, also inside words.
    """
    plugin = DefaultCompletionPlugin(loader)
    return plugin._query_config_groups(last, CONFIG_NAME, list(words))


def _composed(loader: ConfigLoader, words: Sequence[str]) -> DictConfig:
    # As a multirun, a key may have several values.
    return loader.load_configuration(CONFIG_NAME, list(words), RunMode.MULTIRUN)
