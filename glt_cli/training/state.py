"""The training state between two epochs, so that an interrupted phase can be resumed.

It consists of tensors only, so a checkpoint is a safetensors file and restores every bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn


class Stateful(Protocol):
    """An object whose state is kept between epochs."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return the state; its tensors may share memory with the object."""

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Restore a state that `state_dict` returned."""


class Checkpointer(Protocol):
    """Saves the state of the phases of a run, and restores it."""

    def resume(self, phase: str, state: TrainingState) -> int:
        """Restore a phase's state; returns the number of its finished epochs."""

    def save(self, phase: str, number: int, count: int, state: TrainingState) -> None:
        """Record that epoch `number` of `count` is finished; write a checkpoint if one is due."""


@dataclass(frozen=True)
class TrainingState:
    """All state between epochs: model, optimiser, random numbers, and the loop body's.

    Attributes:
        model: Its buffers are part of the state; its parameters belong to the optimiser.
        optimiser: With the parameters that it trains.
        device: Device of the random numbers for dropout.
        parts: State of the loop body, by name.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    device: torch.device
    parts: Mapping[str, Stateful]

    def state_dict(self) -> dict[str, Tensor]:
        """See Stateful."""
        tensors = {"random": torch.get_rng_state()}
        if self.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.device)
        tensors |= prefixed("buffer.", dict(self.model.named_buffers()))
        for number, value in enumerate(self._values()):
            state = self.optimiser.state.get(value, {})
            tensors |= prefixed(f"trained.{number}.", {"value": value.detach(), **state})
        for name, carried in self.parts.items():
            tensors |= prefixed(f"part.{name}.", carried.state_dict())
        return tensors

    def outcome(self) -> dict[str, Tensor]:
        """What later phases need of a finished one: its best epoch, or else the whole state.

        Copies in main memory, since they are kept until the stage ends.
        """
        best = self.parts.get("best")
        outcome = prefixed("part.best.", best.state_dict()) if best else self.state_dict()
        return copied(outcome, torch.device("cpu"))

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Restore the result of `state_dict` or `outcome`; the rest of the state stays as it is."""
        for name, carried in self.parts.items():
            if state := part(tensors, f"part.{name}."):
                carried.load_state_dict(copied(state, self.device))
        if "random" not in tensors:
            return
        for number, value in enumerate(self._values()):
            state = copied(part(tensors, f"trained.{number}."), self.device)
            value.data.copy_(state.pop("value"))
            self.optimiser.state[value] = state
        for name, buffer in self.model.named_buffers():
            buffer.copy_(tensors[f"buffer.{name}"])
        torch.set_rng_state(tensors["random"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], self.device)

    def _values(self) -> list[Tensor]:
        return [value for group in self.optimiser.param_groups for value in group["params"]]


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Put a prefix before each name."""
    return {f"{prefix}{name}": value for name, value in tensors.items()}


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Select the tensors with a prefix, and remove it from their names."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def copied(tensors: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """Copy tensors to a device, since training changes the originals in place."""
    return {name: value.detach().to(device, copy=True) for name, value in tensors.items()}
