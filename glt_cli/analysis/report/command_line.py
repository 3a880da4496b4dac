"""From a recorded configuration back to the shortest command line that composes it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from glt_cli.config.compose import composed, to_config
from glt_cli.config.request import config_folder, register_schemas
from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder

_GROUPS = ("method", "dataset", "backbone")
#: What a command line can't set (presets apply by themselves), and how a run was asked for, which
#: is no part of what it is.
_LEFT_OUT = ("preset.", "force", "quiet")


def recorded(folder: RunFolder) -> dict[str, Any] | None:
    """Read a run's resolved settings, or None where they are missing or damaged."""
    try:
        # OmegaConf's reader, for YAML's own takes 1e-05 for a word.
        config = OmegaConf.to_container(OmegaConf.load(folder.config))
    except (OSError, ValueError, YAMLError, OmegaConfBaseException):
        return None
    return {str(key): part for key, part in config.items()} if isinstance(config, dict) else None


def words_of(config: Mapping[str, Any]) -> list[str] | None:
    """Words of `glt run` that compose a recorded configuration, nothing said that goes unsaid.

    Returns:
        None where this glt can't compose it: it names an option or a key that is not known here.
    """
    try:
        words = [f"{group}={config[group]['name']}" for group in _GROUPS]
        usual = _usual(tuple(words))
        values = dict(_leaves(config))
        if not set(values) <= set(usual):
            return None
        further = [key for key, value in values.items() if value != usual[key]]
        words += [f"{key}={_written(values[key])}" for key in further]
        return words if _composed(words) == usual | values else None
    except (UserError, KeyError, TypeError):
        return None


def command(words: Sequence[str], seeds: Sequence[int]) -> str:
    """Write a shell's command line of one setting, a grid where there are several seeds."""
    rest = [word for word in words if not word.startswith("seed=")]
    seed = f"seed={','.join(map(str, sorted(seeds)))}"
    return shlex.join(["glt", "run", *(["-m"] if len(seeds) > 1 else []), *rest, seed])


@cache
def _usual(words: tuple[str, ...]) -> dict[str, Any]:
    return _composed(words)


def _composed(words: Sequence[str]) -> dict[str, Any]:
    register_schemas()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(config_folder()), job_name="glt", version_base="1.3"):
        return dict(_leaves(asdict(to_config(composed(words)))))


def _leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{name}.")
        elif not name.startswith(_LEFT_OUT):
            yield name, value


#: Text that Hydra's grammar reads as the text that it is.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*")
_MEANT = {"true", "false", "null", "nan", "inf"}


def _written(value: Any) -> str:
    """Write a value as Hydra's grammar has it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if not isinstance(value, str):
        return repr(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _MEANT:
        return value
    # Backslashes are themselves unless a quote follows them.
    escaped = re.sub(r'(\\*)("|$)', lambda m: m[1] * 2 + ("\\" + m[2] if m[2] else ""), value)
    return f'"{escaped}"'.replace("${", "\\${")
