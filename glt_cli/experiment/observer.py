"""The interface that receives a run's progress, and two simple observers."""

from __future__ import annotations

import time
from typing import Protocol

from glt_cli.terminal import without_secrets
from glt_cli.training.loop import Epoch


class RunObserver(Protocol):
    """Receives the phases, epochs and messages of a run."""

    def say(self, message: str, once: bool = False) -> None:
        """Show a line; with `once`, not if it was shown before."""

    def begin(self, phase: str, epochs: int) -> None:
        """A phase of so many epochs begins."""

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """An epoch is finished; the sparsities are those during it."""


class Lines:
    """Prints a line for each finished phase, as `glt run` does without a terminal."""

    def __init__(self) -> None:
        self._shown: set[str] = set()
        self._phase, self._epochs, self._best, self._began = "", 0, 0.0, 0.0

    def say(self, message: str, once: bool = False) -> None:
        """See RunObserver."""
        if not (once and message in self._shown):
            print(without_secrets(message))
        self._shown.add(message)

    def begin(self, phase: str, epochs: int) -> None:
        """See RunObserver."""
        self._phase, self._epochs, self._best = phase, epochs, 0.0
        self._began = time.perf_counter()

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """See RunObserver."""
        self._best = max(self._best, epoch.val)
        if epoch.number == self._epochs:
            figures = epoch_figures(epoch, graph_sparsity, weight_sparsity)
            seconds = time.perf_counter() - self._began
            self.say(phase_line(self._phase, self._epochs, figures, self._best, seconds))


def epoch_figures(epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> str:
    """Format an epoch's validation score and sparsities."""
    figures = f"val {epoch.val:.1%}"
    if graph_sparsity:
        figures += f"  edges -{graph_sparsity:.1%}"
    if weight_sparsity:
        figures += f"  weights -{weight_sparsity:.1%}"
    return figures


def phase_line(phase: str, epochs: int, figures: str, best: float, seconds: float) -> str:
    """Format the line of a finished phase."""
    return f"{phase:<10} {epochs} epochs, {figures}, best val {best:.1%}, {seconds:.1f} s"


class Silent:
    """Shows nothing."""

    def say(self, message: str, once: bool = False) -> None:
        """See RunObserver."""

    def begin(self, phase: str, epochs: int) -> None:
        """See RunObserver."""

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """See RunObserver."""
