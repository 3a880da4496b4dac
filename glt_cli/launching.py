"""Letting Hydra's launchers do a grid, whose processes may die."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from enum import Enum

from glt_cli.display import Display
from glt_cli.errors import UserError
from glt_cli.grid import Grid


class Outcome(Enum):
    """What is left to do when a launcher has come to its end or broken off."""

    WHOLE = ""
    ANEW = "beginning anew with what is missing"
    APART = "doing what is missing one by one, each in a process of its own"
    BROKEN = "the same command goes on with what is missing"


def launch(hand_over: Callable[[], None], grid: Grid, display: Display) -> Outcome:
    """Let a launcher do a grid. If it breaks off, begin anew as long as that brings runs.

    joblib, for one, ends all its processes where one of them dies.

    Raises:
        UserError: The launcher can't even begin.
    """
    outcome = Outcome.ANEW
    while outcome is Outcome.ANEW:
        before = grid.look().ended
        try:
            with _raising():
                hand_over()
            return Outcome.WHOLE
        except Exception as error:
            if display.runs_here:  # nobody else is to blame
                raise
            what = f"{type(error).__name__}: {_first_line(error)}"
            counts = grid.look()
            outcome = _go_on(error, has_brought_runs=counts.ended > before)
            if outcome is Outcome.BROKEN and not counts.running and not grid.ended():
                raise UserError(f"the launcher can't begin ({what})") from error
            print(f"glt: the launcher broke off ({what}); {outcome.value}", file=sys.stderr)
            grid.forget_running()
    return outcome


def _go_on(error: Exception, has_brought_runs: bool) -> Outcome:
    if has_brought_runs:
        return Outcome.ANEW
    # joblib's processes are on this machine. A cluster's runs may not be meant for it.
    return Outcome.APART if isinstance(error, BrokenProcessPool) else Outcome.BROKEN


def do_apart(words: Sequence[str], name: str) -> None:
    """Do one run in a process of its own, which may die without harm to this one."""
    own = [word for word in words if not word.startswith(("hydra", "+hydra"))]
    command = [sys.executable, "-m", "glt_cli", "run", *own, "hydra/launcher=basic", "force=false"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if done.returncode < 0:
        how = signal.Signals(-done.returncode).name
        print(f"glt: {name}: its process died ({how})", file=sys.stderr)


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
