"""How far a run had come: what an interrupted one need not do again.

A stage (a round of IMP, a whole search) seeds itself and begins at Θ₀, so its masks, its history
and its cost are all that the next one needs: going on gives the same bytes as going through.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from glt_cli.paths import write_whole
from glt_cli.pruning.masks import Masks

#: Of a file of another format nothing is taken.
_FORMAT = "1"


@dataclass
class Checkpoint:
    """Masks of finished stages, on disk as one safetensors file.

    Attributes:
        path: Of the file; it is gone once the run is done.
        stages: Masks by stage, in the order in which they were finished.
        history: Rows of all epochs so far.
        epochs: Optimiser epochs spent on them.
        seconds: Wall time spent on them.
        costs_teacher: Whether they used the dense model.
    """

    path: Path
    stages: dict[str, Masks] = field(default_factory=dict)
    history: list[dict[str, object]] = field(default_factory=list)
    epochs: int = 0
    seconds: float = 0.0
    costs_teacher: bool = False

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """Read what is there; an empty one where there is nothing, or nothing whole."""
        try:
            with safe_open(path, "pt") as file:
                about: dict[str, Any] = json.loads(file.metadata()["about"])
                if about.pop("format") != _FORMAT:
                    return cls(path)
                stages: dict[str, Masks] = {}
                for stage, names in about.pop("stages").items():
                    stages[stage] = {name: file.get_tensor(f"{stage}.{name}") for name in names}
                return cls(path, stages, **about)
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError):
            return cls(path)

    def write(self) -> None:
        """Write everything, whole or not at all."""
        about = {
            "format": _FORMAT,
            "stages": {stage: list(masks) for stage, masks in self.stages.items()},
            "history": self.history,
            "epochs": self.epochs,
            "seconds": self.seconds,
            "costs_teacher": self.costs_teacher,
        }
        tensors = {
            f"{stage}.{name}": mask.cpu().contiguous()
            for stage, masks in self.stages.items()
            for name, mask in masks.items()
        }
        write_whole(self.path, save(tensors, {"about": json.dumps(about)}))

    def forget(self) -> None:
        """Remove the file: the run is done, or shall begin anew."""
        self.path.unlink(missing_ok=True)
