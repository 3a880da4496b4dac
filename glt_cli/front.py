"""`glt run` from words to exit code: check everything first, then let Hydra launch the runs."""

from __future__ import annotations

import shlex
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

from glt_cli import grid
from glt_cli.composing import CONFIG_NAME
from glt_cli.errors import UserError
from glt_cli.grid import GridProgress
from glt_cli.request import Point, Request, config_folder, quoted, read, register_schemas


def show(flags: list[str], words: list[str], multirun: bool, config_dir: str | None) -> None:
    """Let Hydra print its help or one run's configuration."""
    words = quoted(words)
    if len(read(words, multirun, config_dir).points) > 1:
        raise UserError(f"{flags[0]} shows one run: give each key one value")
    _hand_to_hydra([*flags, *words], multirun, config_dir)


def plan(words: list[str], multirun: bool, config_dir: str | None) -> int:
    """List the runs of a request, which of them are finished, and how long the others may take."""
    from glt_cli.planning import print_plan

    request = read(quoted(words), multirun, config_dir)
    print_plan(_named(request))
    return 0


def print_commands(words: list[str], multirun: bool, config_dir: str | None) -> int:
    """Print a command for each run that is not finished, one a line, for any other queue."""
    request = read(quoted(words), multirun, config_dir)
    own = ["--config-dir", str(Path(config_dir).resolve())] if config_dir else []
    for point, folder in _named(request):
        if point.config.force or not _is_finished(folder):
            print(shlex.join(["glt", "run", *own, *point.overrides]))
    return 0


def run(words: list[str], multirun: bool, config_dir: str | None) -> int:
    """Do what `glt run WORDS` asks for; returns the exit code."""
    words = quoted(words)
    request = read(words, multirun, config_dir)
    folders = _look_around(request)
    unfinished = [p for p, folder in folders if p.config.force or not _is_finished(folder)]
    if unfinished:
        for folder in {folder for _, folder in folders}:
            _check_usable(folder)
        _announce(request, len(unfinished))
        began = _now()
        grid.current = GridProgress(len(folders)) if request.is_grid else None
        _hand_to_hydra(words, multirun, config_dir)
        _wait_for_others(folders, began)
    return _conclude(request, folders, len(unfinished))


def _look_around(request: Request) -> list[tuple[Point, Path]]:
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
    return _named(request)


def _named(request: Request) -> list[tuple[Point, Path]]:
    """Find the folder of each run."""
    from glt_cli.device import resolve
    from glt_cli.identity import identify
    from glt_cli.records import run_folder

    folders = []
    for point in request.points:
        name = identify(point.config, resolve(point.config.device).type).folder
        folders.append((point, run_folder(point.config.output_dir, name).path))
    return folders


def _is_finished(folder: Path) -> bool:
    from glt_cli.paths import RunFolder
    from glt_cli.records import finished

    return finished(RunFolder(folder)) is not None


def _check_usable(folder: Path) -> None:
    """See that a run's folder can be made and written.

    Raises:
        UserError: It can't, or something that isn't a file stands where a file shall be.
    """
    from glt_cli.paths import RunFolder

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


def _hand_to_hydra(words: list[str], multirun: bool, config_dir: str | None) -> None:
    """Let Hydra's own front end take over, with its flags where it wants them."""
    import hydra
    from hydra.core.global_hydra import GlobalHydra

    from glt_cli.job import job

    register_schemas()
    GlobalHydra.instance().clear()
    flags = ["--multirun"] if multirun else []
    flags += ["--config-dir", str(Path(config_dir).resolve())] if config_dir else []
    saved = sys.argv
    sys.argv = ["glt", *flags, *words]
    try:
        hydra.main(str(config_folder()), CONFIG_NAME, version_base="1.3")(job)()
    finally:
        sys.argv = saved


def _now() -> str:
    from glt_cli.provenance import now

    return now()


def _wait_for_others(folders: list[tuple[Point, Path]], began: str) -> None:
    """Do what was passed over because another process was doing it, unless that has done it."""
    from glt_cli.display import Display
    from glt_cli.experiment import run as run_one
    from glt_cli.paths import RunFolder
    from glt_cli.records import finished, read_record

    for point, path in folders:
        record = read_record(RunFolder(path))
        was_tried = record is not None and record.finished >= began
        if not was_tried and finished(RunFolder(path)) is None:
            with Display(point.config.quiet) as display:
                run_one(replace(point.config, force=False), display)


def _conclude(request: Request, folders: list[tuple[Point, Path]], ran: int) -> int:
    """Show the results, or what failed; returns the exit code."""
    from glt_cli.summary import show_grid, show_run

    if request.is_grid:
        return show_grid(*zip(*folders, strict=True))
    point, folder = folders[0]
    return show_run(folder, found_finished=ran == 0, config=point.config)
