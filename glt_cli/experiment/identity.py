"""What a run is known by: a hash of every setting, and of the method's code, that can change it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from glt_cli import data
from glt_cli.config import Config
from glt_cli.experiment import fingerprint

#: Raised whenever a change of shared code changes numbers; a method's own code is in the hash.
FORMAT_VERSION = 2


@dataclass(frozen=True)
class Identity:
    """The name of a run.

    Attributes:
        config_hash: Without the seed, so that records of one setting group by it.
        folder: Name of the run's folder: readable, then seed and hash.
    """

    config_hash: str
    folder: str


def identify(config: Config, device_kind: str, data_checksum: str | None = None) -> Identity:
    """Name a run.

    Args:
        config: Its resolved settings, defaults included.
        device_kind: `cpu` or `cuda`; their numbers differ.
        data_checksum: Of the data; None to ask the data set.
    """
    facts = {
        "settings": _settings(config),
        "device": device_kind,
        "data": data_checksum or data.checksum(config.dataset, config.data_root),
        "format": FORMAT_VERSION,
        "code": fingerprint.of_run(config),
    }
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:10]
    name = f"{config.method_name}-{config.backbone_name}-{config.dataset_name}"
    return Identity(digest, f"{name}-seed{config.seed}-{digest}")


def _settings(node: Any) -> Any:
    if not is_dataclass(node):
        return node
    return {
        item.name: _settings(getattr(node, item.name))
        for item in fields(node)
        if not item.metadata.get("excluded_from_hash")
    }
