"""What Hydra's launchers run, here or on another machine: one configuration."""

from __future__ import annotations

from omegaconf import DictConfig

from glt_cli.composing import to_config


def job(composed: DictConfig) -> None:
    """Run one configuration; its record says what came of it."""
    from glt_cli.display import Display
    from glt_cli.experiment import run

    config = to_config(composed)
    with Display(config.quiet) as display:
        run(config, display)
