"""torch-geometric's layers with a backbone's weights: the plain model it must equal."""

from __future__ import annotations

import warnings
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glt_cli.models.backbone import Backbone, Linear
from glt_cli.models.gat import GAT, GATLayer
from glt_cli.models.gcn import GCN, GCNLayer
from glt_cli.models.gin import GIN, GINLayer
from glt_cli.models.graph import Graph
from glt_cli.models.resgcn import GENLayer, ResGCN

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its import calls what torch has deprecated
    from torch_geometric.nn import DeepGCNLayer, GATConv, GCNConv, GENConv, GINConv
    from torch_geometric.utils import add_self_loops


def messages(graph: Graph) -> Tensor:
    """edge_index of torch-geometric: an undirected edge stands there in both directions."""
    if graph.directed:
        return graph.edge_index
    return torch.cat([graph.edge_index, graph.edge_index.flip(0)], dim=1)


def reference(model: Backbone, x: Tensor, graph: Graph, values: Tensor | None = None) -> Tensor:
    """Outputs of torch-geometric's model; `values` [E] are edge weights, of a GCN alone."""
    if isinstance(model, ResGCN):
        return _resgcn(model, x, graph)
    between = F.elu if isinstance(model, GAT) else F.relu
    h = x
    for i, layer in enumerate(model.layers):
        h = between(h) if i else h
        conv = _conv(layer, model)
        if values is None:
            h = conv(h, messages(graph))
        else:
            weights = values if graph.directed else values.repeat(2)
            h = conv(h, messages(graph), weights)
    return h


def _conv(layer: nn.Module, model: Backbone) -> Any:
    conv: Any
    if isinstance(layer, GCNLayer):
        assert isinstance(model, GCN)
        conv = GCNConv(*layer.linear.weight.shape).double()
        _copy(conv.lin.weight, layer.linear.weight.t())
        _copy(conv.bias, layer.bias)
    elif isinstance(layer, GATLayer):
        conv = GATConv(layer.linear.weight.shape[0], layer.outputs, layer.heads).double()
        _copy(conv.lin.weight, layer.linear.weight.t())
        _copy(conv.att_src, layer.source.unsqueeze(0))
        _copy(conv.att_dst, layer.target.unsqueeze(0))
        _copy(conv.bias, layer.bias)
    else:
        assert isinstance(layer, GINLayer)
        assert isinstance(model, GIN)
        mlp: list[nn.Module] = []
        maps: list[nn.Linear] = []
        for linear in layer.linears:
            mapped = nn.Linear(*cast(Linear, linear).weight.shape)
            maps.append(mapped)
            mlp += [nn.ReLU(), mapped] if mlp else [mapped]
        conv = GINConv(nn.Sequential(*mlp), train_eps=True, aggr=model.aggregation).double()
        # Only now: the constructor draws the MLP's weights anew.
        for mapped, linear, bias in zip(maps, layer.linears, layer.biases, strict=True):
            _copy(mapped.weight, cast(Linear, linear).weight.t())
            _copy(mapped.bias, bias)
        _copy(conv.eps, layer.epsilon.view(1))
    return conv.eval()


def _resgcn(model: ResGCN, x: Tensor, graph: Graph) -> Tensor:
    """Encoder, torch-geometric's GENConv in its `res+` blocks, norm, and head."""
    looped = add_self_loops(messages(graph), num_nodes=graph.num_nodes)[0]
    h = x @ model.encoder.weight + model.encoder_bias
    for i, (norm, layer) in enumerate(zip(model.norms, model.layers, strict=True)):
        assert isinstance(layer, GENLayer)
        width = layer.linear.weight.shape[0]
        conv = GENConv(width, width, aggr="softmax", t=1.0, learn_t=True, num_layers=1, bias=True)
        conv = conv.double()
        _copy(conv.aggr_module.t, layer.temperature.view(1))
        _copy(conv.mlp[0].weight, layer.linear.weight.t())
        _copy(conv.mlp[0].bias, layer.bias)
        if i:
            h = DeepGCNLayer(conv, norm, nn.ReLU(), block="res+", dropout=0.0)(h, looped)
        else:
            h = conv(h, looped)
    normed: Tensor = model.norms[0](h)
    return F.relu(normed) @ model.head.weight + model.head_bias


def _copy(into: Tensor, source: Tensor) -> None:
    with torch.no_grad():
        into.copy_(source)
