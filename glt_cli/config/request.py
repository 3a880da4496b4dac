"""Turn the overrides of a command line into checked configurations, before anything is written.

Hydra validates the points of a sweep only while it runs them, after creating its folders. So
every point is composed and checked here first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.version import setbase
from omegaconf import DictConfig, OmegaConf

from glt_cli.config import Config, check
from glt_cli.config.compose import CONFIG_NAME, composed, one_line, to_config
from glt_cli.config.datasets import DatasetConfig
from glt_cli.config.hydra_keys import explain_refused, refused
from glt_cli.config.method_keys import for_their_methods, split_by_method
from glt_cli.config.options import store_dataset, store_options
from glt_cli.config.override_form import override_problem
from glt_cli.config.typed_text import as_typed
from glt_cli.errors import UserError, at_home
from glt_cli.terminal import tracked


def config_folder() -> Path:
    """Find `conf/`: inside the package (wheel), or next to it (checkout, editable install)."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / f"{CONFIG_NAME}.yaml").is_file():
            return folder
    raise UserError(f"glt's configuration folder is missing: expected {package / 'conf'}")


def register_schemas() -> None:
    """Register the schemas with Hydra, under `hydra/`, which its help doesn't list."""
    ConfigStore.instance().store(group="hydra/glt", name="config", node=Config, package="_global_")
    store_options()


@dataclass(frozen=True)
class Point:
    """One run of a request: its overrides and the resulting configuration."""

    overrides: list[str]
    config: Config


@dataclass(frozen=True)
class Request:
    """The runs that a command line asks for.

    Attributes:
        points: The runs.
        is_grid: Whether it is a multirun.
        hydra: Hydra's own settings, which name the launcher; None for its default.
        config_dir: The user's folder of options, if there is one.
        remarks: Lines about keys that some of the runs don't have.
    """

    points: list[Point]
    is_grid: bool
    hydra: dict[str, Any] | None = None
    config_dir: str | None = None
    remarks: tuple[str, ...] = ()


def read(
    words: Sequence[str],
    multirun: bool,
    config_dir: str | None,
    dataset: DatasetConfig | None = None,
) -> Request:
    """Compose, expand and check a request once; the checked configurations are what runs.

    Duplicate runs are merged.

    Args:
        words: GROUP=OPTION and KEY=VALUE, as typed.
        multirun: Whether several values for a key make a grid.
        config_dir: A folder with the user's own options.
        dataset: Settings of a data set in memory, which `dataset=in_memory` chooses.

    Raises:
        UserError: One line for each mistake.
    """
    folder = at_home(config_dir, f"--config-dir {config_dir}") if config_dir else None
    config_dir = str(folder) if folder else None
    if folder and not folder.is_dir():
        raise UserError(f"--config-dir {config_dir}: there is no such folder")
    with composing(config_dir):
        if dataset is not None:
            store_dataset(dataset)
        others, own = split_by_method(words)
        parsed = _parse(as_typed(others))
        for_one = {name: _parse(as_typed(mine)) for name, mine in own.items()}
        base = [str(o.input_line) for o in parsed if not o.is_sweep_override()]
        plain = composed([], hydra=True).hydra

        def checked(overrides: Sequence[str]) -> DictConfig:
            cfg = composed(overrides, hydra=True)
            if keys := refused(cfg.hydra, plain, words):
                raise UserError(explain_refused(keys, cfg.hydra, config_dir))
            return cfg

        hydra = checked([*base, *_first_values(parsed)]).hydra
        # An experiment file may be a whole grid: hydra.mode and hydra.sweeper.params.
        is_grid = multirun or str(hydra.mode).endswith("MULTIRUN")
        every = [*parsed, *chain.from_iterable(for_one.values())]
        if not is_grid and any(o.is_sweep_override() for o in every):
            key = next(o.get_key_element() for o in every if o.is_sweep_override())
            raise UserError(
                f"{key}: several values make a grid: add -m (--multirun), write a list as "
                f"{key}=[a,b], or quote one value with a comma as {key}='\"a,b\"'"
            )
        points = [base]
        if is_grid:
            params: dict[str, Any] = hydra.sweeper.get("params") or {}
            points = _expand(
                [*_parse([f"{key}={value}" for key, value in params.items()]), *parsed]
            )
        remarks: list[str] = []
        if own or (is_grid and any(word.startswith("method.") for word in chain(*points))):
            combinations = {name: _expand(mine) for name, mine in for_one.items()}
            points, remarks = for_their_methods(points, combinations, _method_of(checked))
        distinct = {repr(point.config): point for point in _points(points, checked)}
        settings: Any = OmegaConf.to_container(hydra, resolve=False)
        return Request(list(distinct.values()), is_grid, settings, config_dir, tuple(remarks))


