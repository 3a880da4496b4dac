"""What Hydra's launchers run, here or on another machine: one configuration."""

from __future__ import annotations

from omegaconf import DictConfig

from glt_cli.composing import to_config


def job(composed: DictConfig) -> None:
    """Run one configuration; its record says what came of it.

    A run that another process is doing is passed over: there may be others to do meanwhile, and
    the front end comes back to it.
    """
    from glt_cli import grid
    from glt_cli.display import Display
    from glt_cli.experiment import run
    from glt_cli.locks import BusyError

    config = to_config(composed)
    with Display(config.quiet) as display:
        if grid.current:
            display.say(grid.current.begin())
        try:
            outcome = run(config, display, wait=False)
        except BusyError as error:
            display.say(f"{error} is being done by another process; on to the next")
            return
        if grid.current:
            grid.current.end(outcome.record.status)
