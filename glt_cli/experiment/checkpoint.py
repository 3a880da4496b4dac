"""What an interrupted run need not do again.

A stage (a round of IMP, a whole search) seeds itself and begins at Θ₀, so its masks, its history
and its cost are all that the next one needs. Within a stage and in retraining a phase's state has
all that passes from one epoch to the next. So resuming gives the same bytes as not stopping.
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

#: Of a file of another format nothing is taken.
_FORMAT = "3"


@dataclass
class PhaseCheckpoint:
    """A phase's progress: epochs done, and the state that the next one begins with."""

    epochs: int
    tensors: dict[str, Tensor]


@dataclass
class RunCost:
    """The cost of the run so far.

    Attributes:
        find_epochs: Optimiser epochs of the search.
        seconds: Wall time by part of the run.
        costs_teacher: Whether the search used the dense model.
    """

    find_epochs: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    costs_teacher: bool = False


@dataclass
class Checkpoint:
    """An unfinished run on disk, as one safetensors file.

    Attributes:
        path: Of the file, which is removed once the run is done; None keeps nothing.
        stages: Masks of finished stages, in the order in which they were finished.
        phases: Phases since then, finished or not.
        history: Rows of all epochs so far.
        cost: What they cost.
    """

    path: Path | None
    stages: dict[str, Masks] = field(default_factory=dict)
    phases: dict[str, PhaseCheckpoint] = field(default_factory=dict)
    history: list[dict[str, object]] = field(default_factory=list)
    cost: RunCost = field(default_factory=RunCost)

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read what is there; an empty one where there is nothing, or nothing whole."""
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
        """Write everything, whole or not at all.

        Args:
            phases: More of them; not kept in memory, since their tensors are in use.
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
        """Remove the file: the run is done, or shall begin anew."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