def _method_of(checked: Callable[[Sequence[str]], DictConfig]) -> Callable[[list[str]], Any]:
    """Compose the method of some overrides, once for each choice of options."""
    known: dict[tuple[str, ...], Any] = {}

    def method_of(overrides: list[str]) -> Any:
        options = tuple(word for word in overrides if "." not in word.partition("=")[0])
        options = tuple(word for word in options if not word.startswith("seed="))
        if options not in known:
            known[options] = to_config(checked(options)).method
        return known[options]

    return method_of


def without_effect(point: Point) -> list[str]:
    """Describe settings of a run that mean nothing to its method, a line each."""
    method = point.config.method
    return [
        f"{word}: has no effect, since method={point.config.method_name} prunes nothing"
        for word in point.overrides
        if not method.prunes and word.startswith(("sparsity.", "sparsity=", "retrain."))
    ]


@contextmanager
def composing(config_dir: str | None) -> Iterator[Hydra]:
    """Set up Hydra to compose from glt's configuration folder and the user's."""
    register_schemas()
    # Hydra logs its errors as well as raising them.
    logging.getLogger("hydra").setLevel(logging.CRITICAL)
    setbase("1.3")
    places = create_config_search_path(str(config_folder()))
    if config_dir:
        folder = f"file://{Path(config_dir).resolve()}"
        places.prepend("command-line", folder, SearchPathQuery(provider="schema"))
    theirs = GlobalHydra.instance().hydra  # of a program that uses Hydra itself
    try:
        GlobalHydra.instance().clear()
        yield Hydra.create_main_hydra2("glt", places)
    finally:
        GlobalHydra.instance().hydra = theirs
        store_options()  # without the data set in memory


def _points(
    points: list[list[str]], checked: Callable[[Sequence[str]], DictConfig]
) -> Iterator[Point]:
    problems: list[str] = []
    failed = 0
    for overrides in tracked(points, "checking the runs"):
        try:
            config = to_config(checked(overrides))
        except UserError as error:
            problems += str(error).splitlines()
            if (failed := failed + 1) == _ENOUGH:  # each takes long to explain
                break
            continue
        problems += check(config)
        yield Point(overrides, config)
    if problems:
        raise UserError("\n".join(dict.fromkeys(problems)))


#: Invalid points of a grid after which the others aren't checked.
_ENOUGH = 5


def _parse(words: Sequence[str]) -> list[Override]:
    # With the loader, glob(*) finds a group's options.
    parser, parsed = OverridesParser.create(GlobalHydra.instance().config_loader()), []
    problems = []
    for word in words:
        if problem := override_problem(word):
            problems.append(problem)
            continue
        try:
            parsed += parser.parse_overrides([word])
        except ValueError:
            problems.append(f"{word}: has a number of more digits than can be read")
        except HydraException:
            problems.append(
                f"'{word}' can't be read as KEY=VALUE; quote a value that has more than "
                "letters, digits and ./_-:, as in key='\"a=b\"'"
            )
    if problems:
        raise UserError("\n".join(problems))
    return parsed


def _expand(parsed: list[Override]) -> list[list[str]]:
    try:
        points: list[list[str]] = BasicSweeper.split_arguments(parsed, None)[0]
    except (HydraException, ValueError, ArithmeticError) as error:
        raise UserError(one_line(str(error))) from error
    if not points:
        raise UserError("the grid is empty: one of its ranges or lists has no values")
    return points


def _first_values(parsed: list[Override]) -> list[str]:
    """The first value of each sweep, to compose the settings that all points share."""
    first = []
    for override in parsed:
        if not override.is_sweep_override():
            continue
        key = override.get_key_element()
        try:
            values = override.sweep_string_iterator() if override.is_discrete_sweep() else ()
            value = next(iter(values), None)
        except (ValueError, ArithmeticError) as error:  # a step of 0, or nan
            raise UserError(
                f"'{override.input_line}' can't be counted; use {key}=range(START,STOP), or "
                "range(START,STOP,STEP) with a step that isn't 0"
            ) from error
        if value is None:
            raise UserError(
                f"'{override.input_line}' gives no values to sweep over; list them ({key}=a,b) or "
                f"use {key}=range(0,3)"
            )
        first.append(f"{key}={value}")
    return first
