"""The published counts of Planetoid's data sets, as stored and after cleaning."""

from pathlib import Path

import numpy as np
import pytest

from glt_cli.data import NodeData
from glt_cli.data.catalog import entry
from tests.data.load_by_name import bag, load

DIRECTED_EDGES = {"cora": 10_556, "citeseer": 9_104, "pubmed": 88_648}
ISOLATED_NODES = {"cora": 0, "citeseer": 48, "pubmed": 0}


@pytest.fixture(scope="module", params=sorted(DIRECTED_EDGES))
def named(request: pytest.FixtureRequest) -> tuple[str, NodeData]:
    name = str(request.param)
    if name == "cora":
        return name, load(name, None)
    shared: Path = request.getfixturevalue("shared_data")
    return name, load(name, str(shared))


def test_counts_are_the_published_ones(named: tuple[str, NodeData]) -> None:
    name, data = named
    known = entry(name)
    assert bag(data).shape == (known.nodes, known.features)
    assert data.y.shape == (known.nodes,)
    assert data.num_classes == len(np.unique(data.y)) == known.classes
    assert (len(data.train), len(data.val), len(data.test)) == known.splits
    assert data.edges.shape == (2, DIRECTED_EDGES[name])


def test_undirected_edges_are_the_catalogs_once_cleaned(named: tuple[str, NodeData]) -> None:
    name, data = named
    ends = np.sort(data.edges[:, data.edges[0] != data.edges[1]], axis=0)
    assert np.unique(ends, axis=1).shape[1] == entry(name).edges
    assert data.num_nodes - len(np.unique(data.edges)) == ISOLATED_NODES[name]


def test_form_is_as_promised(named: tuple[str, NodeData]) -> None:
    _, data = named
    assert bag(data).dtype == np.float32
    assert bag(data).format == "csr"
    assert bag(data).has_sorted_indices
    assert np.all(bag(data).data != 0)
    for array in (data.edges, data.y, data.train, data.val, data.test):
        assert array.dtype == np.int64
    assert 0 <= data.edges.min() <= data.edges.max() < len(data.y)
    parts = np.concatenate([data.train, data.val, data.test])
    assert len(np.unique(parts)) == len(parts)
    for part in (data.train, data.val, data.test):
        assert np.all(np.diff(part) > 0)
    assert not data.directed
