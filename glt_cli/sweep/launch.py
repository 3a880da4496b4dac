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


class Next(Enum):
    """What is to be done when a launcher has come to its end or broken off."""

    NOTHING = auto()
    ANEW = auto()
    APART = auto()
    LATER = auto()


_SAID = {
    Next.ANEW: "beginning anew with what is missing",
    Next.APART: "doing what is missing one by one, each in a process of its own",
    Next.LATER: "the same command goes on with what is missing",
}


def launch(hand_over: Callable[[], None], grid: Grid, display: Display, is_forced: bool) -> Next:
    """Let a launcher do a grid. If it breaks off, begin anew as long as that brings runs.

    joblib, for one, ends all its processes where one of them dies.

    Args:
        hand_over: Starts the launcher.
        grid: Tells what has come of its runs.
        display: Shows that.
        is_forced: Whether it does finished runs again, so that to begin anew would never end.

    Raises:
        UserError: The launcher can't even begin.
    """
    todo = Next.ANEW
    while todo is Next.ANEW:
        before = grid.look().done
        try:
            with _raising():
                hand_over()
            return Next.NOTHING
        except Exception as error:
            if display.runs_here:  # nobody else is to blame
                raise
            what = f"{type(error).__name__}: {_first_line(error)}"
            counts = grid.look()
            todo = _after(error, counts.done > before and not is_forced)
            if todo is Next.LATER and not counts.running and not grid.ended():
                raise UserError(f"the launcher can't begin ({what})") from error
            print(f"glt: the launcher broke off ({what}); {_SAID[todo]}", file=sys.stderr)
            grid.forget_running()
    return todo


def _after(error: Exception, can_begin_anew: bool) -> Next:
    if can_begin_anew:
        return Next.ANEW
    # joblib's processes are on this machine. A cluster's runs may not be meant for it.
    return Next.APART if isinstance(error, BrokenProcessPool) else Next.LATER


def do_apart(words: Sequence[str], name: str) -> None:
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
