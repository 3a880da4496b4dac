from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from glt_cli import models as backbones
from glt_cli.config.backbones import GCNConfig
from glt_cli.experiment.macs import count_macs
from glt_cli.models.backbone import Backbone
from glt_cli.models.graph import Graph
from glt_cli.pruning.masks import EDGE, Masks, Targets, full, random_masks
from tests.experiment.published_macs import gebt_macs, ugs_macs
from tests.graphs import BACKBONES, features, graph_of, seeded, sparse_of

#: Four nodes, three edges, four features.
GRAPH = graph_of(4, [(0, 1), (0, 2), (2, 3)])

DENSE = Targets(0, 0)

#: Linear and graph part of the narrow backbones on it, by hand: 6 messages, 4 self-loops.
BY_HAND = {
    # 4 → 5 aggregates its input, 4 wide; 5 → 3 its output.
    "gcn": (4 * (20 + 15), (6 + 4) * (4 + 3)),
    "gin-mean": (4 * (20 + 15), 6 * (4 + 3) + 4 * (4 + 3)),
    "gin-sum": (4 * (20 + 15), 6 * (4 + 3) + 4 * (4 + 3)),
    # 4 → 5 → 5, and 5 → 5 → 3, whose first map goes first.
    "gin-mlp": (4 * (20 + 25 + 25 + 15), 6 * (4 + 5) + 4 * (4 + 5)),
    # Two heads of 3 on 4 features, one of 3 on 6.
    "gat": (4 * (4 * 6 + 6 * 3), (6 + 4) * (6 + 3) + 2 * 4 * (6 + 3)),
    # Encoder 4 → 5, 3 layers 5 → 5 that hear three products of a message each, head 5 → 3.
    "resgcn": (4 * (20 + 3 * 25 + 15), 3 * 3 * (6 + 4) * 5),
    "resgcn-checkpoint": (4 * (20 + 3 * 25 + 15), 3 * 3 * (6 + 4) * 5),
}


def build(name: str, width: int = 4) -> Backbone:
    return backbones.build(BACKBONES[name], width, 3)


def masks_of(model: Backbone, graph: Graph, targets: Targets = DENSE) -> Masks:
    weights = {name: p.detach() for name, p in model.prunable().items()}
    return random_masks({EDGE: graph.ones(), **weights}, targets, "uniform", seeded(0))


@pytest.mark.parametrize("name", BACKBONES)
def test_dense_macs_by_hand(name: str) -> None:
    model = build(name)
    macs = count_macs(model, torch.ones(4, 4), GRAPH, masks_of(model, GRAPH))
    assert (macs.linear, macs.graph) == BY_HAND[name]
    assert macs.linear_skipping == macs.linear
    assert macs.total == macs.total_skipping == sum(BY_HAND[name])


@pytest.mark.parametrize(
    ("name", "graph_part"),
    [("gcn", 10 * (5 + 3)), ("gin-mean", 10 * (5 + 3)), ("gat", 10 * 9 + 8 * 9)],
)
def test_sparse_features_are_mapped_before_they_are_aggregated(name: str, graph_part: int) -> None:
    model = build(name)
    x = sparse_of(torch.ones(4, 4))
    macs = count_macs(model, x, GRAPH, masks_of(model, GRAPH))
    assert (macs.linear, macs.graph) == (BY_HAND[name][0], graph_part)


@pytest.mark.parametrize("name", BACKBONES)
def test_what_is_pruned_is_not_counted(name: str) -> None:
    model = build(name)
    masks = masks_of(model, GRAPH)
    dense = count_macs(model, torch.ones(4, 4), GRAPH, masks)
    masks[EDGE][1] = False
    widths = {"gcn": 7, "gin-mean": 7, "gin-sum": 7, "gin-mlp": 9, "gat": 9}
    widths |= dict.fromkeys(("resgcn", "resgcn-checkpoint"), 3 * 3 * 5)
    fewer_edges = count_macs(model, torch.ones(4, 4), GRAPH, masks)
    assert dense.graph - fewer_edges.graph == 2 * widths[name]
    assert fewer_edges.linear == dense.linear
    for key in model.prunable():
        masks[key][0, 0] = False
    fewer = count_macs(model, torch.ones(4, 4), GRAPH, masks)
    assert dense.linear - fewer.linear == 4 * len(model.prunable())
    assert fewer.graph == fewer_edges.graph


