"""The one training loop, and retraining with it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from glt_cli.backbones.base import Backbone
from glt_cli.config import TrainerConfig
from glt_cli.field import Field
from glt_cli.graph import Graph
from glt_cli.pruning.masks import EDGE, Masks
from glt_cli.sparse import Matrix
from glt_cli.tasks import NodeClassification

#: A model's parameters (and buffers) by name.
State = dict[str, Tensor]


class NonFiniteLossError(Exception):
    """The loss became infinite or not a number; the run cannot go on."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch of a phase came to.

    Attributes:
        phase: Its name.
        number: 1 for the first epoch of the phase.
        loss: Training loss before the epoch's step.
        val: Validation score after it.
    """

    phase: str
    number: int
    loss: float
    val: float


class Views(dict[str, tuple[Matrix, Field]]):
    """What the predictions of each split take in: features and receptive field; made once.

    The graph is the task's own, or what masks have left of it.
    """

    def __init__(self, task: NodeClassification, graph: Graph, layers: int) -> None:
        super().__init__()
        self._task, self._graph, self._layers = task, graph, layers

    def __missing__(self, split: str) -> tuple[Matrix, Field]:
        """Make the view of a split that is asked for the first time."""
        field = Field(self._graph, self._task.splits[split], self._layers)
        self[split] = field.rows(self._task.x), field
        return self[split]


class Observer(Protocol):
    """Who is told of the progress."""

    def begin(self, phase: str, epochs: int) -> None:
        """Take note that a phase of so many epochs begins."""

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """Take note of a finished epoch and the sparsities it had."""


def seed_stage(seed: int, stage: str) -> torch.Generator:
    """Seed torch for one stage of a run, and make a generator for its draws.

    Stages are seeded apart, so that one that is skipped (a dense baseline found finished) does
    not move the random numbers of the next.
    """
    digest = hashlib.sha256(f"{seed}/{stage}".encode()).digest()
    number = int.from_bytes(digest[:7], "big")
    torch.manual_seed(number)
    return torch.Generator().manual_seed(number)


def epochs(
    phase: str,
    count: int,
    task: NodeClassification,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    outputs: Callable[[str], Tensor],
    after_backward: Callable[[], None] | None = None,
    after_step: Callable[[], None] | None = None,
) -> Iterator[Epoch]:
    """Train for `count` epochs and yield after each, its validation pass included.

    The caller's loop body runs between epochs. The loss and the score leave the device together,
    once an epoch.

    Args:
        phase: For messages.
        count: Epochs.
        task: Loss and score.
        model: Switched between training and evaluation.
        optimiser: Of everything that is trained.
        outputs: The forward pass for the nodes of a split, [T, outputs].
        after_backward: Called with fresh gradients, before the step.
        after_step: Called after the step: projections.

    Raises:
        NonFiniteLossError: Names the phase and the epoch.
    """
    for number in range(1, count + 1):
        model.train()
        optimiser.zero_grad()
        loss = task.loss(outputs("train"))
        loss.backward()  # type: ignore[no-untyped-call]
        # Without gradients: a term added to a gradient must not drag a graph along.
        with torch.no_grad():
            if after_backward is not None:
                after_backward()
            optimiser.step()
            if after_step is not None:
                after_step()
            model.eval()
            score = task.score(outputs("val"), "val")
        loss_value, val = torch.stack([loss.detach().double(), score]).tolist()
        if not math.isfinite(loss_value):
            raise NonFiniteLossError(f"the loss became {loss_value} in epoch {number} of {phase}")
        yield Epoch(phase, number, loss_value, val)


def adam(groups: list[dict[str, object]]) -> torch.optim.Adam:
    """Adam in its fused form: a quarter of the default's time on CPU."""
    return torch.optim.Adam(groups, fused=True)


@dataclass(frozen=True)
class Trained:
    """A trained model at its best validation epoch.

    Attributes:
        state: Parameters, pruned weights exactly 0.
        val: Validation score of that epoch.
        test: Test score of that epoch, read once.
        epoch: Its number.
    """

    state: State
    val: float
    test: float
    epoch: int


def retrain(
    task: NodeClassification,
    model: Backbone,
    init: State,
    masks: Masks,
    trainer: TrainerConfig,
    seed: int,
    observe: Callable[[Epoch], None],
    phase: str = "retrain",
) -> Trained:
    """Train from Θ₀ under binary masks, edges and weights really gone; keep the best epoch.

    With full masks this is dense training, by the same random numbers.

    Args:
        task: Data, loss and score.
        model: Its parameters are overwritten.
        init: Θ₀.
        masks: True where kept.
        trainer: Epochs, rate and decay.
        seed: Of dropout.
        observe: Told of each epoch.
        phase: For messages.
    """
    seed_stage(seed, "retrain")
    graph = task.graph.keep(masks[EDGE])
    ones = graph.ones()
    model.load_state_dict(init)
    prunable = model.prunable()
    dropped = {name: ~masks[name] for name in prunable if not bool(masks[name].all())}
    with torch.no_grad():
        for name, gone in dropped.items():
            prunable[name].masked_fill_(gone, 0)

    def drop_gradients() -> None:
        # A weight that is 0 and has no gradient and no moments stays exactly 0 under Adam.
        for name, gone in dropped.items():
            grad = prunable[name].grad
            assert grad is not None
            grad.masked_fill_(gone, 0)

    optimiser = adam(
        [{"params": model.parameters(), "lr": trainer.lr, "weight_decay": trainer.weight_decay}]
    )

    views = Views(task, graph, len(model.layers))

    def outputs(split: str) -> Tensor:
        result: Tensor = model(*views[split], ones)
        return result

    best: Epoch | None = None
    state: State = {}
    for epoch in epochs(
        phase, trainer.epochs, task, model, optimiser, outputs, after_backward=drop_gradients
    ):
        observe(epoch)
        if best is None or epoch.val > best.val:
            best = epoch
            state = snapshot(model)
    assert best is not None
    model.load_state_dict(state)
    model.eval()
    with torch.no_grad():
        test = float(task.score(outputs("test"), "test"))
    return Trained(state, best.val, test, best.number)


def snapshot(model: nn.Module) -> State:
    """Copy a model's parameters."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
