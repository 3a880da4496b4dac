"""Converting a ticket to torch-geometric's own layers, for use without this package."""

from __future__ import annotations

import warnings
from typing import cast

import torch
from torch import Tensor, nn

from glt_cli.deploy.plain_models import ConvStack, DeeperGCN, EmbeddedNodes
from glt_cli.errors import UserError
from glt_cli.experiment.ticket import SavedTicket
from glt_cli.models.backbone import Backbone, Linear
from glt_cli.models.embedded import Embedded
from glt_cli.models.gat import GAT, GATLayer
from glt_cli.models.gcn import GCN, GCNLayer
from glt_cli.models.gin import GIN, GINLayer
from glt_cli.models.graph import Graph
from glt_cli.models.resgcn import GENLayer, ResGCN

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its import calls what torch has deprecated
    from torch_geometric.data import Data
    from torch_geometric.nn import GATConv, GCNConv, GENConv, GINConv

#: The name of each backbone's layer in torch-geometric.
_LAYERS = {GCN: "GCNConv", GIN: "GINConv", GAT: "GATConv", ResGCN: "GENConv"}


def to_torch_geometric(ticket: SavedTicket) -> tuple[nn.Module, Data]:
    """Convert a ticket to a model of torch-geometric's layers and the smaller graph.

    Call `model(x, data.edge_index)` with dense features x [N, F], or
    `model(x, data.edge_index, data.edge_weight)` if the graph has edge weights. The outputs
    [N, C] are class scores, or node embeddings for link prediction. The model adds any self-loops
    that it needs.

    Pruned weights are zeros. To keep them at zero in further training, pass each layer that has
    some to `torch.nn.utils.prune.custom_from_mask(layer, "weight", layer.weight != 0)`.

    Args:
        ticket: A saved ticket.

    Returns:
        The trained model on CPU, in evaluation mode, and its data: `num_nodes`, and `edge_index`
        int64 [2, M] with the kept edges only, each undirected edge in both directions. If the
        graph has edge weights, also `edge_weight` float32 [M]. If nodes have learned embeddings,
        the model holds them, and `x` is the node numbers, int64 [N].

    Raises:
        UserError: torch-geometric's layers can't express the model on this graph.
    """
    whole = ticket.model()
    inner = whole.backbone if isinstance(whole, Embedded) else whole
    kept = ticket.sparse(ticket.graph())
    _check_expressible(inner, kept)
    model, data = _converted(inner), _data(kept)
    if isinstance(whole, Embedded):
        model = EmbeddedNodes(_embedding(whole), model)
        data.x = torch.arange(ticket.num_nodes)
    return model.eval(), data


def _check_expressible(model: Backbone, graph: Graph) -> None:
    """Raise UserError if torch-geometric has no equivalent layer."""
    layer = _LAYERS.get(type(model))
    if layer is None:
        raise UserError(
            f"{type(model).__name__} has no counterpart in torch-geometric: use ticket.model()"
        )
    if graph.edge_weight is not None and not isinstance(model, GCN):
        raise UserError(
            f"the graph has edge weights, which torch-geometric's {layer} can't use as glt does "
            "(only GCNConv can): use ticket.model()"
        )


def _data(graph: Graph) -> Data:
    """Write the graph in torch-geometric's form: one column for each message."""
    edge_index, edge_weight = graph.edge_index, graph.edge_weight
    if not graph.directed:
        edge_index = torch.cat([edge_index, edge_index.flip(0)], dim=1)
        edge_weight = None if edge_weight is None else edge_weight.repeat(2)
    data = Data(edge_index=edge_index, num_nodes=graph.num_nodes)
    if edge_weight is not None:
        data.edge_weight = edge_weight
    return data


