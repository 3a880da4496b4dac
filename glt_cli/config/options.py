"""What may stand behind method=, backbone= and dataset=, as Hydra wants to have it."""

from __future__ import annotations

from typing import Any

from hydra.core.config_store import ConfigStore

from glt_cli.config.backbones import BACKBONES
from glt_cli.config.datasets import DATASETS, DatasetConfig
from glt_cli.config.methods import METHODS
from glt_cli.config.registry import Registry

#: Groups of `conf/` whose options are registered.
GROUPS: dict[str, Registry[Any]] = {
    "method": METHODS,
    "backbone": BACKBONES,
    "dataset": DATASETS,
}


def store_dataset(settings: DatasetConfig) -> None:
    """Store a data set in memory as an option, until options are stored again."""
    ConfigStore.instance().store(group="dataset", name=settings.name, node=settings)


def store_options() -> None:
    """Store every schema under `hydra/glt/`, and an option for each of a plug-in.

    An option of glt's own is a file in `conf/`, which names its schema.
    """
    store = ConfigStore.instance()
    for group, registry in GROUPS.items():
        store.repo.pop(group, None)  # of plug-ins that are loaded no more
        for name, schema in registry.items():
            store.store(group=f"hydra/glt/{group}", name=name, node=schema)
        for name, schema in registry.added().items():
            store.store(group=group, name=name, node=schema(name=name))
