"""The state that training passes from epoch to epoch, so that an interrupted phase can go on.

All of it is tensors: a checkpoint is kept as safetensors and reads back to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn


class Stateful(Protocol):
    """Something whose state passes from one epoch to the next."""

    def state_dict(self) -> dict[str, Tensor]:
        """Give the state; the tensors may be those in use."""

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Take over a state that `state_dict` gave."""


class Checkpointer(Protocol):
    """Saves the state of the phases of a run, and restores it."""

    def resume(self, phase: str, state: TrainingState) -> int:
        """Restore a phase's state; returns the epochs that it had done, 0 if none."""

    def save(self, phase: str, number: int, count: int, state: TrainingState) -> None:
        """Take note of an epoch's end, the `number`-th of `count`; write it if it is time."""


@dataclass(frozen=True)
class TrainingState:
    """All that passes between epochs: model, optimiser, random numbers, and the loop body's own.

    Attributes:
        model: Its buffers count; its parameters are the optimiser's.
        optimiser: With the parameters that it trains.
        device: Where dropout draws.
        parts: The loop body's own state, by name.
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
        """What the finished phase leaves to the next: its best epoch, or else all of it.

        Copies, away from the device: they are kept until the stage ends.
        """
        best = self.parts.get("best")
        left = prefixed("part.best.", best.state_dict()) if best else self.state_dict()
        return copied(left, torch.device("cpu"))

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Take over what `state_dict` or `outcome` gave; what is not in it stays as it is."""
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
    """Take what has a prefix, without it."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def copied(tensors: Mapping[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """Copy tensors to a device: training changes them in place, a checkpoint must not."""
    return {name: value.detach().to(device, copy=True) for name, value in tensors.items()}
