"""What a run reports while it goes on."""

from __future__ import annotations

from typing import Protocol

from glt_cli.training.loop import Epoch


class RunObserver(Protocol):
    """Is told of the phases and epochs of a run, and of what a person should read."""

    def say(self, message: str, once: bool = False) -> None:
        """Show a line; `once` leaves out what was shown before."""

    def begin(self, phase: str, epochs: int) -> None:
        """Take note that a phase of so many epochs begins."""

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """Take note of a finished epoch and the sparsities it had."""


class Silent:
    """Shows nothing."""

    def say(self, message: str, once: bool = False) -> None:
        """See RunObserver."""

    def begin(self, phase: str, epochs: int) -> None:
        """See RunObserver."""

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """See RunObserver."""
