"""Runs as a comparison sees them: a record, and every setting that can change its numbers."""

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

#: Settings that say how a run is done, not what comes out.
_EXCLUDED = {item.name for item in fields(Config) if item.metadata.get("excluded_from_hash")}


@dataclass(frozen=True)
class ComparedRun:
    """A run.

    Attributes:
        record: What it came to.
        settings: Its resolved settings by their keys on the command line.
        place: Its folder.
    """

    record: Record
    settings: Mapping[str, object] = field(default_factory=dict)
    place: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it has the scores that a comparison needs."""
        scores = (self.record.ticket_test, self.record.dense_test)
        return self.record.status == "done" and None not in scores

    @property
    def targets(self) -> tuple[float, float]:
        """Shares of edges and of weights to remove."""
        return self.record.graph_sparsity_target, self.record.weight_sparsity_target


def compared_runs(runs: Iterable[StoredRun]) -> list[ComparedRun]:
    """Read the settings of some runs."""
    return [
        ComparedRun(run.record, _settings(run.folder.config), str(run.folder.path.resolve()))
        for run in runs
    ]


def _settings(path: Path) -> dict[str, object]:
    """Flatten a run's config.yaml; empty where there is none, or a damaged one."""
    try:
        # OmegaConf's reader, for YAML's own takes 1e-05 for a word.
        whole: Any = OmegaConf.to_container(OmegaConf.load(path))
    except (OSError, ValueError, YAMLError, OmegaConfBaseException):
        return {}
    return dict(flat(whole, leave=_EXCLUDED)) if isinstance(whole, dict) else {}