def test_a_directed_edge_is_one_message() -> None:
    directed = graph_of(4, [(0, 1), (0, 2), (2, 3)], directed=True)
    model = build("gcn")
    macs = count_macs(model, torch.ones(4, 4), directed, masks_of(model, directed))
    assert macs.graph == (3 + 4) * (4 + 3)


@pytest.mark.parametrize("storage", ["dense", "sparse"])
@given(seed=st.integers(0, 50), s=st.sampled_from([0.0, 0.5, 0.9]))
def test_the_variant_that_skips_zero_features(storage: str, seed: int, s: float) -> None:
    # Six features: wider than the hidden layer, so that the map goes first in either storage.
    model = build("gcn", width=6)
    masks = masks_of(model, GRAPH, Targets(0, s))
    x = features(4, seed, width=6)
    macs = count_macs(model, sparse_of(x) if storage == "sparse" else x, GRAPH, masks)
    first, second = (masks[name] for name in model.prunable())
    products = sum(int(first[f].sum()) for i in range(4) for f in range(6) if x[i, f] != 0)
    assert macs.linear_skipping == products + 4 * int(second.sum())
    assert macs.linear == 4 * int(first.sum() + second.sum())
    assert macs.total_skipping == macs.linear_skipping + macs.graph


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize("layers", [2, 3])
def test_the_linear_part_is_half_of_what_torch_counts(name: str, layers: int) -> None:
    config = BACKBONES[name]
    model = backbones.build(type(config)(**{**vars(config), "layers": layers}), 4, 3).eval()
    x = torch.ones(4, 4)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x, GRAPH, GRAPH.ones())
    macs = count_macs(model, x, GRAPH, masks_of(model, GRAPH))
    assert counter.get_total_flops() == 2 * macs.linear


def cora_sized() -> tuple[Backbone, Tensor, Graph]:
    """As many nodes, edges and features as Cora has."""
    keys = torch.randperm(2708 * 2707 // 2, generator=seeded(0))[:5278]
    pairs = torch.triu_indices(2708, 2708, offset=1)[:, keys]
    graph, _, _ = Graph.from_pairs(2708, pairs)
    config = GCNConfig(name="gcn", hidden=512)
    return backbones.build(config, 1433, 7), torch.zeros(1, 1).expand(2708, 1433), graph


def test_the_dense_gcn_on_cora() -> None:
    model, x, graph = cora_sized()
    masks = full({EDGE: graph.ones(), **model.prunable()})
    macs = count_macs(model, x, graph, masks)
    assert macs.linear == 1_996_554_240
    assert macs.total == 2_003_438_256
    assert macs.linear_skipping == 2708 * 512 * 7  # no feature at all


CORA = (2708, 5278, 1433, 512, 7)
CITESEER = (3312, 4732, 3703, 512, 6)  # edges as the paper counts them, before cleaning


@pytest.mark.parametrize(
    ("sizes", "s_graph", "s_weight", "published"),
    [
        (CORA, 0.0, 0.0, 2007e6),
        (CORA, 0.1855, 0.5904, 826e6),
        (CORA, 0.3698, 0.8658, 275e6),
        (CITESEER, 0.0, 0.0, 6299e6),
        (CITESEER, 0.3366, 0.8322, 1062e6),
        (CITESEER, 0.4867, 0.9450, 351e6),
        (CITESEER, 0.5819, 0.9775, 146e6),
    ],
)
def test_the_published_macs_of_ugs(
    sizes: tuple[int, int, int, int, int], s_graph: float, s_weight: float, published: float
) -> None:
    assert ugs_macs(*sizes, s_graph, s_weight) == pytest.approx(published, rel=0.003)


@pytest.mark.parametrize(("layers", "giga"), [(7, 18.56), (14, 39.03), (28, 79.96)])
def test_the_published_macs_of_gebt(layers: int, giga: float) -> None:
    macs = gebt_macs(169_343, 1_166_243, 128, 40, layers)
    assert round(macs / 1e9, 2) == giga
