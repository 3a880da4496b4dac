"""The training loop, used by every search and retraining."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from glt_cli.errors import ExplainedError
from glt_cli.models.backbone import Backbone
from glt_cli.training.batches import Batch, Batches
from glt_cli.training.state import Checkpointer, Stateful, TrainingState, part, prefixed
from glt_cli.training.tasks import Task

#: A model's parameters (and buffers) by name.
State = dict[str, Tensor]


class NonFiniteLossError(ExplainedError):
    """The loss became infinite or NaN; the run can't continue."""


@dataclass(frozen=True)
class Epoch:
    """The result of one epoch of a phase.

    Attributes:
        phase: Its name.
        number: Number of the epoch in the phase, from 1.
        loss: Training loss before the epoch's step.
        val: Validation score after it, or after the last epoch that was validated.
    """

    phase: str
    number: int
    loss: float
    val: float


class Observer:
    """Receives the progress of training; this base class ignores it."""

    def begin(self, phase: str, epochs: int) -> None:
        """A phase of so many epochs begins."""

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        """An epoch is finished; the sparsities are those during it."""

    def exchange(self, exchanged: dict[str, float], moved: dict[str, float]) -> None:
        """Elements were exchanged after the last epoch.

        Args:
            exchanged: Share of the kept `edges`, and of the kept `weights`, that just entered.
            moved: Share of them that the first masks did not keep.
        """


@dataclass
class Best:
    """The best epoch of a phase by validation, so far.

    Attributes:
        val: Its validation score.
        number: Its number; 0 before the first.
        tensors: The tensors saved from it.
    """

    val: float = 0.0
    number: int = 0
    tensors: dict[str, Tensor] = field(default_factory=dict)

    def offer(self, epoch: Epoch, tensors: Callable[[], dict[str, Tensor]]) -> None:
        """Keep an epoch if it is better than all earlier ones."""
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


@dataclass
class _LastScore:
    """The last validation score of a phase that isn't validated after every epoch."""

    val: float = 0.0

    def state_dict(self) -> dict[str, Tensor]:
        """See state.Stateful."""
        return {"val": torch.tensor(self.val, dtype=torch.float64)}

    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """See state.Stateful."""
        self.val = float(tensors["val"])


def seed_stage(seed: int, stage: str) -> None:
    """Seed torch's global generator (initial weights, dropout) for one stage of a run.

    Each stage has its own seed, so that skipping one (such as a dense baseline that is already
    finished) doesn't change the random numbers of the next.
    """
    torch.manual_seed(_stage_seed(seed, stage))


def stage_generator(seed: int, stage: str) -> torch.Generator:
    """Make a generator for one stage, without touching torch's global one."""
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
    validate_every: int = 1,
) -> Iterator[Epoch]:
    """Train for `count` epochs and yield after each one and its validation pass.

    The caller's loop body runs between epochs. Loss and score leave the device together, once
    per epoch.

    Args:
        phase: Name of the phase, for messages and checkpoints.
        count: Number of epochs.
        batches: Batches of the task. In partitioned training the gradients of an epoch's parts
            are accumulated for a single step.
        model: Switched between training and evaluation mode.
        optimiser: Holds the parameters to train.
        outputs: The forward pass for a batch, [T, outputs].
        after_backward: Called with fresh gradients, before the step.
        after_step: Called after the step, for projections.
        distillation: Distillation from a teacher's outputs, if any.
        checkpointer: Restores an interrupted phase, whose finished epochs are skipped.
        carried: State of the caller's loop body, saved in checkpoints.
        validate_every: Validate every so many epochs, and after the first.

    Raises:
        NonFiniteLossError: Names the phase and the epoch.
    """
    task, last = batches.task, _LastScore()
    parts = (carried or {}) | ({"last": last} if validate_every > 1 else {})
    state = TrainingState(model, optimiser, batches.device, parts)
    done = checkpointer.resume(phase, state) if checkpointer else 0
    for number in range(done + 1, count + 1):
        model.train()
        optimiser.zero_grad()
        loss = torch.zeros((), device=batches.device)
        sample = distillation.sample if distillation else None
        for batch in batches.training(distillation is not None, sample):
            seen = outputs(batch)
            share = torch.zeros((), device=batches.device)
            if batch.share:  # a mean over no labels would be NaN
                share = batch.share * task.loss(
                    batch.of_labelled(seen), batch.of_labelled(batch.nodes)
                )
            if distillation is not None:
                share = share + distillation.loss(task, seen, batch)
            share.backward()  # type: ignore[no-untyped-call]
            loss = loss + share.detach()
        # Terms added to gradients must not be recorded by autograd.
        with torch.no_grad():
            if after_backward is not None:
                after_backward()
            optimiser.step()
            if after_step is not None:
                after_step()
            found = [loss.double()]
            if number == 1 or number % validate_every == 0:
                model.eval()
                found.append(task.score(outputs(batches["val"]), "val"))
        loss_value, *scores = torch.stack(found).tolist()
        if not math.isfinite(loss_value):
            raise NonFiniteLossError(f"the loss became {loss_value} in epoch {number} of {phase}")
        last.val = scores[0] if scores else last.val
        yield Epoch(phase, number, loss_value, last.val)
        if checkpointer:
            checkpointer.save(phase, number, count, state)


def adam(groups: list[dict[str, object]]) -> torch.optim.Adam:
    """Make a fused Adam, which takes a quarter of the default's time on CPU."""
    return torch.optim.Adam(groups, fused=True)


@dataclass(frozen=True)
class Distillation:
    """A loss that draws a model's outputs towards a teacher's, on all nodes.

    Attributes:
        teacher: Outputs of the dense model on the full graph, [N, outputs].
        weight: λ.
        sample: Number of random nodes, new ones in each epoch, that stand for all; None for all.
    """

    teacher: Tensor
    weight: float
    sample: int | None = None

    def loss(self, task: Task, outputs: Tensor, batch: Batch) -> Tensor:
        """λ times the divergence, weighted by the share of the nodes that the batch stands for."""
        teacher = self.teacher.index_select(0, batch.nodes)
        return self.weight * batch.covers * task.divergence(outputs, teacher, batch.nodes)


@torch.no_grad()
def test_scores(model: Backbone, batches: Batches, ones: Tensor) -> tuple[float, float | None]:
    """Test scores of a trained model by the task's metric and its second metric, if any."""
    model.eval()
    found = model(*batches["test"].inputs(ones))
    second = batches.task.second_score(found, "test")
    return float(batches.task.score(found, "test")), None if second is None else float(second)


def snapshot(model: nn.Module) -> State:
    """Copy a model's parameters and buffers."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
