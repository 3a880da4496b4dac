"""`glt run` from words to exit code: check everything first, then let Hydra launch the runs."""

from __future__ import annotations

import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from glt_cli.config.compose import CONFIG_NAME
from glt_cli.config.plugins import as_words
from glt_cli.config.request import Point, Request, config_folder, quoted, read, register_schemas
from glt_cli.errors import UserError

if TYPE_CHECKING:
    from glt_cli.sweep.display import Display


def show(flags: list[str], words: list[str], multirun: bool, config_dir: str | None) -> None:
    """Let Hydra print its help or one run's configuration."""
    words = quoted(words)
    if len(read(words, multirun, config_dir).points) > 1:
        raise UserError(f"{flags[0]} shows one run: give each key one value")
    _hand_to_hydra([*flags, *words], multirun, config_dir)


def plan(words: list[str], multirun: bool, config_dir: str | None) -> int:
    """List the runs of a request, which of them are finished, and how long the others may take."""
    from glt_cli.sweep.dry_run import print_plan

    request = read(quoted(words), multirun, config_dir)
    print_plan(named(request))
    return 0


def print_commands(words: list[str], multirun: bool, config_dir: str | None) -> int:
    """Print a command for each run that is not finished, one a line, for any other queue."""
    request = read(quoted(words), multirun, config_dir)
    for point, folder in named(request):
        if point.config.force or not is_finished(folder):
            print(shlex.join(["glt", "run", *as_words(), *_own(config_dir), *point.overrides]))
    return 0


def run(words: list[str], multirun: bool, config_dir: str | None) -> int:
    """Do what `glt run WORDS` asks for; returns the exit code."""
    words = quoted(words)
    request = read(words, multirun, config_dir)
    folders, ran = complete(request, words, multirun, config_dir)
    return _conclude(request, folders, ran)


def complete(
    request: Request, words: list[str], multirun: bool, config_dir: str | None
) -> tuple[list[tuple[Point, Path]], int]:
    """Do what is not finished of a request; records say what came of it.

    Returns:
        Its runs with their folders, and how many of them were not finished.

    Raises:
        UserError: A device, data or a folder is not there or can't be used.
    """
    folders = prepare_data(request)
    unfinished = [path for p, path in folders if p.config.force or not is_finished(path)]
    if unfinished:
        for folder in {folder for _, folder in folders}:
            check_usable(folder)
        _announce(request, len(unfinished))
        _launch(request, folders, unfinished, words, multirun, config_dir)
    return folders, len(unfinished)


def prepare_data(request: Request) -> list[tuple[Point, Path]]:
    """See that devices and data are there, and where each run's results go.

    Raises:
        UserError: One of them is not there.
    """
    from glt_cli import data

    prepared = set()
    for point in request.points:
        config = point.config
        where = (repr(config.dataset), config.data_root)
        if where not in prepared:
            say = partial(print, file=sys.stderr)
            data.prepare(config.dataset, config.data_root, say=say)
            prepared.add(where)
    return named(request)


def named(request: Request) -> list[tuple[Point, Path]]:
    """Find the folder of each run."""
    from glt_cli.experiment.device import resolve
    from glt_cli.experiment.identity import identify
    from glt_cli.experiment.record import run_folder

    folders = []
    for point in request.points:
        name = identify(point.config, resolve(point.config.device).type).folder
        folders.append((point, run_folder(point.config.output_dir, name).path))
    return folders


def is_finished(folder: Path) -> bool:
    """Whether a run is done, with all its files whole."""
    from glt_cli.experiment.paths import RunFolder
    from glt_cli.experiment.record import finished

    return finished(RunFolder(folder)) is not None


def check_usable(folder: Path) -> None:
    """See that a run's folder can be made and written.

    Raises:
        UserError: It can't, or something that isn't a file stands where a file shall be.
    """
    from glt_cli.experiment.paths import RunFolder

    try:
        if folder.exists() and not folder.is_dir():
            raise UserError(f"{folder}: a file is in the place of the run's folder; remove it")
        for path in RunFolder(folder).files():
            if path.exists() and not path.is_file():
                raise UserError(f"{path}: must be a file; remove what is there")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder if folder.exists() else folder.parent):
            pass
    except OSError as error:
        raise UserError(
            f"output_dir={folder.parent}: can't be written ({error.strerror or error}); "
            "name another folder"
        ) from error


