"""Run a grid with Hydra's launchers, whose processes may die."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from enum import Enum, auto
from typing import Any, cast

from hydra._internal.callbacks import Callbacks
from hydra.conf import HydraConf
from hydra.core.config_loader import ConfigLoader
from hydra.core.plugins import Plugins
from hydra.core.utils import JobRuntime
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from glt_cli.config import Config, config_from
from glt_cli.config.plugins import load_plugins
from glt_cli.config.request import Point, Request
from glt_cli.errors import UserError
from glt_cli.sweep.display import Display
from glt_cli.sweep.job import job
from glt_cli.sweep.progress import Grid
from glt_cli.terminal import without_secrets


class CheckedPoints:
    """Gives a launcher the checked points, where Hydra's own loader would compose them again.

    Args:
        points: The runs, addressed by index.
        hydra: Hydra's own settings.
    """

    def __init__(self, points: Sequence[Point], hydra: Mapping[str, Any]) -> None:
        self.settings = [asdict(point.config) for point in points]
        self.hydra = dict(hydra)

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """See hydra.core.config_loader.ConfigLoader; the override is the point's index."""
        config = OmegaConf.create(self.settings[int(sweep_overrides[0])])
        hydra = OmegaConf.structured(HydraConf)
        with open_dict(hydra):
            hydra.merge_with(self.hydra)
        config.hydra = hydra
        return config


def launch_points(request: Request) -> None:
    """Run the points of a request with its launcher."""
    assert request.hydra is not None
    points = CheckedPoints(request.points, request.hydra)
    first = points.load_sweep_config(OmegaConf.create(), ["0"])
    JobRuntime.instance().set("name", "glt")
    launcher = Plugins.instance().instantiate_launcher(
        hydra_context=HydraContext(cast(ConfigLoader, points), Callbacks()),
        task_function=job,
        config=first,
    )
    numbers = [[str(number)] for number in range(len(request.points))]
    size = first.hydra.sweeper.get("max_batch_size") or len(numbers)
    for start in range(0, len(numbers), size):
        for done in launcher.launch(numbers[start : start + size], initial_job_idx=start):
            _ = done.return_value  # raises the job's uncaught error


class NextStep(Enum):
    """What to do after a launcher has ended or broken off."""

    NOTHING = auto()
    RETRY = auto()
    ISOLATE = auto()
    LATER = auto()


_MESSAGES = {
    NextStep.RETRY: "launching what is missing again",
    NextStep.ISOLATE: "doing what is missing one by one, each in its own process",
    NextStep.LATER: "the same command continues with what is missing",
}


def launch(start: Callable[[], None], grid: Grid, display: Display, is_forced: bool) -> NextStep:
    """Run a grid with a launcher; if it breaks off, relaunch as long as that finishes runs.

    joblib, for example, ends all its processes if one of them dies.

    Args:
        start: Starts the launcher.
        grid: The state of the runs.
        display: Shows the progress.
        is_forced: Whether finished runs are done again, so that retrying would never end.

    Raises:
        UserError: The launcher can't start.
    """
    step = NextStep.RETRY
    while step is NextStep.RETRY:
        before = grid.look().done
        try:
            start()
            return NextStep.NOTHING
        except Exception as error:
            if display.runs_here:  # this process itself failed
                raise
            what = f"{type(error).__name__}: {_first_line(error)}"
            counts = grid.look()
            step = _after(error, counts.done > before and not is_forced)
            if step is NextStep.LATER and not counts.running and not grid.ended():
                raise UserError(f"the launcher can't start ({what})") from error
            print(f"glt: the launcher broke off ({what}); {_MESSAGES[step]}", file=sys.stderr)
            grid.forget_running()
    return step


def _after(error: Exception, can_retry: bool) -> NextStep:
    if can_retry:
        return NextStep.RETRY
    # joblib's processes are on this machine; a cluster's runs may not be suited to it.
    return NextStep.ISOLATE if isinstance(error, BrokenProcessPool) else NextStep.LATER


def run_isolated(config: Config, name: str) -> None:
    """Do one run in its own process, which may die without affecting this one."""
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(asdict(config), name))
    process.start()
    process.join()
    if process.exitcode and process.exitcode < 0:
        how = signal.Signals(-process.exitcode).name
        print(f"glt: {name}: its process died ({how})", file=sys.stderr)


def _run(settings: dict[str, Any], name: str) -> None:
    """Do one run in a new process; an error that isn't in the run's record is one line."""
    try:
        load_plugins()  # those that GLT_PLUGINS lists
        from glt_cli.experiment.experiment import run

        run(config_from(settings), Display(quiet=True))
    except KeyboardInterrupt:
        sys.exit(130)
    except UserError as error:
        print(f"glt: {name}: {_first_line(error)}", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        print(f"glt: {name}: {type(error).__name__}: {_first_line(error)}", file=sys.stderr)
        sys.exit(1)


def _first_line(error: Exception) -> str:
    text = without_secrets(str(error))
    return next(iter(text.strip().splitlines()), "no reason given").rstrip(".")
