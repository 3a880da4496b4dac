"""glt: find, retrain, measure and save graph lottery tickets.

What plug-ins need (docs/extending.md) is imported when it is asked for, so that the command line
starts without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glt_cli.config.backbones import BackboneConfig as BackboneConfig
    from glt_cli.config.datasets import DatasetConfig as DatasetConfig
    from glt_cli.config.datasets import FeaturelessConfig as FeaturelessConfig
    from glt_cli.config.declare import bounded as bounded
    from glt_cli.config.declare import one_of as one_of
    from glt_cli.config.declare import some_of as some_of
    from glt_cli.config.methods import MethodConfig as MethodConfig
    from glt_cli.data.forms import LinkData as LinkData
    from glt_cli.data.forms import NodeData as NodeData
    from glt_cli.data.plugged import register_dataset as register_dataset
    from glt_cli.models import register_backbone as register_backbone
    from glt_cli.models.backbone import Backbone as Backbone
    from glt_cli.models.backbone import Dropout as Dropout
    from glt_cli.models.backbone import Layer as Layer
    from glt_cli.models.backbone import LayerSize as LayerSize
    from glt_cli.models.backbone import Linear as Linear
    from glt_cli.pruning.context import PruningContext as PruningContext
    from glt_cli.pruning.context import SearchResult as SearchResult
    from glt_cli.pruning.masks import EDGE as EDGE
    from glt_cli.pruning.masks import masks_of_largest as masks_of_largest
    from glt_cli.pruning.methods import register_method as register_method
    from glt_cli.pruning.schedules import register_schedule as register_schedule
    from glt_cli.pruning.scores import EdgeEvidence as EdgeEvidence
    from glt_cli.pruning.scores import register_edge_score as register_edge_score
    from glt_cli.pruning.scores import register_weight_score as register_weight_score

__version__ = "0.1.0"

#: Public names, and the module that each comes from.
_FROM = {
    "EDGE": "glt_cli.pruning.masks",
    "Backbone": "glt_cli.models.backbone",
    "BackboneConfig": "glt_cli.config.backbones",
    "DatasetConfig": "glt_cli.config.datasets",
    "Dropout": "glt_cli.models.backbone",
    "EdgeEvidence": "glt_cli.pruning.scores",
    "FeaturelessConfig": "glt_cli.config.datasets",
    "Layer": "glt_cli.models.backbone",
    "LayerSize": "glt_cli.models.backbone",
    "Linear": "glt_cli.models.backbone",
    "LinkData": "glt_cli.data.forms",
    "MethodConfig": "glt_cli.config.methods",
    "NodeData": "glt_cli.data.forms",
    "PruningContext": "glt_cli.pruning.context",
    "SearchResult": "glt_cli.pruning.context",
    "bounded": "glt_cli.config.declare",
    "masks_of_largest": "glt_cli.pruning.masks",
    "one_of": "glt_cli.config.declare",
    "register_backbone": "glt_cli.models",
    "register_dataset": "glt_cli.data.plugged",
    "register_edge_score": "glt_cli.pruning.scores",
    "register_method": "glt_cli.pruning.methods",
    "register_schedule": "glt_cli.pruning.schedules",
    "register_weight_score": "glt_cli.pruning.scores",
    "some_of": "glt_cli.config.declare",
}

__all__ = [*_FROM]


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_FROM[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *_FROM]
