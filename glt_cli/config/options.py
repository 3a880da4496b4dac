"""Register the options of method=, backbone= and dataset= with Hydra."""

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
    """Register a data set in memory as an option, until `store_options` is called again."""
    ConfigStore.instance().store(group="dataset", name=settings.name, node=settings)


def store_options() -> None:
    """Register every schema under `hydra/glt/`, and an option for each one of a plug-in.

    glt's own options are files in `conf/`, which refer to their schemas.
    """
    store = ConfigStore.instance()
    for group, registry in GROUPS.items():
        store.repo.pop(group, None)  # drop plug-ins that are no longer loaded
        for name, schema in registry.items():
            store.store(group=f"hydra/glt/{group}", name=name, node=schema)
        for name, schema in registry.added().items():
            store.store(group=group, name=name, node=schema(name=name))
