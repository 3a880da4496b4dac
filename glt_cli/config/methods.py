"""Schemas of `conf/method/*`: how a ticket is found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from omegaconf import MISSING

from glt_cli.config.backbones import BackboneConfig
from glt_cli.config.declare import bounded, one_of, some_of
from glt_cli.config.registry import Registry

#: Scores and schedules of plug-ins; the names of glt's own are in the schemas below.
EDGE_SCORES: Registry[Callable[..., Any]] = Registry("edge score", {})
WEIGHT_SCORES: Registry[Callable[..., Any]] = Registry("weight score", {})
SCHEDULES: Registry[Callable[..., Any]] = Registry("schedule", {})


@dataclass
class MethodConfig:
    """Settings of a method; `name` is its name in the registries."""

    #: Whether it prunes; if not, its targets are 0.
    prunes: ClassVar[bool] = True
    #: Whether it is a control, which only tells what other methods' tickets are worth.
    is_control: ClassVar[bool] = False

    name: str = MISSING

    def problems(self) -> Iterator[str]:
        """Yield an error message for each contradiction between fields."""
        yield from ()

    def search_epochs(self, graph: float, weight: float) -> int:
        """Estimate how many epochs a search to these sparsities trains, for dry runs."""
        return 0

    def mask_targets(self, graph: float, weight: float) -> tuple[float, float]:
        """Sparsities of the method's masks for requested ones; only controls differ."""
        return graph, weight

    def mask_allocation(self) -> str | None:
        """Whether the weights' target is each tensor's or that of all; None if either may be."""
        return getattr(self, "allocation", None)

    def resized(
        self, backbone: BackboneConfig, weight: float, count: Callable[[BackboneConfig], int]
    ) -> BackboneConfig:
        """The backbone whose masks are searched; only controls change it.

        Args:
            backbone: The dense model's.
            weight: Requested weight sparsity.
            count: Counts the prunable weights of a backbone.
        """
        return backbone


@dataclass
class PartsConfig(MethodConfig):
    """A method whose edges or weights a part of `guided` can find instead, for ablations."""

    #: What finds the edges: the method itself, or, before it, guided denoising or its order alone.
    edges: str = one_of("own", "guided", "order")
    #: What finds the weights: the method itself, or, after it, soft rounds on the sparse graph.
    weights: str = one_of("own", "soft_rounds")

    def mask_allocation(self) -> str | None:
        """See MethodConfig."""
        return super().mask_allocation() if self.weights == "own" else "global"

    def problems(self) -> Iterator[str]:
        """See MethodConfig."""
        if self.edges != "own" and self.weights != "own":
            yield (
                f"method.edges={self.edges} and method.weights={self.weights} leave nothing to "
                f"method={self.name}: use method=guided"
            )


@dataclass
class DenseConfig(MethodConfig):
    """No masks: the baseline."""

    prunes: ClassVar[bool] = False


@dataclass
class RandomConfig(PartsConfig):
    """Random masks: the control for all other methods."""

    is_control: ClassVar[bool] = True

    #: Whether each tensor meets the weights' target, or all together.
    allocation: str = one_of("uniform", "global")


@dataclass
class OneShotConfig(PartsConfig):
    """Magnitude pruning at the target after a short dense training."""

    #: E₀, epochs of dense training before pruning.
    pretrain_epochs: int = bounded(30, 0)
    #: Learning rate of edge scores; weights use the trainer's.
    edge_lr: float = bounded(0.001, 0, above=True)
    #: Whether each tensor meets the weights' target, or all together.
    allocation: str = one_of("uniform", "global")
    #: Coefficient of a regulariser of edge scores, 0.1 in the authors' runs; 0 is off
    #: (docs/choices.md).
    diversity: float = bounded(0.0, 0)
    #: Coefficient of another regulariser of edge scores; 0 is off.
    variance: float = bounded(0.0, 0)

    def search_epochs(self, graph: float, weight: float) -> int:
        """See MethodConfig."""
        return self.pretrain_epochs


@dataclass
class FastGLTConfig(OneShotConfig):
    """One-shot pruning, then gradual denoising (arXiv 2412.07605)."""

    #: T, epochs of denoising.
    epochs: int = bounded(400, 0)
    #: Δ, epochs between two exchanges.
    interval: int = bounded(3, 1)
    #: k, epochs before an exchange whose gradients are averaged.
    grad_epochs: int = bounded(2, 1)
    #: α, share of the elements that the first exchange moves.
    alpha: float = bounded(0.3, 0, 1)
    #: How that share falls over the epochs.
    schedule: str = one_of("cosine", "linear", "constant", more=SCHEDULES)
    #: What the first masks keep.
    initial_mask: str = one_of("magnitude", "random")
    #: Saliency scores of kept edges; those with the lowest leave.
    edge_noise: list[str] = some_of(
        ["magnitude"], "gradient", "degree", "agreement", more=EDGE_SCORES
    )
    #: Growth scores of pruned edges; those with the highest return.
    edge_scores: list[str] = some_of(["gradient", "degree"], "agreement", more=EDGE_SCORES)
    #: Growth scores of pruned weights.
    weight_scores: list[str] = some_of(["gradient"], more=WEIGHT_SCORES)
    #: How several scores are combined.
    mixing: str = one_of("rank", "sum")
    #: Exchanges over which the targets are reached; 0 for at once.
    warmup_exchanges: int = bounded(0, 0)
    #: β, share of the targets at which that begins.
    warmup_start: float = bounded(1.0, 0, 1, above=True)
    #: Coefficient of the L1 subgradient on edge scores while denoising, 1e-4 in the authors' runs.
    l1: float = bounded(0.0, 0)

    def problems(self) -> Iterator[str]:
        """See MethodConfig."""
        yield from super().problems()
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
        for key in ("edge_noise", "edge_scores", "weight_scores"):
            if not getattr(self, key):
                yield f"method.{key}: name at least one score"

    def search_epochs(self, graph: float, weight: float) -> int:
        """See MethodConfig."""
        return self.pretrain_epochs + self.epochs


