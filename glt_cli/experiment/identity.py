"""The identity of a run: a hash of its settings, data, device and method code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from glt_cli import data
from glt_cli.config import Config
from glt_cli.experiment import fingerprint

#: Raise this when a change of shared code changes numbers; a method's code is in the hash.
FORMAT_VERSION = 2


@dataclass(frozen=True)
class Identity:
    """The hash and the name of a run.

    Attributes:
        config_hash: Excludes the seed, so that all seeds of a setting share it.
        folder: Name of the run's folder: method, backbone, data set, seed and hash.
    """

    config_hash: str
    folder: str


def identify(config: Config, device_kind: str, data_checksum: str | None = None) -> Identity:
    """Compute the identity of a run.

    Args:
        config: The resolved settings, including defaults.
        device_kind: `cpu` or `cuda`, whose numbers differ.
        data_checksum: Checksum of the data; None to compute it.
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
        item.name: item.metadata.get("hashed_as", _settings)(getattr(node, item.name))
        for item in fields(node)
        if not item.metadata.get("excluded_from_hash")
    }
