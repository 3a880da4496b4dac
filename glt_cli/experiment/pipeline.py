"""One run from top to bottom: find, rewind, retrain, measure. It reads and writes no results."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from glt_cli.config import Config, TrainerConfig
from glt_cli.config.backbones import BackboneConfig
from glt_cli.errors import InvalidResultError
from glt_cli.experiment.checkpoint import Checkpoint
from glt_cli.experiment.history import HistoryRecorder
from glt_cli.experiment.log import Log
from glt_cli.experiment.macs import Macs, count_macs
from glt_cli.experiment.observer import Silent
from glt_cli.experiment.resume import RunCheckpointer
from glt_cli.experiment.teacher import DenseModel, Teacher
from glt_cli.models import build, count_weights, rebuild
from glt_cli.models.backbone import Backbone
from glt_cli.pruning import methods
from glt_cli.pruning.context import PruningContext, PruningRound, SearchResult
from glt_cli.pruning.controls import shuffled
from glt_cli.pruning.guarantees import check_masks, check_repeatable
from glt_cli.pruning.masks import EDGE, Masks, Targets, full, kept_counts, sparsities
from glt_cli.pruning.retrain import Constraint, FixedMasks, Trained, retrain
from glt_cli.training.loop import Distillation, State, seed_stage, snapshot
from glt_cli.training.tasks import Task

#: Searches of plug-in methods up to this long are repeated, to check that they are deterministic.
_REPEATED_SECONDS = 60.0


@dataclass(frozen=True)
class FoundMasks:
    """Masks with the cost of finding them.

    Attributes:
        result: The method's result.
        seconds: Find time: wall time of everything needed, including a teacher's training.
        epochs: Optimiser epochs in that time.
        distill: λ of distillation in the run that found the masks, if that was an earlier run.
    """

    result: SearchResult
    seconds: float
    epochs: int
    distill: float = 0.0


@dataclass(frozen=True)
class RunResult:
    """The masks, models and measurements of a run.

    Attributes:
        init: Θ₀.
        found: The masks.
        late_val: Mean validation score of the last quarter of retraining.
        trained: The retrained ticket.
        retrain_seconds: Wall time of retraining.
        distill: λ of distillation in retraining; 0 without.
        rounds: Masks of earlier rounds, and their scores if they were retrained.
        dense: The dense baseline; None for a dense run, which is its own.
        backbone: Settings of the ticket's model: the dense model's, but for a small dense control.
        dense_weights: Prunable weights of the dense model.
        dense_macs: Multiply-adds of the dense model.
        ticket_macs: Multiply-adds of the ticket.
    """

    init: State
    found: FoundMasks
    trained: Trained
    late_val: float
    retrain_seconds: float
    distill: float
    rounds: list[tuple[PruningRound, Trained | None]]
    dense: DenseModel | None
    backbone: BackboneConfig
    dense_weights: int
    dense_macs: Macs
    ticket_macs: Macs


def find_and_retrain(
    config: Config,
    task: Task,
    dense: DenseModel | None,
    earlier: FoundMasks | None,
    recorder: HistoryRecorder,
    checkpoint: Checkpoint,
) -> RunResult:
    """Find masks, rewind to Θ₀, retrain under them, and measure.

    Args:
        config: Settings.
        task: Data on its device, loss and score.
        dense: The dense baseline of the same settings; None for a dense run.
        earlier: Masks that the same settings found with ordinary retraining, if only the
            retraining differs (`retrain.control`, `retrain.distill`); None to search.
        recorder: Receives all epochs.
        checkpoint: The checkpoint to resume from and to write.

    Raises:
        BrokenGuaranteeError: The method's masks violate a guarantee of tickets.
    """
    seed_stage(config.seed, "reinit" if config.retrain.control == "reinit" else "init")
    backbone = config.method.resized(
        config.backbone,
        config.sparsity.weight,
        lambda other: count_weights(other, task.num_features, task.num_outputs),
    )
    model = build(backbone, task.num_features, task.num_outputs, task.embedded_nodes)
    model = model.to(task.graph.device)
    teacher = Teacher(dense, task)
    checkpointer = RunCheckpointer(checkpoint, recorder, teacher)
    context = PruningContext(
        task=task,
        model=model,
        init=snapshot(model),
        targets=Targets(*config.method.mask_targets(config.sparsity.graph, config.sparsity.weight)),
        trainer=config.trainer,
        seed=config.seed,
        observer=recorder,
        teacher=teacher.for_search,
        checkpointer=checkpointer,
        dense_model=teacher.model_for_search,
    )

    found = earlier or _find(context, config, checkpointer, teacher)
    masks = found.result.masks
    if config.retrain.control == "shuffle":
        masks = shuffled(masks, context.generator("shuffle"))

    distill = config.retrain.distill or found.result.distill
    distillation = Distillation(teacher.outputs, distill) if distill else None
    constraint = found.result.constraint or FixedMasks(masks)
    phase = "retrain" if config.method.prunes else "dense"
    context = replace(context, trainer=_retrainer(config))
    with checkpointer.timed(phase):
        trained = _retrain(
            context, constraint, recorder, phase, distillation, found.result.edge_weight
        )
    check_masks(trained.masks, context.tensors(), context.targets, config.method.mask_allocation())

    return RunResult(
        init=context.init,
        found=found,
        trained=trained,
        late_val=recorder.late_val(phase),
        retrain_seconds=checkpointer.cost.seconds[phase],
        distill=distill,
        rounds=[
            (each, _retrain(context, FixedMasks(each.masks), recorder, each.phase))
            if found.result.retrain_rounds
            else (each, None)
            for each in found.result.rounds
        ],
        dense=dense,
        backbone=backbone,
        dense_weights=count_weights(config.backbone, task.num_features, task.num_outputs),
        dense_macs=_dense_macs(config, task),
        ticket_macs=_macs(task, model, trained.masks),
    )


def _find(
    context: PruningContext, config: Config, checkpointer: RunCheckpointer, teacher: Teacher
) -> FoundMasks:
    """Find masks with the method, and check the guarantees of tickets."""
    is_ours = type(config.method).__module__.startswith("glt_cli.")
    with checkpointer.timed("find"):
        try:
            result = methods.find(context, config.method)
        except SystemExit as leaving:
            if is_ours:  # a cluster ends its workers in this way
                raise
            raise InvalidResultError(
                f"the method called sys.exit({leaving.code}) instead of returning"
            ) from leaving
    seconds, epochs = checkpointer.cost.seconds["find"], checkpointer.cost.find_epochs
    check_masks(result.masks, context.tensors(), context.targets, config.method.mask_allocation())
    if not is_ours and seconds <= _REPEATED_SECONDS:
        silent = HistoryRecorder(Silent(), Log(None, ""))
        again = replace(context, observer=silent, checkpointer=None)
        check_repeatable(result.masks, methods.find(again, config.method).masks)
    if teacher.was_used:
        seconds += teacher.seconds
        epochs += config.trainer.epochs
    return FoundMasks(result, seconds, epochs, result.search_distill)


def _retrain(
    context: PruningContext,
    constraint: Constraint,
    recorder: HistoryRecorder,
    phase: str,
    distillation: Distillation | None = None,
    edge_weight: float = 1.0,
) -> Trained:
    recorder.begin(phase, context.trainer.epochs)
    graph, weight = sparsities(constraint.masks, kept_counts(constraint.masks))
    return retrain(
        context.task,
        context.model,
        context.init,
        constraint,
        context.trainer,
        context.seed,
        observe=lambda epoch: recorder.epoch(epoch, graph, weight),
        phase=phase,
        distillation=distillation,
        checkpointer=context.checkpointer,
        edge_weight=edge_weight,
    )


@torch.no_grad()
def _macs(task: Task, model: Backbone, masks: Masks) -> Macs:
    return count_macs(model, task.x, task.graph, masks, task.decoder_macs(model.width))


def _dense_macs(config: Config, task: Task) -> Macs:
    model = rebuild(config.backbone, task.num_features, task.num_outputs, task.embedded_nodes)
    return _macs(
        task, model.to(task.graph.device), full({EDGE: task.graph.ones(), **model.prunable()})
    )


def is_plain(config: Config) -> bool:
    """Whether the ticket is neither a control nor distilled beside its method."""
    return config.retrain.control == "none" and not config.retrain.distill


def _retrainer(config: Config) -> TrainerConfig:
    """How the ticket is trained: as the dense model, but for what `retrain.` says otherwise."""
    dense, given = config.trainer, config.retrain
    return replace(
        dense,
        lr=dense.lr if given.lr is None else given.lr,
        weight_decay=dense.weight_decay if given.weight_decay is None else given.weight_decay,
        epochs=dense.epochs if given.epochs is None else given.epochs,
    )
