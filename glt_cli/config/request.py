"""From the words of the command line to checked configurations, before anything is made.

Hydra validates a sweep's points only while it runs them, and makes its folders before that. So
the front end composes and checks every point here first.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra import initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig

import glt_cli
from glt_cli.config import Config, check
from glt_cli.config.compose import CONFIG_NAME, composed, one_line, to_config, wrong_word
from glt_cli.config.hydra_keys import explain_refused, refused
from glt_cli.config.options import store_options
from glt_cli.errors import UserError
from glt_cli.terminal import tracked


def config_folder() -> Path:
    """Find `conf/`: inside the package (wheel), or beside it (checkout, editable install)."""
    package = Path(glt_cli.__file__).resolve().parent
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / f"{CONFIG_NAME}.yaml").is_file():
            return folder
    raise UserError(f"glt's configuration folder is missing: expected {package / 'conf'}")


def register_schemas() -> None:
    """Give Hydra the typed schemas; under `hydra/`, which its help doesn't list."""
    ConfigStore.instance().store(group="hydra/glt", name="config", node=Config, package="_global_")
    store_options()


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

    Runs that are asked for twice are one run.

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
        plain = composed([], hydra=True).hydra
        whole = composed([*extra, *base, *_first_values(parsed)], hydra=True)

        def check_hydra(found: DictConfig) -> None:
            if keys := refused(found.hydra, plain, overrides):
                raise UserError(explain_refused(keys, found.hydra, config_dir))

        check_hydra(whole)
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
        distinct = {
            repr(config): Point(p, config) for p, config in _configs(points, extra, check_hydra)
        }
        return Request(list(distinct.values()), is_grid)


def _configs(
    points: list[list[str]], extra: list[str], check_hydra: Callable[[DictConfig], None]
) -> list[tuple[list[str], Config]]:
    configs, problems = [], []
    for words in tracked(points, "checking the runs"):
        try:
            whole = composed([*extra, *words], hydra=True)
            check_hydra(whole)
            config = to_config(whole)
        except UserError as error:
            problems += str(error).splitlines()
            continue
        configs.append((words, config))
        problems += check(config)
    if problems:
        raise UserError("\n".join(dict.fromkeys(problems)))
    return configs


def _parse(words: Sequence[str]) -> list[Override]:
    # With the loader, glob(*) finds a group's options.
    parser, parsed = OverridesParser.create(GlobalHydra.instance().config_loader()), []
    problems = []
    for word in words:
        if problem := wrong_word(word):
            problems.append(problem)
            continue
        try:
            parsed += parser.parse_overrides([word])
        except HydraException:
            problems.append(
                f"'{word}' can't be read as KEY=VALUE; quote a value that holds more than "
                "letters, digits and ./_-:, as in key='\"a=b\"'"
            )
    if problems:
        raise UserError("\n".join(problems))
    return parsed


#: Values that Hydra reads as they are, and characters that mean something to it.
_HYDRAS = re.compile(r"[A-Za-z0-9./_:+-]*")
_GRAMMAR = set("'\"[]{}(),=\\$")


def quoted(words: Sequence[str]) -> list[str]:
    """Quote values that Hydra's grammar would stumble over, such as `output_dir=ü` or `=~/x`."""
    result = []
    for word in words:
        key, equals, value = word.partition("=")
        if equals and not _HYDRAS.fullmatch(value) and not _GRAMMAR & set(value):
            word = f'{key}="{value}"'
        result.append(word)
    return result


def _expand(parsed: list[Override]) -> list[list[str]]:
    try:
        points: list[list[str]] = BasicSweeper.split_arguments(parsed, None)[0]
    except (HydraException, ValueError) as error:
        raise UserError(one_line(str(error))) from error
    if not points:
        raise UserError("the grid is empty: a range or list of it has no values")
    return points


def _first_values(parsed: list[Override]) -> list[str]:
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
