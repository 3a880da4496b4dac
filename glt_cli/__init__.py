"""glt: find, retrain, measure and save graph lottery tickets.

The Python interface: see `docs/python.md`, and `docs/extending.md` for plug-ins. Names are
imported on first use, so that the command line starts without torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glt_cli.analysis.load_runs import load_runs
    from glt_cli.config.backbones import BackboneConfig
    from glt_cli.config.datasets import DatasetConfig, FeaturelessConfig
    from glt_cli.config.declare import bounded, one_of, some_of
    from glt_cli.config.methods import MethodConfig
    from glt_cli.data.graph_data import LinkData, NodeData
    from glt_cli.data.plugged import register_dataset
    from glt_cli.deploy.export import export
    from glt_cli.deploy.find_ticket import find_ticket
    from glt_cli.deploy.loaded_ticket import Ticket, load_ticket
    from glt_cli.deploy.runtime.loaded_model import LoadedModel, load
    from glt_cli.errors import UserError
    from glt_cli.experiment.record import Record
    from glt_cli.models import register_backbone
    from glt_cli.models.backbone import Backbone, Dropout, Layer, LayerSize, Linear
    from glt_cli.pruning.context import PruningContext, SearchResult
    from glt_cli.pruning.masks import EDGE, masks_of_largest
    from glt_cli.pruning.methods import register_method
    from glt_cli.pruning.schedules import register_schedule
    from glt_cli.pruning.scores import EdgeEvidence, register_edge_score, register_weight_score

__version__ = "0.1.0"

__all__ = [
    "EDGE",
    "Backbone",
    "BackboneConfig",
    "DatasetConfig",
    "Dropout",
    "EdgeEvidence",
    "FeaturelessConfig",
    "Layer",
    "LayerSize",
    "Linear",
    "LinkData",
    "LoadedModel",
    "MethodConfig",
    "NodeData",
    "PruningContext",
    "Record",
    "SearchResult",
    "Ticket",
    "UserError",
    "bounded",
    "export",
    "find_ticket",
    "load",
    "load_runs",
    "load_ticket",
    "masks_of_largest",
    "one_of",
    "register_backbone",
    "register_dataset",
    "register_edge_score",
    "register_method",
    "register_schedule",
    "register_weight_score",
    "some_of",
]

#: The module that each public name comes from.
_MODULES = {
    "EDGE": "pruning.masks",
    "Backbone": "models.backbone",
    "BackboneConfig": "config.backbones",
    "DatasetConfig": "config.datasets",
    "Dropout": "models.backbone",
    "EdgeEvidence": "pruning.scores",
    "FeaturelessConfig": "config.datasets",
    "Layer": "models.backbone",
    "LayerSize": "models.backbone",
    "Linear": "models.backbone",
    "LinkData": "data.graph_data",
    "LoadedModel": "deploy.runtime.loaded_model",
    "Ticket": "deploy.loaded_ticket",
    "MethodConfig": "config.methods",
    "NodeData": "data.graph_data",
    "PruningContext": "pruning.context",
    "Record": "experiment.record",
    "SearchResult": "pruning.context",
    "UserError": "errors",
    "bounded": "config.declare",
    "export": "deploy.export",
    "find_ticket": "deploy.find_ticket",
    "load": "deploy.runtime.loaded_model",
    "load_runs": "analysis.load_runs",
    "load_ticket": "deploy.loaded_ticket",
    "masks_of_largest": "pruning.masks",
    "one_of": "config.declare",
    "register_backbone": "models",
    "register_dataset": "data.plugged",
    "register_edge_score": "pruning.scores",
    "register_method": "pruning.methods",
    "register_schedule": "pruning.schedules",
    "register_weight_score": "pruning.scores",
    "some_of": "config.declare",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
