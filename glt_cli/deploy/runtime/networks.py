"""The backbones as they are exported: forward passes on smaller matrices, without dropout.

Each is exact: it computes what the ticket's model computes, up to the order of sums. A map's
`shift` is what hidden units without inputs, which are constant, add to the next layer. Activations
are computed in place: at these sizes another pass over memory costs as much as a product.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glt_cli.deploy.runtime.messages import Messages, weighted_rows

#: Number of outputs up to which a dense product is computed transposed.
_NARROW = 16


class Map(nn.Module):
    """x W + shift, its weight [inputs, outputs] dense, or as a CSR matrix [outputs, inputs].

    Args:
        weight: Dense.
        shift: [outputs]; None for zeros.
        is_csr: Whether to multiply by a CSR matrix.
    """

    def __init__(self, weight: Tensor, shift: Tensor | None, is_csr: bool) -> None:
        super().__init__()
        self.inputs, self.outputs = weight.shape
        self.is_csr = is_csr
        self.register_buffer("weight", weight.t().to_sparse_csr() if is_csr else weight)
        self.register_buffer("shift", shift)

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, inputs], dense or CSR, to [N, outputs]."""
        weight = cast(Tensor, self.weight)
        h: Tensor
        if self.is_csr and x.layout == torch.sparse_csr:
            x = x.to_dense()
        if x.layout == torch.sparse_csr:
            h = weighted_rows(x.crow_indices(), x.col_indices(), x.values(), weight)
        elif self.is_csr:
            h = torch.sparse.mm(weight, x.t().contiguous(), "sum").t()
        elif self.outputs <= _NARROW:  # several times as fast with few outputs
            h = (weight.t() @ x.t()).t().contiguous()
        else:
            h = x @ weight
        return h if self.shift is None else h.add_(cast(Tensor, self.shift))


class Network(nn.Module):
    """A network on messages."""

    #: Whether each node also sends to itself.
    self_loops = True

    @abstractmethod
    def forward(self, x: Tensor, messages: Messages) -> Tensor:
        """Compute [N, outputs] from features [N, inputs], dense or CSR."""

    @property
    def maps(self) -> list[Map]:
        """Its linear maps, in order."""
        return [module for module in self.modules() if isinstance(module, Map)]


