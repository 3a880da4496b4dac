"""Random graphs, tiny tasks, and a search over one: what many tests begin with."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st
from torch import Tensor

from glt_cli import models as backbones
from glt_cli.config import TrainerConfig
from glt_cli.config.backbones import BackboneConfig, GATConfig, GCNConfig, GINConfig, ResGCNConfig
from glt_cli.models.backbone import Backbone
from glt_cli.models.graph import Graph
from glt_cli.models.sparse import Matrix, Pattern, SparseMatrix
from glt_cli.pruning.context import PruningContext
from glt_cli.pruning.masks import Targets
from glt_cli.training.loop import Epoch, Observer, snapshot
from glt_cli.training.tasks import NodeClassification

#: Every backbone, narrow, in each of its forms.
BACKBONES: dict[str, BackboneConfig] = {
    "gcn": GCNConfig(name="gcn", hidden=5),
    "gin-mean": GINConfig(name="gin", hidden=5, aggregation="mean"),
    "gin-sum": GINConfig(name="gin", hidden=5, aggregation="sum"),
    "gin-mlp": GINConfig(name="gin", hidden=5, aggregation="mean", mlp_layers=2),
    "gat": GATConfig(name="gat", hidden=3, heads=2),
    "resgcn": ResGCNConfig(name="resgcn", layers=3, hidden=5),
    "resgcn-checkpoint": ResGCNConfig(name="resgcn", layers=3, hidden=5, checkpoint=True),
}

#: Shape of the tiny task.
NODES, FEATURES, CLASSES = 60, 12, 3


def all_pairs(nodes: int, directed: bool) -> list[tuple[int, int]]:
    return [(u, v) for u in range(nodes) for v in range(nodes) if u < v or (directed and u != v)]


@st.composite
def graphs(draw: st.DrawFn, min_edges: int = 0) -> Graph:
    """Graphs of 1 to 7 nodes: isolated nodes, no edges and one edge among them."""
    directed = draw(st.booleans())
    nodes = draw(st.integers(1 if min_edges == 0 else 3, 7))
    pairs = all_pairs(nodes, directed)
    chosen: list[tuple[int, int]] = []
    if pairs:
        chosen = draw(st.lists(st.sampled_from(pairs), unique=True, min_size=min_edges))
    return graph_of(nodes, chosen, directed)


@st.composite
def graphs_with_kept(draw: st.DrawFn, min_edges: int = 0) -> tuple[Graph, Tensor]:
    """A graph, and which of its edges are kept: all and none among the choices."""
    graph = draw(graphs(min_edges))
    some = st.lists(st.booleans(), min_size=graph.num_edges, max_size=graph.num_edges)
    every = st.just([True] * graph.num_edges)
    none = st.just([False] * graph.num_edges)
    return graph, torch.tensor(draw(some | every | none), dtype=torch.bool)


def graph_of(nodes: int, pairs: list[tuple[int, int]], directed: bool = False) -> Graph:
    ends = torch.tensor(pairs, dtype=torch.int64).view(-1, 2).t()
    return Graph.from_pairs(nodes, ends, directed)[0]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def sparse_of(dense: Tensor) -> SparseMatrix:
    row, col = dense.nonzero(as_tuple=True)
    pattern = Pattern.from_coordinates(row, col, (dense.shape[0], dense.shape[1]))
    return SparseMatrix(pattern, dense[row, col])


def dense_of(matrix: SparseMatrix) -> Tensor:
    dense = matrix.values.new_zeros(matrix.shape)
    dense[matrix.pattern.row.long(), matrix.pattern.col.long()] = matrix.values
    return dense


def features(nodes: int, seed: int, width: int = 4, zeros: float = 0.5) -> Tensor:
    """Dense float64 features of which about a share of `zeros` is 0."""
    generator = seeded(seed)
    x = torch.randn(nodes, width, generator=generator, dtype=torch.float64)
    return x * (torch.rand(nodes, width, generator=generator) >= zeros)


def randomised(model: Backbone, seed: int) -> Backbone:
    """Draw every parameter anew in float64, biases and ε too, so that none of them is idle."""
    model = model.double()
    generator = seeded(seed)
    for parameter in model.parameters():
        noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        parameter.data = 0.7 * noise
    return model


def backbone(
    name: str,
    seed: int = 0,
    layers: int = 2,
    dropout: float = 0.0,
    width: int = 4,
    outputs: int = 3,
) -> Backbone:
    config = replace(BACKBONES[name], layers=layers, dropout=dropout)
    return randomised(backbones.build(config, width, outputs), seed)


def tiny_task(seed: int = 0, device: str = "cpu", directed: bool = False) -> NodeClassification:
    """Three communities whose members mostly know each other and have weakly telling features."""
    generator = seeded(seed)
    y = torch.arange(NODES) % CLASSES
    pairs = torch.randint(0, NODES, (2, 6 * NODES), generator=generator)
    same = y[pairs[0]] == y[pairs[1]]
    known = same | (torch.rand(same.shape, generator=generator) < 0.15)
    graph, _, _ = Graph.from_pairs(NODES, pairs[:, known], directed)
    signal = torch.eye(CLASSES).repeat(1, FEATURES // CLASSES)[y]
    x = signal + torch.randn(NODES, FEATURES, generator=generator)
    split = torch.randperm(NODES, generator=generator).view(3, -1).sort(dim=1).values
    names = ("train", "val", "test")
    where = torch.device(device)
    splits = {name: nodes.to(where) for name, nodes in zip(names, split, strict=True)}
    return NodeClassification(
        graph=graph.to(where),
        x=x.to(where),
        metric="accuracy",
        y=y.to(where),
        splits=splits,
        outputs=CLASSES,
    )


def tiny_model(
    task: NodeClassification, name: str = "gcn", dropout: float = 0.5, seed: int = 0
) -> Backbone:
    """A float32 backbone for a task, initialised by the seed."""
    torch.manual_seed(seed)
    x: Matrix = task.x
    config = replace(BACKBONES[name], hidden=8, dropout=dropout)
    return backbones.build(config, x.shape[1], task.num_outputs).to(task.y.device)


class Log(Observer):
    """An observer that remembers everything."""

    def __init__(self) -> None:
        self.phases: list[tuple[str, int]] = []
        self.epochs: list[Epoch] = []
        self.sparsities: list[tuple[float, float]] = []

    def begin(self, phase: str, epochs: int) -> None:
        self.phases.append((phase, epochs))

    def epoch(self, epoch: Epoch, graph_sparsity: float, weight_sparsity: float) -> None:
        self.epochs.append(epoch)
        self.sparsities.append((graph_sparsity, weight_sparsity))


def tiny_search(
    targets: Targets,
    seed: int = 0,
    task: NodeClassification | None = None,
    name: str = "gcn",
    dropout: float = 0.5,
    trainer: TrainerConfig | None = None,
) -> tuple[PruningContext, Log]:
    """A search on the tiny task (or another) and the log of what it did."""
    task = task or tiny_task()
    model = tiny_model(task, name, dropout)
    log = Log()
    trainer = trainer or TrainerConfig(epochs=20)
    return PruningContext(
        task,
        model,
        snapshot(model),
        targets,
        trainer,
        seed,
        log,
        lambda: tiny_teacher(task),
        dense_model=lambda: tiny_model(task, name, dropout, seed=5).eval().requires_grad_(False),
    ), log


def tiny_teacher(task: NodeClassification) -> Tensor:
    """Outputs of a model that knows every class well, but not surely."""
    return 2 * torch.nn.functional.one_hot(task.y, CLASSES).float()
