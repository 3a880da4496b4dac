"""`glt run`: its flags, and what they do."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glt_cli.commands.shared_flags import add_plugin
from glt_cli.errors import UserError

if TYPE_CHECKING:
    from glt_cli.config.request import Point, Request


def add(commands: argparse._SubParsersAction[Any], version: str) -> None:
    """Declare the sub-command."""
    run = commands.add_parser(
        "run",
        help="find, retrain and measure a ticket, or a grid",
        add_help=False,
        allow_abbrev=False,
    )
    run.add_argument("-m", "--multirun", action="store_true", help="values a,b make a grid")
    run.add_argument("--config-dir", "-cd", metavar="DIR", help="add your own options")
    run.add_argument("-h", "--help", action="store_true", help="groups, keys and presets")
    run.add_argument("--hydra-help", action="store_true", help="help on composing configurations")
    instead = run.add_mutually_exclusive_group()
    instead.add_argument(
        "-c", "--cfg", choices=["job", "hydra", "all"], help="print the configuration and stop"
    )
    instead.add_argument("--dry-run", action="store_true", help="list the runs and stop")
    instead.add_argument(
        "--print", dest="commands", action="store_true", help="print a command for each run"
    )
    run.add_argument("--version", action="version", version=version)
    add_plugin(run)
    run.set_defaults(do=run_words)


def run_words(flags: argparse.Namespace, words: list[str]) -> int:
    """Carry out `glt run`; returns the exit code."""
    from glt_cli.config.request import read

    if unknown := [word for word in words if word.startswith("-")]:
        raise UserError(f"glt run does not take {' '.join(unknown)}; see glt run --help")
    request = read(words, flags.multirun, flags.config_dir)
    for line in request.remarks:
        print(f"glt: {line}", file=sys.stderr)
    for flag, print_it in _INSTEAD.items():
        if getattr(flags, flag):
            print_it(request, flags)
            return 0

    from glt_cli.sweep.sweep import run

    return run(request)


def _print_help(request: Request, flags: argparse.Namespace) -> None:
    from glt_cli.commands.run_help import run_help

    _only_point(request, "--help")
    print(run_help(request, "help"))


def _print_hydra_help(request: Request, flags: argparse.Namespace) -> None:
    from glt_cli.commands.run_help import run_help

    _only_point(request, "--hydra-help")
    print(run_help(request, "hydra_help"))


def _print_config(request: Request, flags: argparse.Namespace) -> None:
    from omegaconf import OmegaConf

    point = _only_point(request, "--cfg")
    settings: dict[str, Any] = {} if flags.cfg == "hydra" else point.config.stored()
    settings |= {"hydra": request.hydra} if flags.cfg != "job" else {}
    print(OmegaConf.to_yaml(OmegaConf.create(settings)), end="")


def _print_plan(request: Request, flags: argparse.Namespace) -> None:
    from glt_cli.sweep.dry_run import print_data, print_plan
    from glt_cli.sweep.sweep import with_folders

    print_data(request.points)
    print_plan(with_folders(request.points))


def _print_commands(request: Request, flags: argparse.Namespace) -> None:
    """Print a command for each unfinished run, one per line, for other queues."""
    from glt_cli.config.plugins import as_words
    from glt_cli.sweep.sweep import is_finished, with_folders

    for point, folder in with_folders(request.points):
        if point.config.force or not is_finished(folder):
            print(
                shlex.join(
                    [
                        "glt",
                        "run",
                        *as_words(),
                        *_config_flag(flags.config_dir),
                        *point.overrides,
                    ]
                )
            )


#: Functions that print something instead of running, by their flag.
_INSTEAD = {
    "help": _print_help,
    "hydra_help": _print_hydra_help,
    "cfg": _print_config,
    "dry_run": _print_plan,
    "commands": _print_commands,
}


def _only_point(request: Request, flag: str) -> Point:
    if len(request.points) > 1:
        raise UserError(f"{flag} shows one run: give each key one value")
    return request.points[0]


def _config_flag(config_dir: str | None) -> Sequence[str]:
    return ["--config-dir", str(Path(config_dir).resolve())] if config_dir else []
