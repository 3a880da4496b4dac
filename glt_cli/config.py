"""Schemas of everything in `conf/`, their bounds, and one `check`.

Nothing heavy is imported here: the command line checks a whole request before torch loads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, ClassVar

from omegaconf import MISSING

# ---------------------------------------------------------------- declaring what a value may be


def bounded(
    default: Any, low: float, high: float | None = None, *, above: bool = False, below: bool = False
) -> Any:
    """Declare a number between `low` and `high`; `above`, `below` leave that end itself out."""
    return field(
        default=default, metadata={"low": low, "high": high, "above": above, "below": below}
    )


def one_of(default: str, *others: str) -> Any:
    """Declare a name out of a fixed set."""
    return field(default=default, metadata={"choices": (default, *others)})


def some_of(defaults: list[str], *others: str) -> Any:
    """Declare a list of names out of a fixed set."""
    return field(default_factory=lambda: list(defaults), metadata={"choices": (*defaults, *others)})


def aside(default: Any, **metadata: Any) -> Any:
    """Declare a setting that cannot change numbers: it is left out of the run's hash."""
    return field(default=default, metadata={"aside": True, **metadata})


# ---------------------------------------------------------------- method/*


@dataclass
class MethodConfig:
    """How a ticket is found; `name` is the module in `glt_cli.methods`."""

    #: Whether it prunes; the targets of one that doesn't are 0.
    prunes: ClassVar[bool] = True

    name: str = MISSING

    def problems(self) -> Iterator[str]:
        """Yield what is wrong between fields that are each within bounds."""
        yield from ()


@dataclass
class DenseConfig(MethodConfig):
    """No masks: the baseline."""

    prunes: ClassVar[bool] = False


@dataclass
class RandomConfig(MethodConfig):
    """Random masks: the control that says whether anything was found."""

    allocation: str = one_of("uniform", "global")


@dataclass
class OneShotConfig(MethodConfig):
    """Magnitude pruning at the target after a short dense training (METHODS section 5)."""

    #: E₀.
    pretrain_epochs: int = bounded(30, 0)
    #: Learning rate of edge scores; weights use the trainer's.
    edge_lr: float = bounded(0.001, 0, above=True)
    allocation: str = one_of("uniform", "global")
    #: Coefficients of the edge-score regularisers, 0.1 in the authors' runs; 0 is off. The
    #: defaults here and of `mixing` and `l1` below were chosen on validation: docs/choices.md.
    diversity: float = bounded(0.0, 0)
    variance: float = bounded(0.0, 0)


@dataclass
class FastGLTConfig(OneShotConfig):
    """One-shot pruning, then gradual denoising (METHODS section 3)."""

    #: T, Δ, k and α of the denoising phase.
    epochs: int = bounded(400, 0)
    interval: int = bounded(3, 1)
    grad_epochs: int = bounded(2, 1)
    alpha: float = bounded(0.3, 0, 1)
    schedule: str = one_of("cosine", "linear", "constant")
    initial_mask: str = one_of("magnitude", "random")
    #: Potential scores of pruned elements, and how several are mixed.
    edge_scores: list[str] = some_of(["gradient", "degree"])
    weight_scores: list[str] = some_of(["gradient"])
    mixing: str = one_of("rank", "sum")
    #: Start from β times the target and reach it over this many exchanges.
    warmup_exchanges: int = bounded(0, 0)
    warmup_start: float = bounded(1.0, 0, 1, above=True)
    #: Coefficient of the L1 subgradient on edge scores while denoising, 1e-4 in the authors' runs.
    l1: float = bounded(0.0, 0)

    def problems(self) -> Iterator[str]:
        """See MethodConfig."""
        if self.grad_epochs > self.interval:
            yield (
                f"method.grad_epochs={self.grad_epochs}: must be at most "
                f"method.interval={self.interval}"
            )
        if self.warmup_exchanges and self.warmup_exchanges * self.interval >= self.epochs:
            yield (
                f"method.warmup_exchanges={self.warmup_exchanges}: at method.interval="
                f"{self.interval} the targets are not reached within method.epochs={self.epochs}"
            )
        for key in ("edge_scores", "weight_scores"):
            if not getattr(self, key):
                yield f"method.{key}: name at least one score"


@dataclass
class IMPConfig(MethodConfig):
    """Iterative magnitude pruning of soft masks, as UGS does it (METHODS section 4)."""

    #: E_m, mask epochs of each round.
    epochs: int = bounded(200, 1)
    #: Learning rate of the edges' soft mask; the weights' soft masks use the trainer's.
    edge_lr: float = bounded(0.01, 0, above=True)
    allocation: str = one_of("global", "uniform")
    #: s1 and s2, coefficients of the L1 subgradients on the soft masks.
    edge_l1: float = bounded(0.01, 0)
    weight_l1: float = bounded(0.01, 0)
    #: Share of the kept elements that a round removes.
    edge_fraction: float = bounded(0.05, 0, 1, above=True, below=True)
    weight_fraction: float = bounded(0.2, 0, 1, above=True, below=True)
    retrain_each_round: bool = False


# ---------------------------------------------------------------- backbone/*


