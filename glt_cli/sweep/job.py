"""What Hydra's launchers run, here or on another machine: one configuration."""

from __future__ import annotations

from omegaconf import DictConfig

from glt_cli.config.compose import to_config
from glt_cli.config.plugins import load_plugins


def job(composed: DictConfig) -> None:
    """Run one configuration; its record says what came of it.

    A run that another process is doing is passed over: there may be others to do meanwhile, and
    the front end comes back to it. A launcher's worker is silent: the front end shows the grid.
    """
    load_plugins()  # GLT_PLUGINS has told the worker of them
    from glt_cli.experiment.experiment import run
    from glt_cli.experiment.locks import BusyError
    from glt_cli.sweep import display

    shown = display.current or display.Display(quiet=True)
    shown.begin_run()
    try:
        run(to_config(composed), shown, wait=False)
    except BusyError as error:
        shown.pass_over(str(error))
