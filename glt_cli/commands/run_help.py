"""`glt run --help`: the groups of options, and every key with its value."""

from __future__ import annotations

from hydra._internal.utils import get_args_parser
from omegaconf import OmegaConf

from glt_cli.config.request import Request, composing

#: Keys that only glt itself sets.
_HIDDEN = ("preset", "names")


def run_help(request: Request, template: str) -> str:
    """Fill a template of conf/config.yaml (`help`), or Hydra's own (`hydra_help`)."""
    assert request.hydra is not None
    shown = {k: part for k, part in request.points[0].config.stored().items() if k not in _HIDDEN}
    form = OmegaConf.create({"hydra": request.hydra}).hydra[template]
    with composing(request.config_dir) as hydra:
        return hydra.get_help(form, OmegaConf.create(shown), get_args_parser(), resolve=False)