@dataclass
class BackboneConfig:
    """A graph neural network; `name` is the module in `glt_cli.backbones`."""

    name: str = MISSING
    layers: int = bounded(2, 2)
    hidden: int = bounded(512, 1)
    dropout: float = bounded(0.5, 0, 1, below=True)


@dataclass
class GCNConfig(BackboneConfig):
    """Graph convolutional network."""


@dataclass
class GINConfig(BackboneConfig):
    """Graph isomorphism network."""

    aggregation: str = one_of("mean", "sum")
    #: Linear maps of each layer's MLP.
    mlp_layers: int = bounded(1, 1)


@dataclass
class GATConfig(BackboneConfig):
    """Graph attention network; `hidden` is the width of one head."""

    hidden: int = bounded(64, 1)
    dropout: float = bounded(0.6, 0, 1, below=True)
    heads: int = bounded(8, 1)


# ---------------------------------------------------------------- the rest of the tree

TRANSFORMS = ("row_normalise", "standardise", "none")


@dataclass
class DatasetConfig:
    """A data set of the catalogue."""

    name: str = MISSING
    #: What happens to the input features before training.
    transform: str = one_of(*TRANSFORMS)


@dataclass
class SparsityConfig:
    """Target sparsities: the share that is removed. Met exactly."""

    graph: float = bounded(0.35, 0, 1, below=True)
    weight: float = bounded(0.93, 0, 1, below=True)


@dataclass
class TrainerConfig:
    """Training of dense models and of tickets; searches share rate and decay."""

    epochs: int = bounded(200, 1)
    lr: float = bounded(0.01, 0, above=True)
    weight_decay: float = bounded(5e-4, 0)


@dataclass
class PresetConfig:
    """Names of the presets that took part."""

    cell: str | None = None
    method: str | None = None


@dataclass
class Config:
    """One run."""

    method: MethodConfig = MISSING
    backbone: BackboneConfig = MISSING
    dataset: DatasetConfig = MISSING
    sparsity: SparsityConfig = field(default_factory=SparsityConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    seed: int = aside(0, low=0, high=2**32 - 1)
    device: str = aside("auto")
    preset: PresetConfig = field(default_factory=PresetConfig, metadata={"aside": True})
    #: Points of the metric, as a fraction, that a winning ticket may lose against dense.
    tolerance: float = aside(0.005, low=0, high=1)
    data_root: str | None = aside(None)
    output_dir: str = aside("outputs")
    force: bool = aside(False)
    quiet: bool = aside(False)


#: Schema of each option of the groups that have several.
METHODS: dict[str, type[MethodConfig]] = {
    "dense": DenseConfig,
    "random": RandomConfig,
    "oneshot": OneShotConfig,
    "fastglt": FastGLTConfig,
    "imp": IMPConfig,
}
BACKBONES: dict[str, type[BackboneConfig]] = {
    "gcn": GCNConfig,
    "gin": GINConfig,
    "gat": GATConfig,
}


# ---------------------------------------------------------------- checking


def check(config: Config) -> list[str]:
    """List everything that is out of bounds, one line each, by its key on the command line."""
    found = out_of_bounds(config)
    for group, part, schemas in (
        ("method", config.method, METHODS),
        ("backbone", config.backbone, BACKBONES),
    ):
        if type(part) is not schemas.get(part.name):
            found.append(f"{group}.name={part.name}: choose by {group}={', '.join(schemas)}")
    found.extend(config.method.problems())
    device = config.device
    index = device.removeprefix("cuda:")
    if device not in ("auto", "cpu", "cuda") and (index == device or not index.isdecimal()):
        found.append(f"device={device}: must be auto, cpu, cuda or cuda:k")
    return found


def out_of_bounds(node: Any) -> list[str]:
    """List the fields of a schema, and of those inside it, that are out of their bounds."""
    return list(_out_of_bounds(node, ""))


def _out_of_bounds(node: Any, prefix: str) -> Iterator[str]:
    for item in fields(node):
        value = getattr(node, item.name)
        key = f"{prefix}{item.name}"
        if is_dataclass(value):
            yield from _out_of_bounds(value, f"{key}.")
        elif "choices" in item.metadata:
            choices = item.metadata["choices"]
            for name in value if isinstance(value, list) else [value]:
                if name not in choices:
                    yield f"{key}={name}: must be one of {', '.join(choices)}"
        elif "low" in item.metadata and value is not None and not _within(value, item.metadata):
            yield f"{key}={value}: must be {_range(item.metadata)}"


def _within(value: float, metadata: Any) -> bool:
    low, high = metadata["low"], metadata["high"]
    if not value >= low or (metadata.get("above") and value == low):
        return False  # `not >=` so that nan fails too
    if high is None:
        return value != float("inf")
    return bool(value < high if metadata.get("below") else value <= high)


def _range(metadata: Any) -> str:
    low, high = metadata["low"], metadata["high"]
    text = f"above {low}" if metadata.get("above") else f"at least {low}"
    if high is None:
        return f"{text} and finite"
    return f"{text} and {'below' if metadata.get('below') else 'at most'} {high}"
