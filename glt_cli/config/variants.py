"""Names of the method variants in `conf/experiment`, such as `agreement`, by their settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from omegaconf import OmegaConf

from glt_cli.config import Config
from glt_cli.config.request import config_folder


def name_of(config: Config) -> str:
    """Label a configuration's method as tables do."""
    return label(
        config.method_name, config.retrain.control, config.retrain.distill, variant(config)
    )


def label(method: str, control: str, distill: float, variant: str) -> str:
    """A method's name, with its variant and the differences in its retraining."""
    notes = [variant] if variant else []
    notes += [control] if control != "none" else []
    notes += [f"distilled {distill:g}"] if distill else []
    return f"{method} ({', '.join(notes)})" if notes else method


def variant(config: Config) -> str:
    """Name the experiment whose settings a run has all of; "" if there is none."""
    settings = dict(flat(asdict(config))).items()
    return next((name for name, wanted in _variants().items() if wanted.items() <= settings), "")


@cache
def _variants() -> dict[str, dict[str, object]]:
    """Experiments that set a method's keys; grids aren't variants."""
    found: dict[str, dict[str, object]] = {}
    for path in sorted((config_folder() / "experiment").glob("*.yaml")):
        cfg: Any = OmegaConf.to_container(OmegaConf.load(path))
        if "hydra" in cfg:
            continue
        found[path.stem] = wanted = dict(flat(cfg, leave=("defaults",)))
        for choice in cfg.get("defaults", []):
            if isinstance(choice, dict) and "override /method" in choice:
                wanted["method.name"] = choice["override /method"]
    return found


def flat(
    node: Mapping[str, Any], prefix: str = "", leave: Collection[object] = ()
) -> Iterator[tuple[str, object]]:
    """Flatten settings to the keys and values of the command line, without the keys in `leave`."""
    for key, part in node.items():
        if key in leave:
            continue
        if isinstance(part, dict):
            yield from flat(part, f"{prefix}{key}.")
        else:
            # A list as written on the command line.
            shown = f"[{','.join(map(str, part))}]" if isinstance(part, list) else part
            yield f"{prefix}{key}", shown
