"""Drop what a ticket's model doesn't need: the model that `glt export` writes.

A hidden unit that no kept weight reads is dropped. One that no kept weight feeds is the same for
every node, so what it adds to the next layer becomes a constant, `shift`. Both are exact, up to the
order of sums. Input features that nothing reads are dropped too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from glt_cli.errors import UserError
from glt_cli.models.backbone import Backbone, Linear
from glt_cli.models.embedded import Embedded
from glt_cli.models.gat import GAT, GATLayer
from glt_cli.models.gcn import GCN, GCNLayer
from glt_cli.models.gin import GIN, GINLayer
from glt_cli.models.resgcn import EPSILON, LARGEST_LOGIT, BatchNorm, GENLayer, ResGCN


@dataclass
class Compact:
    """A model as `runtime.networks.network` builds it.

    Attributes:
        about: What kind of network it is.
        tensors: Its matrices `map.K` [inputs, outputs], dense, and vectors, by name.
        features: Columns of the input that it reads, int64.
    """

    about: dict[str, Any]
    tensors: dict[str, Tensor]
    features: Tensor

    @property
    def maps(self) -> list[Tensor]:
        """Its matrices, in order."""
        count = sum(name.startswith("map.") for name in self.tensors)
        return [self.tensors[f"map.{k}"] for k in range(count)]


@dataclass
class _Stage:
    """A linear map, and what follows until the next.

    weight: [inputs, columns]: a column for each unit, then others that are never dropped.
    bias: [units], added after the aggregation.
    activation: Applied to the units before the next map.
    keeps_constants: Whether what is the same for all nodes stays so until the bias.
    head: The attention head of each unit, [units].
    """

    weight: Tensor
    bias: Tensor
    activation: Callable[[Tensor], Tensor]
    keeps_constants: bool
    head: Tensor
    shift: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self.shift = self.weight.new_zeros(self.weight.shape[1])

    def keep(self, units: Tensor) -> None:
        """Keep some of its units, bool [units]."""
        others = torch.ones(self.weight.shape[1] - units.numel(), dtype=torch.bool)
        columns = torch.cat([units, others])
        self.weight, self.shift = self.weight[:, columns], self.shift[columns]
        self.bias, self.head = self.bias[units], self.head[units]


def compacted(model: Backbone) -> Compact:
    """Build the smallest model with the same outputs.

    Args:
        model: A ticket's trained model, in evaluation mode: pruned weights are zero.

    Raises:
        UserError: It is a plug-in's backbone.
    """
    inner = model.backbone if isinstance(model, Embedded) else model
    with torch.no_grad():
        if isinstance(inner, GCN):
            return _trimmed(_gcn_stages(inner), {"backbone": "gcn"})
        if isinstance(inner, GIN):
            about = {"backbone": "gin", "averages": inner.aggregation == "mean"}
            epsilons = [cast(GINLayer, layer).epsilon for layer in inner.layers]
            compact = _trimmed(_gin_stages(inner), about | {"layers": len(epsilons)})
            compact.tensors |= {f"epsilon.{k}": value for k, value in enumerate(epsilons)}
            return compact
        if isinstance(inner, GAT):
            stages = _gat_stages(inner)
            compact = _trimmed(stages, {"backbone": "gat"})
            compact.about["heads"] = [
                torch.bincount(stage.head, minlength=cast(GATLayer, layer).heads).tolist()
                for stage, layer in zip(stages, inner.layers, strict=True)
            ]
            return compact
        if isinstance(inner, ResGCN):
            return _resgcn(inner)
    raise UserError(
        f"{type(inner).__name__} is a plug-in's backbone, which can't be exported; use "
        "glt_cli.load_ticket(folder).model()"
    )


def _gcn_stages(model: GCN) -> list[_Stage]:
    layers = cast(Sequence[GCNLayer], model.layers)
    return [
        _Stage(layer.linear.weight, layer.bias, F.relu, False, _no_heads(layer.bias))
        for layer in layers
    ]


def _gin_stages(model: GIN) -> list[_Stage]:
    # The first map of an MLP is followed by the aggregation, the others by their bias alone.
    return [
        _Stage(cast(Linear, linear).weight, bias, F.relu, place > 0, _no_heads(bias))
        for layer in cast(Sequence[GINLayer], model.layers)
        for place, (linear, bias) in enumerate(zip(layer.linears, layer.biases, strict=True))
    ]


def _gat_stages(model: GAT) -> list[_Stage]:
    stages = []
    for layer in cast(Sequence[GATLayer], model.layers):
        weight = layer.linear.weight
        heads = weight.reshape(-1, layer.heads, layer.outputs)
        # Attention logits are linear in the input too, so they don't need the units.
        halves = [(heads * vector).sum(-1) for vector in (layer.source, layer.target)]
        head = torch.arange(layer.heads).repeat_interleave(layer.outputs)
        # A node's attention sums to 1, so it keeps constants.
        stages.append(_Stage(torch.cat([weight, *halves], 1), layer.bias, F.elu, True, head))
    return stages


def _no_heads(bias: Tensor) -> Tensor:
    return torch.zeros(bias.numel(), dtype=torch.int64)


def _trimmed(stages: list[_Stage], about: dict[str, Any]) -> Compact:
    """Drop units until none can go."""
    while any(_drop_units(*pair) for pair in pairwise(stages)):
        pass
    first = stages[0]
    features = _some(first.weight.ne(0).any(1))
    first.weight = first.weight[features]
    tensors: dict[str, Tensor] = {}
    for k, stage in enumerate(stages):
        tensors |= {f"map.{k}": stage.weight.contiguous(), f"bias.{k}": stage.bias}
        if bool(stage.shift.ne(0).any()):
            tensors[f"shift.{k}"] = stage.shift
    return Compact(about, tensors, features.nonzero().squeeze(1))


def _drop_units(stage: _Stage, following: _Stage) -> bool:
    """Drop the units between two maps that nothing reads or feeds; say whether there were any."""
    units = stage.bias.numel()
    columns, shift = stage.weight[:, :units], stage.shift[:units]
    unfed = columns.eq(0).all(0)
    constant = unfed if stage.keeps_constants else unfed & shift.eq(0)
    values = stage.activation(shift + stage.bias)
    following.shift = following.shift + values.where(constant, torch.zeros(())) @ following.weight
    following.weight = following.weight.masked_fill(constant[:, None], 0)
    kept = _some(following.weight.ne(0).any(1))
    following.weight = following.weight[kept]
    stage.keep(kept)
    return int(kept.sum()) < units


def _some(kept: Tensor) -> Tensor:
    """Keep one at least: matrices without rows are no use to anyone."""
    if not bool(kept.any()):
        kept = kept.clone()
        kept[0] = True
    return kept


def _resgcn(model: ResGCN) -> Compact:
    """The residual stream needs all of its units, so only input features can go."""
    encoder = model.encoder.weight
    features = _some(encoder.ne(0).any(1))
    layers = cast(Sequence[GENLayer], model.layers)
    matrices = [encoder[features], *(layer.linear.weight for layer in layers), model.head.weight]
    biases = [model.encoder_bias, *(layer.bias for layer in layers), model.head_bias]
    tensors = {f"map.{k}": matrix.contiguous() for k, matrix in enumerate(matrices)}
    tensors |= {f"bias.{k}": bias for k, bias in enumerate(biases)}
    for k, (layer, norm) in enumerate(zip(layers, model.norms, strict=True)):
        scale, offset = _affine(cast(BatchNorm, norm))
        tensors |= {
            f"temperature.{k}": layer.temperature,
            f"scale.{k}": scale,
            f"offset.{k}": offset,
        }
    about = {"backbone": "resgcn", "epsilon": EPSILON, "largest_logit": LARGEST_LOGIT}
    return Compact(about, tensors, features.nonzero().squeeze(1))


def _affine(norm: BatchNorm) -> tuple[Tensor, Tensor]:
    """A batch norm after training, as a scale and an offset for each unit."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return scale, norm.bias - norm.running_mean * scale
