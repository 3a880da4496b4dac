from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data.graph_data import NodeData
from glt_cli.training.tasks import MultiLabel, make_task
from tests.graphs import seeded

Y = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 0], [0, 1, 1], [1, 0, 1]], dtype=np.int8)


def task() -> MultiLabel:
    data = NodeData(
        num_nodes=5,
        x=np.eye(5, dtype=np.float32),
        edges=np.array([[0, 1], [1, 2]]),
        y=Y,
        train=np.array([0, 1]),
        val=np.array([2, 3]),
        test=np.array([4]),
        num_classes=3,
    )
    made = make_task(data, DatasetConfig(name="pcg", transform="none"), torch.device("cpu"))
    assert isinstance(made, MultiLabel)
    return made


def test_labels_are_learned_each_by_itself() -> None:
    outputs = torch.randn(2, 3, generator=seeded(0))
    expected = F.binary_cross_entropy_with_logits(outputs, torch.from_numpy(Y[:2]).float())
    torch.testing.assert_close(task().loss(outputs, torch.tensor([0, 1])), expected)
    assert task().num_outputs == 3
    assert task().metric == "roc_auc"


def test_labels_of_one_class_are_skipped() -> None:
    # Among nodes 2 and 3 label 0 is (1, 0), label 1 is (0, 1), label 2 is (0, 1).
    outputs = torch.tensor([[2.0, 0.0, 5.0], [1.0, 1.0, 0.0]])
    assert float(task().score(outputs, "val")) == (1 + 1 + 0) / 3
    assert bool(task().score(outputs[:1], "test").isnan())


def test_a_sure_teacher_is_agreed_with() -> None:
    labels = torch.from_numpy(Y).float()
    sure = 40 * (labels - 0.5)
    nodes = torch.arange(5)
    assert float(task().divergence(sure, sure, nodes)) < 1e-6
    assert float(task().divergence(-sure, sure, nodes)) > 1
    # Nodes 0 and 1 share two of three labels, so do 1 and 2 none but the second.
    torch.testing.assert_close(task().agreement(sure), torch.tensor([2 / 3, 1 / 3]))
