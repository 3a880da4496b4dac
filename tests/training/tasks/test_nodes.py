from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import torch
import torch.nn.functional as F

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data.graph_data import NodeData
from glt_cli.models.sparse import SparseMatrix
from glt_cli.training.tasks import NodeClassification, make_task
from tests.graphs import dense_of, seeded, tiny_task

CPU = torch.device("cpu")
CORA = DatasetConfig(name="cora", transform="row_normalise")


def data(directed: bool = False) -> NodeData:
    """Five nodes; a self-loop, a duplicate, and an edge in both directions."""
    x = np.zeros((5, 10), dtype=np.float32)
    x[0, 1], x[1, 2], x[1, 3] = 4, 1, 3
    return NodeData(
        num_nodes=5,
        x=scipy.sparse.csr_array(x),
        edges=np.array([[0, 1, 1, 2, 2, 4], [1, 0, 2, 2, 3, 3]] * 1, dtype=np.int64)[
            :, [0, 1, 2, 2, 3, 4, 5]
        ],
        y=np.array([0, 1, 2, 1, 0], dtype=np.int64),
        train=np.array([0, 1]),
        val=np.array([2, 3]),
        test=np.array([4]),
        num_classes=3,
        directed=directed,
    )


def test_edges_are_cleaned_and_counted() -> None:
    task = make_task(data(), CORA, CPU)
    assert (task.graph.num_nodes, task.graph.num_edges) == (5, 4)
    assert task.cleaned == ("4 edges, after dropping 1 self-loops and 1 duplicates",)
    assert not task.graph.directed
    directed = make_task(data(directed=True), CORA, CPU)
    assert directed.graph.num_edges == 5
    assert directed.graph.directed


def test_features_are_transformed_and_stored_sparse() -> None:
    task = make_task(data(), CORA, CPU)
    assert isinstance(task.x, SparseMatrix)
    assert dense_of(task.x)[1, [2, 3]].tolist() == [0.25, 0.75]
    assert isinstance(task, NodeClassification)
    assert task.num_outputs == 3
    assert {name: nodes.tolist() for name, nodes in task.splits.items()} == {
        "train": [0, 1],
        "val": [2, 3],
        "test": [4],
    }


def test_the_loss_is_the_cross_entropy_of_training_nodes() -> None:
    task = tiny_task()
    outputs = torch.randn(20, 3)
    train = task.splits["train"]
    expected = F.cross_entropy(outputs, task.y[train])
    torch.testing.assert_close(task.loss(outputs, train), expected)


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_the_score_is_the_share_of_a_split_that_is_right(split: str) -> None:
    task = tiny_task()
    right = F.one_hot(task.y[task.splits[split]], 3).float()
    assert float(task.score(right, split)) == 1
    mixed = right.clone()
    mixed[:5] = right[:5].roll(1, dims=1)
    assert float(task.score(mixed, split)) == 1 - 5 / 20
    assert task.score(mixed, split).dtype == torch.float64


def test_ends_of_one_predicted_class_agree_by_half_or_more() -> None:
    task = tiny_task()
    teacher = torch.randn(60, 3, generator=seeded(0))
    agreed = task.agreement(teacher)
    classes = teacher.argmax(1)
    source, target = task.graph.edge_index
    assert torch.equal(agreed >= 0.5, classes[source] == classes[target])
    assert bool(((agreed >= 0) & (agreed <= 1)).all())
    sure = task.agreement(100 * F.one_hot(classes, 3).float())
    torch.testing.assert_close(sure, (classes[source] == classes[target]).float())
