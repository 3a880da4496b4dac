"""From a recorded configuration back to the shortest command line that composes it."""

from __future__ import annotations

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
from glt_cli.config.typed_text import hydra_text
from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder

_GROUPS = ("method", "dataset", "backbone")
#: Not part of a command line: presets apply automatically, and the others don't change the run.
_EXCLUDED = ("preset.", "force", "quiet")


def read_config(folder: RunFolder) -> dict[str, Any] | None:
    """Read a run's resolved configuration; None if it is missing or damaged."""
    try:
        # OmegaConf's loader: plain YAML would read 1e-05 as a string.
        config = OmegaConf.to_container(OmegaConf.load(folder.config))
    except (OSError, ValueError, YAMLError, OmegaConfBaseException):
        return None
    return {str(key): part for key, part in config.items()} if isinstance(config, dict) else None


def overrides_of(config: Mapping[str, Any]) -> list[str] | None:
    """Find the shortest overrides for `glt run` that compose a recorded configuration.

    Returns:
        None if this version can't compose it, because it has an unknown option or key.
    """
    try:
        overrides = [f"{group}={config[group]['name']}" for group in _GROUPS]
        defaults = _defaults(tuple(overrides))
        values = dict(_leaves(config))
        if not set(values) <= set(defaults):
            return None
        changed = [key for key, value in values.items() if value != defaults[key]]
        overrides += [f"{key}={_hydra_value(values[key])}" for key in changed]
        return overrides if _compose(overrides) == defaults | values else None
    except (UserError, KeyError, TypeError):
        return None


def shell_command(overrides: Sequence[str], seeds: Sequence[int]) -> str:
    """Write the shell command that runs one setting; a grid if there are several seeds."""
    others = [override for override in overrides if not override.startswith("seed=")]
    seed = f"seed={','.join(map(str, sorted(seeds)))}"
    return shlex.join(["glt", "run", *(["-m"] if len(seeds) > 1 else []), *others, seed])


@cache
def _defaults(overrides: tuple[str, ...]) -> dict[str, Any]:
    return _compose(overrides)


def _compose(overrides: Sequence[str]) -> dict[str, Any]:
    register_schemas()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(config_folder()), job_name="glt", version_base="1.3"):
        return dict(_leaves(asdict(to_config(composed(overrides)))))


def _leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{name}.")
        elif not name.startswith(_EXCLUDED):
            yield name, value


def _hydra_value(value: Any) -> str:
    """Write a value in Hydra's grammar."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{','.join(map(_hydra_value, value))}]"
    if not isinstance(value, str):
        return repr(value)
    return hydra_text(value)
