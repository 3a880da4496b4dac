"""Nodes that no column describes get features from the graph."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import torch

from glt_cli.training.tasks import make_task
from tests.data.files.customers import config, dense, loaded, mistake

NODES = "id,group\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(12))
EDGES = "s,t\n0,1\n1,0\n0,2\n0,3\n0,0\n4,5\n4,5\n"


def test_without_a_column_the_remedy_is_named() -> None:
    assert "dataset.features=degree, constant, identity or structural" in mistake(
        NODES, EDGES, label="group"
    )


def test_degrees_count_neighbours_once() -> None:
    data = loaded(NODES, EDGES, label="group", features="degree")
    x = dense(data)
    assert data.derived
    degrees = np.array([3, 1, 1, 1, 1, 1, *([0] * 6)])
    assert np.array_equal(x[:, 1:].argmax(axis=1), np.floor(np.log2(degrees + 1)))
    assert np.array_equal(x[:, 1:].sum(axis=1), np.ones(12))
    logarithm = np.log1p(degrees)
    scaled = (logarithm - logarithm[data.train].mean()) / logarithm[data.train].std()
    assert np.allclose(x[:, 0], scaled, atol=1e-6)


def test_of_directed_graphs_both_degrees() -> None:
    data = loaded(NODES, EDGES, label="group", features="degree", directed=True)
    out, into = (np.array(each) for each in ([3, 1, 0, 0, 1], [1, 1, 1, 1, 0]))
    x = dense(data)[:5]
    assert np.array_equal(x[:, 1:4].argmax(axis=1), np.floor(np.log2(out + 1)))
    assert np.array_equal(x[:, 5:].argmax(axis=1), np.floor(np.log2(into + 1)))


def test_constant_and_identity() -> None:
    assert np.array_equal(
        dense(loaded(NODES, EDGES, label="group", features="constant")), np.ones((12, 1))
    )
    identity = loaded(NODES, EDGES, label="group", features="identity").x
    assert isinstance(identity, scipy.sparse.csr_array)
    assert np.array_equal(identity.toarray(), np.eye(12))


def test_structural_features_come_from_the_message_graph() -> None:
    settings = config(label="group", features="structural", width=8)
    data = loaded(NODES, EDGES, label="group", features="structural", width=8)
    assert data.x is None
    task = make_task(data, settings, torch.device("cpu"))
    assert task.x.shape == (12, 8)


@pytest.mark.parametrize("kind", ["degree", "constant", "identity", "structural"])
def test_unused_columns_are_said(kind: str) -> None:
    data = loaded(features=kind)
    (line,) = [line for line in data.report if line.startswith("features:")]
    assert line.endswith("; columns age, vip, city are not used")
