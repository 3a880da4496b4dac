"""The job of a launcher, on any machine: run one checked configuration."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig, OmegaConf

from glt_cli.config import config_from
from glt_cli.config.plugins import load_plugins


def job(composed: DictConfig) -> None:
    """Run one configuration; the outcome is in its record.

    A run that another process is doing is skipped, so that others can be done meanwhile; the
    process that launched the grid returns to it later. A launcher's worker shows nothing.
    """
    load_plugins()  # in a worker, those that GLT_PLUGINS lists
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
