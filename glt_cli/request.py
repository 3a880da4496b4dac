"""From the words of the command line to checked configurations, before anything is made.

Hydra validates a sweep's points only while it runs them, and makes its folders before that. So
the front end composes and checks every point here first.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from glt_cli.config import BACKBONES, METHODS, Config, check
from glt_cli.errors import UserError

CONFIG_NAME = "config"


def config_folder() -> Path:
    """Find `conf/`: inside the package (wheel), or beside it (checkout, editable install)."""
    package = Path(__file__).resolve().parent
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / f"{CONFIG_NAME}.yaml").is_file():
            return folder
    raise UserError(f"glt's configuration folder is missing: expected {package / 'conf'}")


def register_schemas() -> None:
    """Give Hydra the typed schemas; under `hydra/`, which its help doesn't list."""
    store = ConfigStore.instance()
    store.store(group="hydra/glt", name="config", node=Config, package="_global_")
    for name, method in METHODS.items():
        store.store(group="hydra/glt/method", name=name, node=method)
    for name, backbone in BACKBONES.items():
        store.store(group="hydra/glt/backbone", name=name, node=backbone)


@dataclass(frozen=True)
class Point:
    """One run of a request: its words, and the configuration that they come to."""

    overrides: list[str]
    config: Config


@dataclass(frozen=True)
class Request:
    """What a command line asks for.

    Attributes:
        points: The runs.
        is_grid: Whether it is a multirun.
    """

    points: list[Point]
    is_grid: bool


def read(overrides: Sequence[str], multirun: bool, config_dir: str | None) -> Request:
    """Compose, expand and check a request.

    Raises:
        UserError: With everything that is wrong in it.
    """
    register_schemas()
    # Hydra logs its own complaints beside raising them.
    logging.getLogger("hydra").setLevel(logging.CRITICAL)
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(config_folder()), job_name="glt", version_base="1.3"):
        extra = [f"hydra.searchpath=[file://{Path(config_dir).resolve()}]"] if config_dir else []
        if config_dir and not Path(config_dir).is_dir():
            raise UserError(f"--config-dir {config_dir}: there is no such folder")
        parsed = _parse(overrides)
        is_sweep = any(override.is_sweep_override() for override in parsed)
        base = [str(o.input_line) for o in parsed if not o.is_sweep_override()]
        whole = _compose([*extra, *base, *_first_values(parsed)], hydra=True)
        # An experiment file may be a whole grid: hydra.mode and hydra.sweeper.params.
        is_grid = multirun or str(whole.hydra.mode).endswith("MULTIRUN")
        params: dict[str, Any] = whole.hydra.sweeper.get("params") or {}
        grid_overrides = [f"{key}={value}" for key, value in params.items()]
        if is_sweep and not is_grid:
            raise UserError(
                "several values for one key are a grid: add -m (--multirun), or quote a list "
                "as key=[a,b]"
            )
        points = [list(overrides)]
        if is_grid:
            points = _expand([*_parse(grid_overrides), *parsed])
        return Request([Point(p, c) for p, c in _configs(points, extra)], is_grid)


def to_config(composed: DictConfig) -> Config:
    """Turn a composed configuration into its typed form, without what belongs to Hydra."""
    try:
        config = OmegaConf.to_object(composed)
    except OmegaConfBaseException as error:
        raise UserError(_one_line(str(error))) from error
    assert isinstance(config, Config)
    for key in composed:
        if key not in Config.__dataclass_fields__:
            raise UserError(f"{key!s}: there is no such key; see glt run --help")
    if not config.method.prunes:
        config.sparsity.graph = config.sparsity.weight = 0.0
    return config


def _configs(points: list[list[str]], extra: list[str]) -> list[tuple[list[str], Config]]:
    configs, problems = [], []
    for words in points:
        config = to_config(_compose([*extra, *words]))
        configs.append((words, config))
        for problem in check(config):
            if problem not in problems:
                problems.append(problem)
    if problems:
        raise UserError("\n".join(problems))
    return configs


def _parse(words: Sequence[str]) -> list:  # type: ignore[type-arg]
    # With the loader, glob(*) finds a group's options.
    parser, parsed = OverridesParser.create(GlobalHydra.instance().config_loader()), []
    for word in words:
        key = word.partition("=")[0].lstrip("+~")
        if key in ("method.name", "backbone.name", "dataset.name"):
            group = key.removesuffix(".name")
            raise UserError(f"{word}: choose by {group}= (an option), not by its name key")
        if key.startswith("preset"):
            raise UserError(f"{word}: presets apply by themselves; set the keys that they set")
        if "=" not in word and not word.startswith("~"):
            raise UserError(
                f"'{word}' is neither KEY=VALUE nor GROUP=OPTION (as in seed=3 or method=imp); "
                "see glt run --help"
            )
        try:
            parsed += parser.parse_overrides([word])
        except HydraException as error:
            raise UserError(
                f"'{word}' can't be read as KEY=VALUE; quote a value that holds more than "
                "letters, digits and ./_-:, as in key='\"a=b\"'"
            ) from error
    return parsed


