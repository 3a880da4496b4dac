"""Names of what `conf/experiment` sets of a method, such as `agreement`, found by its settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from omegaconf import OmegaConf

from glt_cli.config import Config
from glt_cli.config.request import config_folder


def name_of(config: Config) -> str:
    """Call a configuration's method as tables call that of its record."""
    return label(
        config.method_name, config.retrain.control, config.retrain.distill, variant(config)
    )


def label(method: str, control: str, distill: float, variant: str) -> str:
    """A method's name, marked by its variant and by what differs in its retraining."""
    marks = [variant] if variant else []
    marks += [control] if control != "none" else []
    marks += [f"distilled {distill:g}"] if distill else []
    return f"{method} ({', '.join(marks)})" if marks else method


def variant(config: Config) -> str:
    """Name the experiment whose every key a run's settings have, if there is one; else ""."""
    settings = dict(flat(asdict(config))).items()
    return next((name for name, wanted in _variants().items() if wanted.items() <= settings), "")


@cache
def _variants() -> dict[str, dict[str, object]]:
    """Experiments that set a method's keys; those that are grids name no variant."""
    found: dict[str, dict[str, object]] = {}
    for path in sorted((config_folder() / "experiment").glob("*.yaml")):
        whole: Any = OmegaConf.to_container(OmegaConf.load(path))
        if "hydra" in whole:
            continue
        found[path.stem] = wanted = dict(flat(whole, leave=("defaults",)))
        for choice in whole.get("defaults", []):
            if isinstance(choice, dict) and "override /method" in choice:
                wanted["method.name"] = choice["override /method"]
    return found


def flat(
    node: Mapping[str, Any], prefix: str = "", leave: Collection[object] = ()
) -> Iterator[tuple[str, object]]:
    """Flatten settings to the keys and values that the command line has, some left out."""
    for key, part in node.items():
        if key in leave:
            continue
        if isinstance(part, dict):
            yield from flat(part, f"{prefix}{key}.")
        else:
            # A list as one writes it on the command line.
            shown = f"[{','.join(map(str, part))}]" if isinstance(part, list) else part
            yield f"{prefix}{key}", shown
