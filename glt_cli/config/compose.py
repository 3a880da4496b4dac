"""Compose configurations with Hydra, and report each mistake in one line."""

from __future__ import annotations

import contextlib
import copy
import difflib
import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, get_type_hints

import yaml
from hydra import compose
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict, read_write
from omegaconf.errors import OmegaConfBaseException

from glt_cli.config import Config, RetrainConfig, SparsityConfig, TrainerConfig, check
from glt_cli.config.backbones import BACKBONES
from glt_cli.config.datasets import DATASETS
from glt_cli.config.environment import as_written, conceal_values
from glt_cli.config.methods import METHODS
from glt_cli.errors import UserError

CONFIG_NAME = "config"


def composed(overrides: Sequence[str], hydra: bool = False) -> DictConfig:
    """Compose a configuration.

    Raises:
        UserError: One line for each override that is wrong by itself, or, if none is, one line
            for the combination.
    """
    try:
        return _compose(overrides, hydra)
    except COMPOSE_ERRORS as error:
        combination = explain(error, overrides)
    problems, valid = _check_each(overrides)
    if problems:
        with contextlib.suppress(*COMPOSE_ERRORS):  # reported already
            problems += check(to_config(_compose(valid)))
    raise UserError("\n".join(dict.fromkeys(problems or [combination])))


def to_config(cfg: DictConfig) -> Config:
    """Convert a composed configuration to a `Config`, without Hydra's node."""
    ours = without_hydra(cfg)
    try:
        config = OmegaConf.to_object(ours)
    except OmegaConfBaseException as error:
        raise UserError(explain(error, [])) from error
    assert isinstance(config, Config)
    unresolved: Any = OmegaConf.to_container(ours, resolve=False)
    config.written = as_written(unresolved)
    conceal_values(asdict(config), config.written)
    if "hydra" in cfg:
        for group in ("method", "backbone", "dataset"):
            chosen, built_in = cfg.hydra.runtime.choices[group], getattr(config, group).name
            setattr(config.names, group, chosen if chosen != built_in else None)
    if not config.method.prunes:
        # Without pruning there is no ticket to retrain.
        config.sparsity.graph = config.sparsity.weight = 0.0
        config.retrain = RetrainConfig()
    return config


def without_hydra(cfg: DictConfig) -> DictConfig:
    """Copy a composed configuration without Hydra's node."""
    if "hydra" not in cfg:
        return cfg
    ours = copy.deepcopy(cfg)
    with open_dict(ours), read_write(ours):
        del ours["hydra"]
    return ours


#: Errors that composing may raise.
COMPOSE_ERRORS = (
    HydraException,
    OmegaConfBaseException,
    yaml.YAMLError,
    ValueError,
    AssertionError,  # of Hydra, for a file or a key of a shape that it doesn't expect
    RecursionError,
    OSError,  # of Hydra too, for a file that holds a number
)
#: Longest message of Hydra that is passed on.
_LONGEST = 300


def _compose(overrides: Sequence[str], hydra: bool = False) -> DictConfig:
    cfg = compose(CONFIG_NAME, overrides=list(overrides), return_hydra_config=hydra)
    for key in cfg:
        if key != "hydra" and key not in Config.__dataclass_fields__:
            raise ValueError(f"{key!s}: there is no such key; see glt run --help")
    return cfg


def _check_each(overrides: Sequence[str]) -> tuple[list[str], list[str]]:
    """Add the overrides one by one: groups first, since keys depend on them.

    Returns:
        Messages about the invalid overrides, and the valid overrides.
    """
    valid: list[str] = []
    problems = []
    by_group = sorted(overrides, key=_rank)
    for word in by_group:
        try:
            _compose([*valid, word])
            valid.append(word)
        except COMPOSE_ERRORS as error:
            problems.append(explain(error, [*valid, word]))
    return problems, valid


def _rank(word: str) -> int:
    if word.startswith("hydra"):  # the search path comes before the files on it
        return 0
    return 2 if "." in word.partition("=")[0] else 1


def explain(error: Exception, overrides: Sequence[str]) -> str:
    """Describe an error of Hydra in one line."""
    if isinstance(error, RecursionError):
        groups = _choices(overrides)
        return f"{groups[-1] if groups else 'a file'}: files include each other, or nest too deeply"
    try:
        return _explain(error, overrides)
    except COMPOSE_ERRORS:  # it composes too, to describe what is expected
        return one_line(str(error))[:_LONGEST]