def _converted(model: Backbone) -> nn.Module:
    """Build torch-geometric's model with the weights of ours."""
    if isinstance(model, ResGCN):
        return _deeper_gcn(model)
    if isinstance(model, GCN):
        convs = [_gcn_conv(cast(GCNLayer, layer)) for layer in model.layers]
        return ConvStack(convs, nn.ReLU(), model.dropout.p)
    if isinstance(model, GIN):
        convs = [_gin_conv(cast(GINLayer, layer), model.aggregation) for layer in model.layers]
        return ConvStack(convs, nn.ReLU(), model.dropout.p)
    assert isinstance(model, GAT)
    convs = [_gat_conv(cast(GATLayer, layer)) for layer in model.layers]
    return ConvStack(convs, nn.ELU(), model.dropout.p, input_dropout=model.dropout.p)


def _deeper_gcn(model: ResGCN) -> nn.Module:
    return DeeperGCN(
        encoder=_linear(model.encoder, model.encoder_bias),
        convs=[_gen_conv(cast(GENLayer, layer)) for layer in model.layers],
        norms=[_norm(cast(nn.BatchNorm1d, norm)) for norm in model.norms],
        head=_linear(model.head, model.head_bias),
        dropout=model.dropout.p,
        checkpoint=model.checkpoint,
    )


def _gcn_conv(layer: GCNLayer) -> nn.Module:
    conv = GCNConv(*layer.linear.weight.shape)
    return _loaded(conv, {"lin.weight": _transposed(layer.linear), "bias": layer.bias})


def _gin_conv(layer: GINLayer, aggregation: str) -> nn.Module:
    mlp: list[nn.Module] = []
    weights = {"eps": layer.epsilon.view(1)}
    for module, bias in zip(layer.linears, layer.biases, strict=True):
        linear = cast(Linear, module)
        if mlp:
            mlp.append(nn.ReLU())
        weights[f"nn.{len(mlp)}.weight"] = _transposed(linear)
        weights[f"nn.{len(mlp)}.bias"] = bias
        mlp.append(nn.Linear(*linear.weight.shape))
    return _loaded(GINConv(nn.Sequential(*mlp), train_eps=True, aggr=aggregation), weights)


def _gat_conv(layer: GATLayer) -> nn.Module:
    inputs = layer.linear.weight.shape[0]
    conv = GATConv(inputs, layer.outputs, layer.heads, dropout=layer.dropout.p)
    weights = {
        "lin.weight": _transposed(layer.linear),
        "att_src": layer.source.unsqueeze(0),
        "att_dst": layer.target.unsqueeze(0),
        "bias": layer.bias,
    }
    return _loaded(conv, weights)


def _gen_conv(layer: GENLayer) -> nn.Module:
    """Convert a layer; GENConv's MLP is a single linear map, like ours.

    The two differ only for logits beyond ±30, which our layer (`resgcn`) clips and GENConv doesn't.
    """
    conv = GENConv(
        *layer.linear.weight.shape, aggr="softmax", learn_t=True, num_layers=1, bias=True
    )
    weights = {
        "aggr_module.t": layer.temperature.view(1),
        "mlp.0.weight": _transposed(layer.linear),
        "mlp.0.bias": layer.bias,
    }
    return _loaded(conv, weights)


def _embedding(model: Embedded) -> nn.Module:
    return _loaded(nn.Embedding(*model.embedding.shape), {"weight": model.embedding})


def _linear(linear: Linear, bias: Tensor) -> nn.Module:
    mapped = nn.Linear(*linear.weight.shape)
    return _loaded(mapped, {"weight": _transposed(linear), "bias": bias})


def _norm(norm: nn.BatchNorm1d) -> nn.Module:
    plain = nn.BatchNorm1d(norm.num_features, eps=norm.eps, momentum=norm.momentum)
    return _loaded(plain, norm.state_dict())


def _transposed(linear: Linear) -> Tensor:
    """Return the weight in torch's layout, [outputs, inputs]."""
    return linear.weight.t()


def _loaded(module: nn.Module, weights: dict[str, Tensor]) -> nn.Module:
    """Load all weights into a module; a wrong name or shape is an error."""
    module.load_state_dict(weights)
    return module
