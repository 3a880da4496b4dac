"""Cora, and configurations as the command line would compose them."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from glt_cli import data
from glt_cli.config import Config
from glt_cli.config.request import read
from glt_cli.models import build
from glt_cli.pruning.context import PruningContext
from glt_cli.pruning.masks import Targets
from glt_cli.training.loop import Observer, seed_stage, snapshot
from glt_cli.training.tasks import NodeClassification, make_task

CPU = torch.device("cpu")


@cache
def cora(device: torch.device = CPU) -> NodeClassification:
    """Cora as a run has it."""
    return load(compose(), device)


def load(config: Config, device: torch.device = CPU) -> NodeClassification:
    """The task of a configuration."""
    loaded = data.load(config.dataset, None)
    task = make_task(loaded, config.dataset, device)
    assert isinstance(task, NodeClassification)
    return task


def compose(*words: str) -> Config:
    """The configuration of a command line."""
    return read(list(words), multirun=False, config_dir=None).points[0].config


def search(config: Config, observer: Observer, task: NodeClassification) -> PruningContext:
    """The setting in which a run would find its ticket."""
    seed_stage(config.seed, "init")
    model = build(config.backbone, task.x.shape[1], task.num_outputs).to(task.graph.device)
    targets = Targets(config.sparsity.graph, config.sparsity.weight)
    init = snapshot(model)
    return PruningContext(
        task, model, init, targets, config.trainer, config.seed, observer, teacher=_nobody
    )


def _nobody() -> Tensor:
    raise NotImplementedError("no benchmark needs a teacher")
