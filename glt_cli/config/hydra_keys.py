"""Which of Hydra's own keys may be set: those that say how a grid is expanded and launched.

Hydra runs code that its configuration names: callbacks, logging handlers, launchers and anything
with a `_target_`. A configuration file is data, so it may set none of that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf

from glt_cli.config.leaves import leaves

#: Set by Hydra while composing.
_COMPUTED = ("runtime.", "overrides.", "job.override_dirname")
#: Keys that files and the command line may set.
_FREE = ("mode", "sweeper.params", "sweeper.max_batch_size", "launcher.")
#: Launcher options that are run as commands: the command line may set them, files may not.
_COMMANDS = ("setup", "python", "srun_args", "additional_parameters", "pre_dispatch")
#: Keys that make Hydra call an object that a configuration names.
_CALLS = ("_target_", "_partial_", "_args_", "_recursive_", "_convert_")


def refused(found: DictConfig, plain: DictConfig, words: Sequence[str]) -> list[str]:
    """List the keys that were set in Hydra's configuration but may not be.

    Args:
        found: Hydra's node of a composed configuration.
        plain: The same node without the user's files and overrides.
        words: The command line, which may set the commands of a launcher.
    """
    before = dict(leaves(OmegaConf.to_container(plain, resolve=False)))
    wrong = []
    for key, value in leaves(OmegaConf.to_container(found, resolve=False)):
        name = key.rpartition(".")[2]
        if name in _CALLS and key not in ("launcher._target_", "sweeper._target_"):
            wrong.append(key)
        elif key in ("launcher._target_", "sweeper._target_"):
            if value not in _installed(key.partition(".")[0]):
                wrong.append(key)
        elif key.startswith("launcher.") and (option := key.split(".")[1]) in _COMMANDS:
            is_typed = any(
                word.lstrip("+").startswith(f"hydra.launcher.{option}") for word in words
            )
            if value not in (None, "", "2*n_jobs") and not is_typed:
                wrong.append(key)
        elif not key.startswith((*_COMPUTED, *_FREE)) and before.get(key, key) != value:
            wrong.append(key)
    return [f"hydra.{key}" for key in wrong]


def explain_refused(keys: Sequence[str], found: DictConfig, config_dir: str | None) -> str:
    """Explain in one line which keys may not be set, and which of the user's files sets them.

    Args:
        keys: The result of `refused`.
        found: Hydra's node of the composed configuration, which lists the chosen files.
        config_dir: The user's folder of options, if there is one.
    """
    return (
        f"{_source(found, config_dir)}: {', '.join(keys)} can't be set; of Hydra's keys only mode, "
        "sweeper.params and the options of an installed launcher can be, not those that run code "
        "or move folders and logs"
    )


def _source(found: DictConfig, config_dir: str | None) -> str:
    if config_dir is None:
        return "the command line"
    chosen = [f"{group}/{name}.yaml" for group, name in found.runtime.choices.items()]
    files = [Path(config_dir) / name for name in chosen]
    own = [
        path
        for name, path in zip(chosen, files, strict=True)
        if path.is_file() and (name.startswith("hydra/") or b"hydra" in path.read_bytes())
    ]
    return ", ".join(map(str, own)) or f"--config-dir {config_dir}"


def _installed(group: str) -> set[str]:
    """Classes of the launchers or sweepers of Hydra and its installed plug-ins."""
    options: Mapping[str, Any] = ConfigStore.instance().repo["hydra"].get(group, {})
    return {str(option.node.get("_target_")) for option in options.values()}
