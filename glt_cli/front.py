"""`glt run` from words to exit code: check everything first, then let Hydra launch the runs."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from glt_cli.errors import UserError
from glt_cli.request import CONFIG_NAME, Point, Request, config_folder, read, register_schemas

#: Flags with which Hydra prints something and stops.
_SHOWS = ("-h", "--help", "--hydra-help", "--info", "-i", "--cfg", "-c")


def run(words: list[str], multirun: bool, config_dir: str | None) -> int:
    """Do what `glt run WORDS` asks for; returns the exit code."""
    flags = [word for word in words if word.startswith("-")]
    shown = [flag for flag in flags if flag.partition("=")[0] in _SHOWS]
    if shown:
        overrides = [word for word in words if "=" in word or word.startswith("~")]
        if len(read(overrides, multirun, config_dir).points) > 1:
            raise UserError(f"{shown[0]} shows one run: give each key one value")
        _hand_to_hydra(words, multirun, config_dir)
        return 0
    if flags:
        raise UserError(f"glt run does not take {' '.join(flags)}; see glt run --help")

    request = read(words, multirun, config_dir)
    folders = _look_around(request)
    unfinished = [p for p, folder in folders if p.config.force or not _is_finished(folder)]
    if unfinished:
        for _, folder in folders:
            if folder.exists() and not folder.is_dir():
                raise UserError(f"{folder}: a file is in the place of the run's folder; remove it")
        _check_writable(unfinished)
        _announce(request, len(unfinished))
        _hand_to_hydra(words, multirun, config_dir)
    return _conclude(request, folders, len(unfinished))


def _look_around(request: Request) -> list[tuple[Point, Path]]:
    """See that devices and data are there, and where each run's results go.

    Raises:
        UserError: One of them is not there.
    """
    from glt_cli import data
    from glt_cli.device import resolve
    from glt_cli.identity import identify

    folders = []
    prepared = set()
    for point in request.points:
        config = point.config
        device = resolve(config.device)
        where = (config.dataset.name, config.data_root)
        if where not in prepared:
            data.prepare(*where, say=lambda line: print(line, file=sys.stderr))
            prepared.add(where)
        name = identify(config, device.type).folder
        folders.append((point, Path(config.output_dir) / name))
    return folders


def _is_finished(folder: Path) -> bool:
    from glt_cli.paths import RunFolder
    from glt_cli.records import finished

    return finished(RunFolder(folder)) is not None


def _check_writable(points: list[Point]) -> None:
    for output_dir in {point.config.output_dir for point in points}:
        try:
            Path(output_dir).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=output_dir):
                pass
        except OSError as error:
            raise UserError(
                f"output_dir={output_dir}: can't be written ({os.strerror(error.errno or 0)}); "
                "name another folder"
            ) from error


def _announce(request: Request, unfinished: int) -> None:
    if request.is_grid and not any(point.config.quiet for point in request.points):
        count = len(request.points)
        print(f"{count} runs, {count - unfinished} of them finished already")


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


def _conclude(request: Request, folders: list[tuple[Point, Path]], ran: int) -> int:
    """Show the results, or what failed; returns the exit code."""
    from glt_cli.summary import show_grid, show_run

    if request.is_grid:
        return show_grid(*zip(*folders, strict=True))
    point, folder = folders[0]
    return show_run(folder, found_finished=ran == 0, config=point.config)
