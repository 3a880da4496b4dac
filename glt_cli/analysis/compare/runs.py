"""Runs with their settings, as comparisons need them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from glt_cli.analysis.collect import StoredRun
from glt_cli.config import Config
from glt_cli.config.variants import flat
from glt_cli.experiment.record import Record

#: Settings that do not change a run's results.
_EXCLUDED = {item.name for item in fields(Config) if item.metadata.get("excluded_from_hash")}


@dataclass(frozen=True)
class ComparedRun:
    """A run with its settings.

    Attributes:
        record: Its record.
        settings: Its resolved settings that can change results, by their command-line keys.
        folder: The path of its folder.
    """

    record: Record
    settings: Mapping[str, object] = field(default_factory=dict)
    folder: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it finished and has the scores that a comparison needs."""
        scores = (self.record.ticket_test, self.record.dense_test)
        return self.record.status == "done" and None not in scores

    @property
    def targets(self) -> tuple[float, float]:
        """Target graph sparsity and target weight sparsity."""
        return self.record.graph_sparsity_target, self.record.weight_sparsity_target


def compared_runs(runs: Iterable[StoredRun]) -> list[ComparedRun]:
    """Read the settings of stored runs."""
    return [
        ComparedRun(run.record, _settings(run.folder.config), str(run.folder.path.resolve()))
        for run in runs
    ]


def _settings(path: Path) -> dict[str, object]:
    """Read and flatten a run's config.yaml; empty if the file is missing or damaged."""
    try:
        # OmegaConf's loader: plain YAML would read 1e-05 as a string.
        config: Any = OmegaConf.to_container(OmegaConf.load(path))
    except (OSError, ValueError, YAMLError, OmegaConfBaseException):
        return {}
    return dict(flat(config, leave=_EXCLUDED)) if isinstance(config, dict) else {}