class GCNNetwork(Network):
    """Layers of Â (x W + shift) + bias, with ReLU between them."""

    def __init__(self, maps: Sequence[Map], biases: Sequence[Tensor]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(maps)
        self.biases = nn.ParameterList(_fixed(biases))

    def forward(self, x: Tensor, messages: Messages) -> Tensor:
        """See Network."""
        values = messages.normalised
        for place, (layer, bias) in enumerate(zip(self.layers, self.biases, strict=True)):
            if place:
                x = x.relu_()
            x = messages.sum(values, layer(x)).add_(bias)
        return x


class GINNetwork(Network):
    """Layers of MLP((1 + ε) x + the neighbours' mean or sum), with ReLU between all maps."""

    self_loops = False

    def __init__(
        self,
        maps: Sequence[Map],
        biases: Sequence[Tensor],
        epsilons: Sequence[Tensor],
        averages: bool,
    ) -> None:
        super().__init__()
        self.linears = nn.ModuleList(maps)
        self.biases = nn.ParameterList(_fixed(biases))
        self.epsilons = nn.ParameterList(_fixed(epsilons))
        self.averages = averages

    def forward(self, x: Tensor, messages: Messages) -> Tensor:
        """See Network."""
        values = messages.averaged if self.averages else messages.weight
        each = len(self.linears) // len(self.epsilons)
        for place, (linear, bias) in enumerate(zip(self.linears, self.biases, strict=True)):
            if place:
                x = x.relu_()
            x = linear(x)
            if place % each == 0:  # the first map of an MLP commutes with the sum
                x = messages.sum(values, x).addcmul_(x, 1 + self.epsilons[place // each])
            x = x.add_(bias)
        return x


class GATNetwork(Network):
    """Layers of attention heads, with ELU between them.

    The columns of each map are the units of each head that are left, then for each head the two
    halves of its attention logits.

    Args:
        maps: One for each layer.
        biases: [units] of each layer.
        heads: How many units each head of each layer has.
    """

    def __init__(
        self, maps: Sequence[Map], biases: Sequence[Tensor], heads: Sequence[Sequence[int]]
    ) -> None:
        super().__init__()
        self.layers = nn.ModuleList(maps)
        self.biases = nn.ParameterList(_fixed(biases))
        self.heads = [list(widths) for widths in heads]

    def forward(self, x: Tensor, messages: Messages) -> Tensor:
        """See Network."""
        for place, (layer, bias) in enumerate(zip(self.layers, self.biases, strict=True)):
            if place:
                x = F.elu_(x)
            widths = self.heads[place]
            *units, source, target = layer(x).split([*widths, len(widths), len(widths)], dim=1)
            alpha = _attention(source, target, messages)
            sums = [messages.sum(alpha[:, k], h) for k, h in enumerate(units)]
            x = torch.cat(sums, dim=1).add_(bias)
        return x


def _attention(source: Tensor, target: Tensor, messages: Messages) -> Tensor:
    """Weigh each message by a softmax over what its target receives: [M, heads]."""
    row = messages.target
    logits = F.leaky_relu(source[messages.source] + target[row], negative_slope=0.2)
    largest = logits.new_full((messages.num_nodes, logits.shape[1]), -torch.inf)
    largest = largest.scatter_reduce(0, row[:, None].expand_as(logits), logits, "amax")
    exponentials = messages.weight[:, None] * (logits - largest[row]).exp()
    total = torch.zeros_like(largest).index_add(0, row, exponentials)
    return exponentials / total[row]


class ResGCNNetwork(Network):
    """Encoder, residual blocks of norm, ReLU and softmax aggregation, and head."""

    def __init__(
        self,
        encoder: Map,
        encoder_bias: Tensor,
        maps: Sequence[Map],
        biases: Sequence[Tensor],
        temperatures: Sequence[Tensor],
        norms: Sequence[tuple[Tensor, Tensor]],
        head: Map,
        head_bias: Tensor,
        constants: tuple[float, float],
    ) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head
        self.layers = nn.ModuleList(maps)
        self.ends = nn.ParameterList(_fixed([encoder_bias, head_bias]))
        self.biases = nn.ParameterList(_fixed(biases))
        self.temperatures = nn.ParameterList(_fixed(temperatures))
        #: Norm l comes before layer l; norm 0 before the head.
        self.scales = nn.ParameterList(_fixed([scale for scale, _ in norms]))
        self.offsets = nn.ParameterList(_fixed([offset for _, offset in norms]))
        self.epsilon, self.largest = constants

    def forward(self, x: Tensor, messages: Messages) -> Tensor:
        """See Network."""
        h = self._layer(0, self.encoder(x) + self.ends[0], messages)
        for place in range(1, len(self.layers)):
            h = h + self._layer(place, F.relu(self._norm(place, h)), messages)
        result: Tensor = self.head(F.relu(self._norm(0, h))) + self.ends[1]
        return result

    def _norm(self, place: int, h: Tensor) -> Tensor:
        result: Tensor = h * self.scales[place] + self.offsets[place]
        return result

    def _layer(self, place: int, h: Tensor, messages: Messages) -> Tensor:
        sent = F.relu(h) + self.epsilon
        logits = (self.temperatures[place] * sent).clamp(-self.largest, self.largest)
        exponentials = logits.exp()
        total = messages.sum(messages.weight, exponentials * sent)
        received = total / messages.sum(messages.weight, exponentials)
        result: Tensor = self.layers[place](h + received) + self.biases[place]
        return result


def _fixed(tensors: Sequence[Tensor]) -> list[nn.Parameter]:
    return [nn.Parameter(tensor, requires_grad=False) for tensor in tensors]


def network(about: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Network:
    """Build a network from its description and tensors (glt_cli/deploy/compact.py).

    Raises:
        KeyError, ValueError: They don't belong together.
    """
    maps = [
        Map(tensors[f"map.{k}"], tensors.get(f"shift.{k}"), bool(is_csr))
        for k, is_csr in enumerate(about["csr"])
    ]
    biases = [tensors[f"bias.{k}"] for k in range(len(maps))]
    kind = about["backbone"]
    if kind == "gcn":
        return GCNNetwork(maps, biases)
    if kind == "gin":
        epsilons = [tensors[f"epsilon.{k}"] for k in range(int(about["layers"]))]
        return GINNetwork(maps, biases, epsilons, bool(about["averages"]))
    if kind == "gat":
        return GATNetwork(maps, biases, about["heads"])
    if kind == "resgcn":
        layers = range(len(maps) - 2)
        return ResGCNNetwork(
            maps[0],
            biases[0],
            maps[1:-1],
            biases[1:-1],
            [tensors[f"temperature.{k}"] for k in layers],
            [(tensors[f"scale.{k}"], tensors[f"offset.{k}"]) for k in layers],
            maps[-1],
            biases[-1],
            (float(about["epsilon"]), float(about["largest_logit"])),
        )
    raise ValueError(f"its backbone is {kind!r}, which this version can't run")
