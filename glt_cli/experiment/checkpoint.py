"""The checkpoint of an unfinished run.

A stage (a round of IMP, or a whole search) seeds itself and starts from Θ₀, so the next one needs
only its masks, history and cost. Within a phase the training state has everything that passes
between epochs. So an interrupted run and an uninterrupted one give the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from glt_cli.experiment.paths import write_whole
from glt_cli.pruning.masks import Masks

#: Files of another format are ignored.
_FORMAT = "3"


@dataclass
class PhaseCheckpoint:
    """A phase's progress: its finished epochs, and the training state after them."""

    epochs: int
    tensors: dict[str, Tensor]


@dataclass
class RunCost:
    """The cost of the run so far.

    Attributes:
        find_epochs: Optimiser epochs of the search.
        seconds: Wall time by part of the run.
        costs_teacher: Whether the search used the dense model's outputs.
    """

    find_epochs: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    costs_teacher: bool = False


@dataclass
class Checkpoint:
    """An unfinished run on disk, as one safetensors file.

    Attributes:
        path: The file, which is removed when the run is done; None to save nothing.
        stages: Masks of finished stages, in order.
        phases: Phases since the last finished stage, finished or not.
        history: Rows of all epochs so far.
        cost: Cost of the run so far.
    """

    path: Path | None
    stages: dict[str, Masks] = field(default_factory=dict)
    phases: dict[str, PhaseCheckpoint] = field(default_factory=dict)
    history: list[dict[str, object]] = field(default_factory=list)
    cost: RunCost = field(default_factory=RunCost)

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read a checkpoint; an empty one if the file is missing or damaged."""
        try:
            with safe_open(path, "pt") as file:
                about: dict[str, Any] = json.loads(file.metadata()["about"])
                if about["format"] != _FORMAT:
                    return cls(path)

                def tensors(prefix: str, names: list[str]) -> dict[str, Tensor]:
                    return {name: file.get_tensor(f"{prefix}.{name}") for name in names}

                stages = {s: tensors(f"stage.{s}", names) for s, names in about["stages"].items()}
                phases = {
                    phase: PhaseCheckpoint(epochs, tensors(f"phase.{phase}", names))
                    for phase, (epochs, names) in about["phases"].items()
                }
                return cls(path, stages, phases, about["history"], RunCost(**about["cost"]))
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError):
            return cls(path)

    def write(self, **phases: PhaseCheckpoint) -> None:
        """Write the file atomically.

        Args:
            phases: Further phases, which aren't kept in memory since their tensors are in use.
        """
        if self.path is None:
            return
        phases = self.phases | phases
        about = {
            "format": _FORMAT,
            "stages": {stage: list(masks) for stage, masks in self.stages.items()},
            "phases": {
                phase: (saved.epochs, list(saved.tensors)) for phase, saved in phases.items()
            },
            "history": self.history,
            "cost": asdict(self.cost),
        }
        groups = {f"stage.{stage}": masks for stage, masks in self.stages.items()}
        groups |= {f"phase.{phase}": saved.tensors for phase, saved in phases.items()}
        tensors = {
            f"{prefix}.{name}": tensor.cpu().contiguous()
            for prefix, group in groups.items()
            for name, tensor in group.items()
        }
        write_whole(self.path, save(tensors, {"about": json.dumps(about)}))

    def forget(self) -> None:
        """Remove the file, when the run is done or starts over."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
