"""Letting Hydra's launchers do a grid, whose processes may die."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from enum import Enum, auto

from glt_cli.errors import UserError
from glt_cli.sweep.display import Display
from glt_cli.sweep.progress import Grid


class NextStep(Enum):
    """What is to be done when a launcher has come to its end or broken off."""

    NOTHING = auto()
    RETRY = auto()
    ISOLATE = auto()
    LATER = auto()


_SAID = {
    NextStep.RETRY: "beginning anew with what is missing",
    NextStep.ISOLATE: "doing what is missing one by one, each in a process of its own",
    NextStep.LATER: "the same command goes on with what is missing",
}


def launch(
    launch_points: Callable[[], None], grid: Grid, display: Display, is_forced: bool
) -> NextStep:
    """Let a launcher do a grid. If it breaks off, begin anew as long as that brings runs.

    joblib, for one, ends all its processes where one of them dies.

    Args:
        launch_points: Starts the launcher.
        grid: Tells what has come of its runs.
        display: Shows that.
        is_forced: Whether it does finished runs again, so that to begin anew would never end.

    Raises:
        UserError: The launcher can't even begin.
    """
    todo = NextStep.RETRY
    while todo is NextStep.RETRY:
        before = grid.look().done
        try:
            with _raising():
                launch_points()
            return NextStep.NOTHING
        except Exception as error:
            if display.runs_here:  # nobody else is to blame
                raise
            what = f"{type(error).__name__}: {_first_line(error)}"
            counts = grid.look()
            todo = _after(error, counts.done > before and not is_forced)
            if todo is NextStep.LATER and not counts.running and not grid.ended():
                raise UserError(f"the launcher can't begin ({what})") from error
            print(f"glt: the launcher broke off ({what}); {_SAID[todo]}", file=sys.stderr)
            grid.forget_running()
    return todo


def _after(error: Exception, can_begin_anew: bool) -> NextStep:
    if can_begin_anew:
        return NextStep.RETRY
    # joblib's processes are on this machine. A cluster's runs may not be meant for it.
    return NextStep.ISOLATE if isinstance(error, BrokenProcessPool) else NextStep.LATER


def run_isolated(words: Sequence[str], name: str) -> None:
    """Do one run in a process of its own, which may die without harm to this one."""
    own = [word for word in words if not word.startswith(("hydra", "+hydra"))]
    command = [sys.executable, "-m", "glt_cli", "run", *own, "hydra/launcher=basic"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode < 0:
        how = signal.Signals(-done.returncode).name
        print(f"glt: {name}: its process died ({how})", file=sys.stderr)
    elif done.returncode > 1:  # 1 is a failed run, whose record says why
        why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        print(f"glt: {name}: {why.removeprefix('glt: ')}", file=sys.stderr)


@contextlib.contextmanager
def _raising() -> Iterator[None]:
    """Let Hydra raise what goes wrong, instead of printing it and leaving."""
    name = "HYDRA_FULL_ERROR"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "no reason given").rstrip(".")