@dataclass
class IMPConfig(PartsConfig):
    """Iterative magnitude pruning of soft masks, as UGS does it."""

    #: E_m, mask epochs of each round.
    epochs: int = bounded(200, 1)
    #: Learning rate of the edges' soft mask; the weights' soft masks use the trainer's.
    edge_lr: float = bounded(0.01, 0, above=True)
    #: Whether each tensor meets the weights' target, or all together.
    allocation: str = one_of("global", "uniform")
    #: s1, coefficient of the L1 subgradient on the edges' soft mask.
    edge_l1: float = bounded(0.01, 0)
    #: s2, coefficient of the L1 subgradient on the weights' soft masks.
    weight_l1: float = bounded(0.01, 0)
    #: Share of the kept edges that a round removes.
    edge_fraction: float = bounded(0.05, 0, 1, above=True, below=True)
    #: Share of the kept weights that a round removes.
    weight_fraction: float = bounded(0.2, 0, 1, above=True, below=True)
    #: Whether each round's ticket is retrained and scored too.
    retrain_each_round: bool = False

    def search_epochs(self, graph: float, weight: float) -> int:
        """See MethodConfig; small graphs may take one more round, as shares are rounded down."""
        rounds = max(
            math.log1p(-sparsity) / math.log1p(-fraction)
            for sparsity, fraction in (
                (graph, self.edge_fraction),
                (weight, self.weight_fraction),
            )
        )
        return math.ceil(round(rounds, 6)) * self.epochs


@dataclass
class TeddyConfig(MethodConfig):
    """Edges trimmed by degree, weights projected while retraining."""

    #: λ of distillation from the dense model, which is part of this method.
    distill: float = bounded(10.0, 0)


@dataclass
class GuidedConfig(MethodConfig):
    """Edges guided by the dense model, weights by few soft rounds on the sparse graph."""

    #: λ, how much the order of removal counts against the dense model's gradients.
    prior: float = bounded(10.0, 0)
    #: Steps of the denoising of edges; 0 keeps the order of removal.
    steps: int = bounded(60, 0)
    #: R, soft rounds for the weights.
    rounds: int = bounded(4, 1)
    #: Epochs of each round.
    epochs: int = bounded(40, 1)
    #: Learning rate of a round.
    lr: float = bounded(0.008, 0, above=True)
    #: Weight decay of a round.
    weight_decay: float = bounded(8e-5, 0)
    #: Coefficient of the L1 subgradient on the soft masks.
    l1: float = bounded(0.01, 0)
    #: λ of the divergence from the dense model's outputs, in the search for weights only.
    distill: float = bounded(0.0, 0)
    #: w, what each kept edge weighs in the ticket, against 1 of a node's own message.
    edge_weight: float = bounded(1.0, 0, 1000, above=True)
    #: The weights' one threshold is over all of them.
    allocation: ClassVar[str] = "global"

    def search_epochs(self, graph: float, weight: float) -> int:
        """See MethodConfig."""
        return self.rounds * self.epochs if weight else 0


@dataclass
class NoEdgesConfig(MethodConfig):
    """Control: every edge removed, all weights kept; edges matter as far as a ticket beats it."""

    is_control: ClassVar[bool] = True

    def mask_targets(self, graph: float, weight: float) -> tuple[float, float]:
        """See MethodConfig."""
        return 1.0, 0.0


@dataclass
class SmallDenseConfig(MethodConfig):
    """Control: all edges, and a dense model with at most as many weights as the ticket keeps."""

    is_control: ClassVar[bool] = True

    #: Hidden width, such as a ticket's units that are alive; None for as many weights.
    hidden: int | None = bounded(None, 1)

    def mask_targets(self, graph: float, weight: float) -> tuple[float, float]:
        """See MethodConfig."""
        return 0.0, 0.0

    def resized(
        self, backbone: BackboneConfig, weight: float, count: Callable[[BackboneConfig], int]
    ) -> BackboneConfig:
        """See MethodConfig: the widest backbone with no more weights than the ticket."""
        if self.hidden is not None:
            return replace(backbone, hidden=self.hidden)
        kept = (1 - weight) * count(backbone)
        fits, wider = 1, backbone.hidden + 1
        while wider - fits > 1:
            middle = (fits + wider) // 2
            if count(replace(backbone, hidden=middle)) <= kept:
                fits = middle
            else:
                wider = middle
        return replace(backbone, hidden=fits)


METHODS: Registry[type[MethodConfig]] = Registry(
    "method",
    {
        "dense": DenseConfig,
        "random": RandomConfig,
        "oneshot": OneShotConfig,
        "fastglt": FastGLTConfig,
        "imp": IMPConfig,
        "teddy": TeddyConfig,
        "guided": GuidedConfig,
        "no_edges": NoEdgesConfig,
        "small_dense": SmallDenseConfig,
    },
)
