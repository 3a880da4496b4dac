"""Carry out a request: find its finished runs, do the others, and show the results."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from glt_cli.config import Config, check_partitions
from glt_cli.config.request import Point, Request, without_effect
from glt_cli.errors import UserError
from glt_cli.terminal import plural

if TYPE_CHECKING:
    from glt_cli.sweep.display import Display
    from glt_cli.sweep.progress import WholeSearch

#: A run of a request, and the folder of its results.
PlannedRun = tuple[Point, Path]


def run(request: Request) -> int:
    """Do the runs of a request and show the results; returns the exit code."""
    from glt_cli.sweep.summary import show_grid, show_run

    if not request.is_grid:  # a grid may mix methods
        for line in without_effect(request.points[0]):
            print(f"glt: {line}", file=sys.stderr)
    planned, ran = complete(request)
    if request.is_grid:
        return show_grid(*zip(*planned, strict=True))
    point, folder = planned[0]
    return show_run(folder, found_finished=ran == 0, config=point.config)


def complete(request: Request, whole: WholeSearch | None = None) -> tuple[list[PlannedRun], int]:
    """Do the unfinished runs of a request; their records say how they ended.

    Args:
        request: The runs.
        whole: The search that they are a part of, for its progress.

    Returns:
        All runs with their folders, and how many were unfinished.

    Raises:
        UserError: A device, data or a folder is missing or can't be used.
    """
    from glt_cli.experiment.paths import RunFolder
    from glt_cli.experiment.record import tidy

    planned = prepare_data(request)
    unfinished = []
    for run in planned:
        if run[0].config.force or not is_finished(run[1]):
            unfinished.append(run)
        else:
            tidy(RunFolder(run[1]))
    if unfinished:
        for _, folder in planned:
            check_usable(folder)
        _announce(request, len(unfinished))
        _do(request, planned, unfinished, whole)
    return planned, len(unfinished)


def prepare_data(request: Request) -> list[PlannedRun]:
    """Check that devices and data are available, and find each run's folder.

    Raises:
        UserError: One of them isn't.
    """
    from glt_cli import data
    from glt_cli.data.catalog import entry

    for config in one_of_each_data(request.points):
        data.prepare(config.dataset, config.data_root, say=partial(print, file=sys.stderr))
    for point in request.points:
        config = point.config
        nodes = entry(config.dataset.name).nodes
        if nodes is not None:  # otherwise the run itself finds out
            check_partitions(config.trainer.partitions, nodes)
    return with_folders(request.points)


def one_of_each_data(points: Iterable[Point]) -> list[Config]:
    """The first configuration with each data set, its settings and data root."""
    found: dict[tuple[str, str | None], Config] = {}
    for point in points:
        config = point.config
        found.setdefault((repr(config.dataset), config.data_root), config)
    return list(found.values())


def with_folders(points: Iterable[Point]) -> list[PlannedRun]:
    """Find the folder of each run."""
    from glt_cli.experiment.device import resolve
    from glt_cli.experiment.identity import identify
    from glt_cli.experiment.record import run_folder

    planned = []
    for point in points:
        name = identify(point.config, resolve(point.config.device).type).folder
        planned.append((point, run_folder(point.config.output_dir, name).path))
    return planned


def is_finished(folder: Path) -> bool:
    """Whether a run is finished, with all its files intact."""
    from glt_cli.experiment.paths import RunFolder
    from glt_cli.experiment.record import finished

    return finished(RunFolder(folder)) is not None


def check_usable(folder: Path) -> None:
    """Check that a run's folder can be created and written.

    Raises:
        UserError: It can't, or something else is in the place of one of its files.
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
        print(f"{plural(count, 'run')}, {count - unfinished} finished already", flush=True)


def _do(
    request: Request,
    planned: list[PlannedRun],
    unfinished: list[PlannedRun],
    whole: WholeSearch | None,
) -> None:
    """Do the runs, show their progress, and do those that a launcher left out."""
    from glt_cli.experiment.provenance import now
    from glt_cli.sweep import launch
    from glt_cli.sweep.display import Display
    from glt_cli.sweep.progress import Grid

    began = now()
    quiet = any(point.config.quiet for point, _ in planned)
    if not request.is_grid:
        with Display(quiet) as display:
            _run_here(unfinished, display)
        return
    paths = [path for _, path in planned]
    grid = Grid(paths, set(paths) - {path for _, path in unfinished})
    with Display(quiet, grid, whole) as display:
        is_forced = any(point.config.force for point, _ in planned)
        step = launch.launch(partial(launch.launch_points, request), grid, display, is_forced)
        missing = _missing(planned, began)
        if step is launch.NextStep.NOTHING:
            _run_here(((_unforced(point), path) for point, path in missing), display)
        elif step is launch.NextStep.ISOLATE:
            for point, path in missing:
                launch.run_isolated(point.config, path.name)
        elif forced := [path.name for point, path in missing if point.config.force]:
            raise UserError(f"not run again, although force=true: {', '.join(forced)}")


def _unforced(point: Point) -> Point:
    """The same run, without force: if it is finished by now, it isn't done again."""
    return replace(point, config=replace(point.config, force=False))


def _run_here(runs: Iterable[PlannedRun], display: Display) -> None:
    from glt_cli.experiment.experiment import run as run_one

    for point, _ in runs:
        display.settle()
        run_one(point.config, display)


def _missing(planned: list[PlannedRun], began: str) -> Iterator[PlannedRun]:
    """Find runs still to do: unfinished or forced, and not done since the command started."""
    from glt_cli.experiment.paths import RunFolder
    from glt_cli.experiment.record import read_record

    for point, path in planned:
        record = read_record(RunFolder(path))
        was_tried = record is not None and record.finished >= began
        if not was_tried and (point.config.force or not is_finished(path)):
            yield point, path