def _announce(request: Request, unfinished: int) -> None:
    if request.is_grid and not any(point.config.quiet for point in request.points):
        count = len(request.points)
        runs = "run" if count == 1 else "runs"
        print(f"{count} {runs}, {count - unfinished} finished already", flush=True)


def _launch(
    request: Request,
    folders: list[tuple[Point, Path]],
    unfinished: list[Path],
    words: list[str],
    multirun: bool,
    config_dir: str | None,
) -> None:
    """Let Hydra do the runs, show how far they have come, and do what is missing then."""
    from glt_cli.experiment.provenance import now
    from glt_cli.sweep.display import Display
    from glt_cli.sweep.launch import NextStep, launch
    from glt_cli.sweep.progress import Grid

    began = now()
    paths = [path for _, path in folders]
    grid = Grid(paths, set(paths) - set(unfinished)) if request.is_grid else None
    launch_points = partial(_hand_to_hydra, words, multirun, config_dir)
    with Display(any(point.config.quiet for point in request.points), grid) as display:
        todo = NextStep.NOTHING
        if grid:
            is_forced = any(point.config.force for point in request.points)
            todo = launch(launch_points, grid, display, is_forced)
        else:
            launch_points()
        if todo is NextStep.NOTHING:
            _do_missing(_missing(folders, began), display)
        elif todo is NextStep.ISOLATE:
            _run_isolated(_missing(folders, began), config_dir)
        elif forced := [path.name for p, path in _missing(folders, began) if p.config.force]:
            raise UserError(f"not run again, although force=true: {', '.join(forced)}")


def _hand_to_hydra(words: list[str], multirun: bool, config_dir: str | None) -> None:
    """Let Hydra's own front end take over, with its flags where it wants them."""
    import hydra
    from hydra.core.global_hydra import GlobalHydra

    from glt_cli.sweep.job import job

    register_schemas()
    GlobalHydra.instance().clear()
    flags = ["--multirun"] if multirun else []
    saved = sys.argv
    sys.argv = ["glt", *flags, *_own(config_dir), *words]
    try:
        hydra.main(str(config_folder()), CONFIG_NAME, version_base="1.3")(job)()
    finally:
        sys.argv = saved


def _missing(folders: list[tuple[Point, Path]], began: str) -> Iterator[tuple[Point, Path]]:
    """Find runs that nobody has done since the command began, unless that was not asked for."""
    from glt_cli.experiment.paths import RunFolder
    from glt_cli.experiment.record import read_record

    for point, path in folders:
        record = read_record(RunFolder(path))
        was_tried = record is not None and record.finished >= began
        if not was_tried and (point.config.force or not is_finished(path)):
            yield point, path


def _do_missing(missing: Iterable[tuple[Point, Path]], display: Display) -> None:
    from glt_cli.experiment.experiment import run as run_one

    for point, _ in missing:
        display.settle()
        run_one(replace(point.config, force=False), display)


def _run_isolated(missing: Iterable[tuple[Point, Path]], config_dir: str | None) -> None:
    """Do runs one after the other, each in a process of its own, which may die."""
    from glt_cli.sweep.launch import run_isolated

    for point, path in missing:
        run_isolated([*_own(config_dir), *point.overrides], path.name)


def _own(config_dir: str | None) -> list[str]:
    return ["--config-dir", str(Path(config_dir).resolve())] if config_dir else []


def _conclude(request: Request, folders: list[tuple[Point, Path]], ran: int) -> int:
    """Show the results, or what failed; returns the exit code."""
    from glt_cli.sweep.summary import show_grid, show_run

    if request.is_grid:
        return show_grid(*zip(*folders, strict=True))
    point, folder = folders[0]
    return show_run(folder, found_finished=ran == 0, config=point.config)
