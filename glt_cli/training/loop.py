"""The one training loop."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from glt_cli.models.backbone import Backbone
from glt_cli.training.batches import Batch, Batches
from glt_cli.training.state import Checkpointer, Stateful, TrainingState, part, prefixed
from glt_cli.training.tasks import Task

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


class Observer:
    """Who is told of the progress; this one doesn't care."""

    def begin(self, phase: str, epochs: int) -> None:
        """Take note that a phase of so many epochs begins."""

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """Take note of a finished epoch and the sparsities it had."""

    def exchange(self, exchanged: dict[str, float], moved: dict[str, float]) -> None:
        """Take note that elements were exchanged after the last epoch.

        Args:
            exchanged: Share of the kept edges, and of the kept weights, that has just entered.
            moved: Share of them that the first masks did not keep.
        """


@dataclass
class Best:
    """The best epoch of a phase by validation, so far.

    Attributes:
        val: Its validation score.
        number: Its number; 0 as long as there is none.
        tensors: What is kept of it.
    """

    val: float = 0.0
    number: int = 0
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def offer(self, epoch: Epoch, tensors: Callable[[], dict[str, Tensor]]) -> None:
        """Keep an epoch if it is better than all before it."""
        if not self.number or epoch.val > self.val:
            self.val, self.number, self.tensors = epoch.val, epoch.number, tensors()

    def state_dict(self) -> dict[str, Tensor]:
        """See state.Stateful."""
        val = torch.tensor(self.val, dtype=torch.float64)
        about = {"val": val, "number": torch.tensor(self.number)}
        return about | prefixed("best.", self.tensors)

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """See state.Stateful."""
        self.val, self.number = float(tensors["val"]), int(tensors["number"])
        self.tensors = part(tensors, "best.")


def seed_stage(seed: int, stage: str) -> None:
    """Seed torch's own random numbers (initial weights, dropout) for one stage of a run.

    Each stage has a seed of its own, so that one that is skipped (a dense baseline found
    finished) does not move the random numbers of the next.
    """
    torch.manual_seed(_stage_seed(seed, stage))


def stage_generator(seed: int, stage: str) -> torch.Generator:
    """Make a generator for draws of one stage; torch's own random numbers stay as they are."""
    return torch.Generator().manual_seed(_stage_seed(seed, stage))


def _stage_seed(seed: int, stage: str) -> int:
    digest = hashlib.sha256(f"{seed}/{stage}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


def epochs(
    phase: str,
    count: int,
    batches: Batches,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    outputs: Callable[[Batch], Tensor],
    after_backward: Callable[[], None] | None = None,
    after_step: Callable[[], None] | None = None,
    distillation: Distillation | None = None,
    checkpointer: Checkpointer | None = None,
    carried: dict[str, Stateful] | None = None,
) -> Iterator[Epoch]:
    """Train for `count` epochs and yield after each, its validation pass included.

    The caller's loop body runs between epochs. The loss and the score leave the device together,
    once an epoch.

    Args:
        phase: For messages.
        count: Epochs.
        batches: Of the task, which has loss and score. In partitioned training the gradients of
            an epoch's parts are accumulated; it is one step all the same.
        model: Switched between training and evaluation.
        optimiser: Of state that is trained.
        outputs: The forward pass for a view's nodes, [T, outputs].
        after_backward: Called with fresh gradients, before the step.
        after_step: Called after the step: projections.
        distillation: A teacher's outputs to come near to, on all nodes.
        checkpointer: Where an interrupted run had come to; what it had done is not done again.
        carried: What the caller's loop body carries from epoch to epoch, to be in the checkpoint.

    Raises:
        NonFiniteLossError: Names the phase and the epoch.
    """
    task = batches.task
    state = TrainingState(model, optimiser, batches.device, carried or {})
    done = checkpointer.resume(phase, state) if checkpointer else 0
    for number in range(done + 1, count + 1):
        model.train()
        optimiser.zero_grad()
        loss = torch.zeros((), device=batches.device)
        for batch in batches.training(everyone=distillation is not None):
            seen = outputs(batch)
            share = torch.zeros((), device=batches.device)
            if batch.share:  # a mean over no labels would be no number
                share = batch.share * task.loss(
                    batch.of_labelled(seen), batch.of_labelled(batch.nodes)
                )
            if distillation is not None:
                share = share + distillation.loss(task, seen, batch)
            share.backward()  # type: ignore[no-untyped-call]
            loss = loss + share.detach()
        # Without gradients: a term added to a gradient must not drag a graph along.
        with torch.no_grad():
            if after_backward is not None:
                after_backward()
            optimiser.step()
            if after_step is not None:
                after_step()
            model.eval()
            score = task.score(outputs(batches["val"]), "val")
        loss_value, val = torch.stack([loss.double(), score]).tolist()
        if not math.isfinite(loss_value):
            raise NonFiniteLossError(f"the loss became {loss_value} in epoch {number} of {phase}")
        yield Epoch(phase, number, loss_value, val)
        if checkpointer:
            checkpointer.save(phase, number, count, state)


def adam(groups: list[dict[str, object]]) -> torch.optim.Adam:
    """Adam in its fused form: a quarter of the default's time on CPU."""
    return torch.optim.Adam(groups, fused=True)


@dataclass(frozen=True)
class Distillation:
    """Distillation: the student's outputs shall come near to a teacher's, on all nodes.

    Attributes:
        teacher: Outputs of the dense model on the full graph, [N, outputs].
        weight: λ.
    """

    teacher: Tensor
    weight: float

    def loss(self, task: Task, outputs: Tensor, batch: Batch) -> Tensor:
        """λ times the divergence, in proportion to the view's nodes."""
        share = batch.nodes.numel() / self.teacher.shape[0]
        teacher = self.teacher.index_select(0, batch.nodes)
        return self.weight * share * task.divergence(outputs, teacher, batch.nodes)


@torch.no_grad()
def test_scores(model: Backbone, batches: Batches, ones: Tensor) -> tuple[float, float | None]:
    """Score a trained model on test, by the task's metric and by its second one, if any."""
    model.eval()
    found = model(*batches["test"].inputs(ones))
    second = batches.task.second_score(found, "test")
    return float(batches.task.score(found, "test")), None if second is None else float(second)


def snapshot(model: nn.Module) -> State:
    """Copy a model's parameters and buffers."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