def _expand(parsed: list) -> list[list[str]]:  # type: ignore[type-arg]
    try:
        points: list[list[str]] = BasicSweeper.split_arguments(parsed, None)[0]
    except (HydraException, ValueError) as error:
        raise UserError(_one_line(str(error))) from error
    if not points:
        raise UserError("the grid is empty: a range or list of it has no values")
    return points


def _first_values(parsed: list) -> list[str]:  # type: ignore[type-arg]
    """One value of each sweep, to look at the configuration that they share."""
    first = []
    for override in parsed:
        if not override.is_sweep_override():
            continue
        key = override.get_key_element()
        values = (
            iter(override.sweep_string_iterator()) if override.is_discrete_sweep() else iter(())
        )
        value = next(values, None)
        if value is None:
            raise UserError(
                f"'{override.input_line}' gives no values to sweep over; list them ({key}=a,b) or "
                f"use {key}=range(0,3)"
            )
        first.append(f"{key}={value}")
    return first


def _compose(overrides: list[str], hydra: bool = False) -> DictConfig:
    try:
        return compose(CONFIG_NAME, overrides=overrides, return_hydra_config=hydra)
    except yaml.YAMLError as error:
        raise UserError(f"a configuration file is no YAML: {_one_line(str(error))}") from error
    except (HydraException, OmegaConfBaseException, ValueError) as error:
        raise UserError(_explain(error, overrides)) from error


def _explain(error: Exception, overrides: list[str]) -> str:
    """Say in one line what Hydra says in several."""
    text = str(error)
    cause = f"{text}\n{error.__cause__ or ''}"
    if found := re.search(r"Could not find '([^']+)/([^/']*)'", text):
        group, option = found.groups()
        listed = text.partition(f"options in '{group}':")[2].partition("Config search path")[0]
        options = listed.split()
        if not options:
            return f"{group}={option}: there is no such file; --config-dir adds a folder of them"
        return f"{group}={option}: must be one of {', '.join(options)}{_hint(option, options)}"
    if found := re.search(r"Key '(.+?)' is not in struct|Key '(.+?)' not in '", cause):
        key = re.search(r"Could not override '(.+?)'|full_key: (\S+)", cause)
        name = next((g for g in key.groups() if g), "") if key else found.group(1)
        if name == "experiment":
            return "the experiment file sets nothing: begin it with '# @package _global_'"
        return f"{name}: there is no such key{_siblings(name, overrides)}; see glt run --help"
    if found := re.search(r"Value '(.*?)' is not a valid bool.*?full_key: (\S+)", cause, re.S):
        return f"{found.group(2)}={found.group(1)}: must be true or false"
    if "Got NoneType" in text or "to have multiple values" in text:
        groups = [word for word in overrides if word.endswith(("=null", "=", "]"))]
        return f"{', '.join(groups)}: name one option"
    if "Error resolving interpolation" in text:
        return "method, backbone and dataset each need one option, as in method=imp backbone=gcn"
    if found := re.search(r"Value '(.*?)' .*?could not be converted to (\w+)", cause, re.S):
        key = re.search(r"full_key: (\S+)", cause)
        value, kind = found.groups()
        kinds = {"Integer": "a whole number", "Float": "a number"}
        name = key.group(1) if key else "a key"
        return f"{name}={value}: must be {kinds.get(kind, kind)}"
    if found := re.search(r"full_key: (\S+)", cause):
        words = [word for word in overrides if word.startswith(f"{found.group(1)}=")]
        detail = text.splitlines()[0]
        return f"{(words or [found.group(1)])[-1]}: not a value that fits here ({detail})"
    return _one_line(text)


def _siblings(key: str, overrides: list[str]) -> str:
    """Suggest the key's neighbours that look like it, or list them."""
    groups = [word for word in overrides if "." not in word.partition("=")[0]]
    try:
        parent, _, name = key.rpartition(".")
        node = compose(CONFIG_NAME, overrides=groups if parent else [])
        siblings = list((OmegaConf.select(node, parent) if parent else node).keys())
    except (HydraException, OmegaConfBaseException, AttributeError):
        return ""
    hint = _hint(name, [str(s) for s in siblings])
    where = f"{parent} has" if parent else "there are"
    return hint or f" ({where} {', '.join(map(str, siblings))})"


def _hint(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _one_line(text: str) -> str:
    text = text.split("Config search path")[0]
    return " ".join(line.strip() for line in text.splitlines() if line.strip())