def _explain(error: Exception, overrides: Sequence[str]) -> str:
    text = str(error)
    cause = f"{text}\n{error.__cause__ or ''}"
    if isinstance(error, yaml.YAMLError):
        return f"a configuration file isn't valid YAML: {one_line(text)}"
    if found := re.search(r"Could not find '([^']+)/([^/']*)'", text):
        return _no_option(found.group(1), found.group(2), text)
    if found := re.search(r"Key '(.+?)' is not in struct|Key '(.+?)' not in '", cause):
        key = re.search(r"Could not override '(.+?)'|full_key: (\S+)", cause)
        name = next((g for g in key.groups() if g), "") if key else found.group(1)
        return _no_key(name, overrides, cause)
    if found := re.search(r"Could not override '(.+?)'", text):
        return _no_key(found.group(1), overrides, cause)
    if found := re.search(r"(?:Interpolation key|Environment variable) '(.+?)' not found", cause):
        return f"${{{found.group(1)}}}: there is no such key or variable"
    if "missing mandatory value: name" in text or "is not a subclass of" in text:
        return _OWN_OPTION
    if "Config group override" in text or "to have multiple values" in text:
        groups = _choices(overrides)
        return f"{groups[-1] if groups else 'a group'}: {_one_option(groups)}"
    if "Error resolving interpolation" in text or "InterpolationKeyError" in text:
        return "method, backbone and dataset each need one option, as in method=imp backbone=gcn"
    if found := re.search(r"full_key: (\S+)", cause):
        key_name = found.group(1)
        words = [word for word in overrides if word.startswith(f"{key_name}=")]
        given = re.search(r"[Vv]alue '(.*?)' ", cause)
        shown = f"{key_name}={given.group(1)}" if given else (words or [key_name])[-1]
        file = re.search(r"In '(.+?)': ", text)
        where = f"{file.group(1)}.yaml, " if file else ""
        return f"{where}{shown}: must be {_expected(key_name, overrides, cause)}"
    if found := re.search(r"In '(.+?)': Could not load '(.+?)'", text):
        return f"{found.group(1)}.yaml: its defaults name {found.group(2)}, which doesn't exist"
    if re.search(_UNREADABLE, text) and (groups := _choices(overrides)):
        return f"{groups[-1]}: its file can't be read: {one_line(text)[:_LONGEST]}"
    return one_line(text)[:_LONGEST]


#: What Hydra and OmegaConf say of a file's form without naming the file.
_UNREADABLE = r"Invalid loaded object type|Unsupported type in defaults|codec can't decode"


_OWN_OPTION = (
    "an option file of your own must begin with a built-in option of its group, as in "
    "'defaults: [fastglt]' in method/mine.yaml"
)


def _choices(overrides: Sequence[str]) -> list[str]:
    """The overrides that choose an option of a group."""
    groups = [item.name for item in fields(Config)] + ["experiment"]
    return [word for word in overrides if word.partition("=")[0] in groups]


def _one_option(groups: Sequence[str]) -> str:
    if groups and groups[-1].startswith("sparsity="):
        return (
            "choose both, edges, weights or a round of UGS such as round8; the shares to "
            "remove are sparsity.graph= and sparsity.weight="
        )
    return "choose one option, as in method=imp backbone=gcn"


def _no_option(group: str, option: str, text: str) -> str:
    listed = text.partition(f"options in '{group}':")[2].partition("Config search path")[0]
    options = listed.split()
    if not options:
        return f"{group}={option}: there is no such file; --config-dir adds a folder of your own"
    message = f"{group}={option}: must be one of {', '.join(options)}"
    if group == "hydra/launcher" and option in _LAUNCHER_EXTRAS:
        return f"{message}; pip install '.[{_LAUNCHER_EXTRAS[option]}]' adds it"
    return f"{message}{_hint(option, options)}"


#: Launchers that extras of the package bring.
_LAUNCHER_EXTRAS = {
    "joblib": "joblib",
    "ray": "ray",
    "submitit_local": "slurm",
    "submitit_slurm": "slurm",
}


def _no_key(name: str, overrides: Sequence[str], cause: str) -> str:
    if name == "experiment":
        return "the experiment file sets nothing: begin it with '# @package _global_'"
    if "'MethodConfig'" in cause or "'BackboneConfig'" in cause:
        return _OWN_OPTION
    return f"{name}: there is no such key{_siblings(name, overrides)}; see glt run --help"


def _siblings(key: str, overrides: Sequence[str]) -> str:
    """Suggest a similar key of the same group, or list the group's keys."""
    groups = [word for word in overrides if "." not in word.partition("=")[0]]
    parent, _, name = key.rpartition(".")
    try:
        node = compose(CONFIG_NAME, overrides=groups if parent else [])
        siblings = [str(s) for s in (OmegaConf.select(node, parent) if parent else node)]
        siblings = [s for s in siblings if parent or s not in ("preset", "names")]
        option = OmegaConf.select(node, f"{parent}.name") if parent else None
    except (HydraException, OmegaConfBaseException, AttributeError, TypeError):
        return ""
    if parent and option:
        siblings = [s for s in siblings if s != "name"]
        parent = f"{parent}={option}"
    where = f"{parent} has" if parent else "there are"
    close = difflib.get_close_matches(name, siblings, n=1, cutoff=0.7)
    if close:
        return _hint(name, siblings)
    return f" ({where} {', '.join(siblings)})" if siblings else f" ({where} none)"


def _hint(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


_KINDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    list[str]: "a list, as in [a,b]",
}


#: Schemas that aren't options of a registry.
_OURS: tuple[type, ...] = (Config, SparsityConfig, TrainerConfig, RetrainConfig)


def _expected(key: str, overrides: Sequence[str], cause: str) -> str:
    """Describe the type that a key's schema expects."""
    *path, name = key.split(".")
    kind: Any = Config
    if path:
        # The value may be in the file of one of the options, which then doesn't compose.
        named = re.search(r"object_type=(\w+)", cause)
        known = {
            each.__name__: each
            for each in (*_OURS, *METHODS.values(), *BACKBONES.values(), *DATASETS.values())
        }
        if named and named.group(1) in known:
            kind = known[named.group(1)]
        else:
            node = compose(CONFIG_NAME, overrides=_choices(overrides))
            kind = OmegaConf.get_type(node, ".".join(path))
    hints = get_type_hints(kind) if isinstance(kind, type) else {}
    for wanted, words in _KINDS.items():
        if hints.get(name) in (wanted, wanted | None):
            return words
    return "a value of the right type"


def one_line(text: str) -> str:
    """Join the lines of a message, without Hydra's search path."""
    text = text.split("Config search path")[0]
    return " ".join(line.strip() for line in text.splitlines() if line.strip())
