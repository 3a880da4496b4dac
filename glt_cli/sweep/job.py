"""What a launcher runs, here or on another machine: one checked configuration."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig, OmegaConf

from glt_cli.config import config_from
from glt_cli.config.plugins import load_plugins


def job(composed: DictConfig) -> None:
    """Run one configuration; its record says how it ended.

    A run that another process is doing is passed over: there may be others to do meanwhile, and
    the process that launched the grid comes back to it. A launcher's worker is silent.
    """
    load_plugins()  # GLT_PLUGINS has told the worker of them
    from glt_cli.experiment.experiment import run
    from glt_cli.experiment.locks import BusyError
    from glt_cli.sweep import display

    settings: Any = OmegaConf.to_container(composed, resolve=True)
    shown = display.current or display.Display(quiet=True)
    shown.begin_run()
    try:
        run(config_from(settings), shown, wait=False)
    except BusyError as error:
        shown.pass_over(str(error))
