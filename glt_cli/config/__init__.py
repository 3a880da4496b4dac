"""Schemas of all settings in `conf/`, their bounds, and `check`.

Nothing here imports torch, so that the command line checks a request before torch loads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from omegaconf import MISSING, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from glt_cli.config.backbones import BACKBONES, BackboneConfig
from glt_cli.config.datasets import DatasetConfig, schema
from glt_cli.config.declare import bounded, excluded_from_hash, one_of, out_of_bounds
from glt_cli.config.environment import conceal_values, restored
from glt_cli.config.methods import METHODS, MethodConfig
from glt_cli.errors import UserError


@dataclass
class SparsityConfig:
    """Target sparsities: the shares of edges and weights to remove, met exactly."""

    #: Share of the edges to remove.
    graph: float = bounded(0.35, 0, 1, below=True)
    #: Share of the weights to remove.
    weight: float = bounded(0.93, 0, 1, below=True)


@dataclass
class TrainerConfig:
    """Training of dense models and tickets; searches use the same rate and decay."""

    #: Epochs of the dense model and of the ticket.
    epochs: int = bounded(200, 1)
    #: Adam's learning rate.
    lr: float = bounded(0.01, 0, above=True)
    #: Adam's weight decay.
    weight_decay: float = bounded(5e-4, 0)
    #: Random parts of the nodes, redrawn each epoch, for graphs that don't fit in memory.
    partitions: int = bounded(1, 1)


@dataclass
class RetrainConfig:
    """How the ticket is retrained once its masks are found."""

    #: λ of distillation from the dense model's outputs on all nodes; 0 turns it off.
    distill: float = bounded(0.0, 0)
    #: `reinit` draws new initial weights, `shuffle` keeps as many elements in random places.
    control: str = one_of("none", "reinit", "shuffle")
    #: Learning rate of the ticket's training; null for the trainer's.
    lr: float | None = bounded(None, 0, above=True)
    #: Its weight decay; null for the trainer's.
    weight_decay: float | None = bounded(None, 0)
    #: Its epochs; null for the trainer's.
    epochs: int | None = bounded(None, 1)


@dataclass
class PresetConfig:
    """Names of the presets that were applied."""

    cell: str | None = None
    method: str | None = None
    trainer: str | None = None


@dataclass
class NamesConfig:
    """Names of the user's own option files, shown instead of the built-in names."""

    method: str | None = None
    backbone: str | None = None
    dataset: str | None = None


@dataclass
class Config:
    """One run."""

    method: MethodConfig = MISSING
    backbone: BackboneConfig = MISSING
    dataset: DatasetConfig = MISSING
    sparsity: SparsityConfig = field(default_factory=SparsityConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    retrain: RetrainConfig = field(default_factory=RetrainConfig)
    #: Seed of all random numbers.
    seed: int = excluded_from_hash(0, low=0, high=2**32 - 1)
    #: auto, cpu, cuda or cuda:k.
    device: str = excluded_from_hash("auto")
    preset: PresetConfig = excluded_from_hash(PresetConfig)
    names: NamesConfig = excluded_from_hash(NamesConfig)
    #: How much of the metric, as a fraction, a winning ticket may lose against dense.
    tolerance: float = excluded_from_hash(0.005, low=0, high=1)
    #: Folder with data sets; null for the package and the cache.
    data_root: str | None = excluded_from_hash(None)
    #: Folder of the results.
    output_dir: str = excluded_from_hash("outputs")
    #: Run again what is finished.
    force: bool = excluded_from_hash(False)
    #: Print the final tables alone.
    quiet: bool = excluded_from_hash(False)
    #: Settings from environment variables: what was written, by key. It is stored in their place.
    written: dict[str, str] = excluded_from_hash(dict)

    @property
    def method_name(self) -> str:
        """Name of the method in folders, records and tables."""
        return self.names.method or self.method.name

    @property
    def backbone_name(self) -> str:
        """Name of the backbone in folders, records and tables."""
        return self.names.backbone or self.backbone.name

    @property
    def dataset_name(self) -> str:
        """Name of the data set in folders, records and tables: its title, if it has one."""
        has_title = self.dataset.shown != self.dataset.name
        return self.dataset.shown if has_title else self.names.dataset or self.dataset.name

    def stored(self) -> dict[str, Any]:
        """Return plain settings as they are written to files and shown: without secrets."""
        settings = asdict(self)
        return restored(settings, settings.pop("written"))


def config_from(settings: Mapping[str, Any]) -> Config:
    """Rebuild a configuration from plain values, such as those of `asdict`.

    Raises:
        ValueError: The values don't describe a configuration.
    """
    try:
        schemas = {
            "method": METHODS[settings["method"]["name"]],
            "backbone": BACKBONES[settings["backbone"]["name"]],
            "dataset": schema(settings["dataset"]["name"]),
        }
        typed = OmegaConf.merge(OmegaConf.structured(Config), OmegaConf.create(schemas), settings)
        config = OmegaConf.to_object(typed)
    except (KeyError, TypeError, OmegaConfBaseException) as error:
        raise ValueError(f"not the settings of a run: {error}") from error
    assert isinstance(config, Config)
    conceal_values(asdict(config), config.written)
    return config


def check(config: Config) -> list[str]:
    """List every invalid setting, one line each, by its key on the command line."""
    found = out_of_bounds(config)
    for group, part, schemas in (
        ("method", config.method, METHODS),
        ("backbone", config.backbone, BACKBONES),
    ):
        if type(part) is not schemas.get(part.name):
            found.append(f"{group}.name={part.name}: choose it with {group}={', '.join(schemas)}")
    if type(config.dataset) is not schema(config.dataset.name):
        found.append(f"dataset.name={config.dataset.name}: choose it with dataset=")
    # Contradictions between fields are checked only if each field is valid by itself.
    found.extend([] if out_of_bounds(config.method) else config.method.problems())
    found.extend([] if out_of_bounds(config.dataset) else config.dataset.problems())
    if problem := device_problem(config.device):
        found.append(problem)
    if not config.output_dir:
        found.append("output_dir=: name a folder")
    return found


def check_partitions(partitions: int, nodes: int) -> None:
    """Check `trainer.partitions` against a graph's number of nodes.

    Raises:
        UserError: There are more parts than nodes.
    """
    if partitions > nodes:
        raise UserError(f"trainer.partitions={partitions}: the graph has only {nodes} nodes")


def device_problem(name: str) -> str | None:
    """Return what is wrong with the name of a device, or None."""
    index = name.removeprefix("cuda:")
    if name in ("auto", "cpu", "cuda") or (index != name and index.isdecimal() and index.isascii()):
        return None
    return f"device={name}: must be auto, cpu, cuda or cuda:k"
