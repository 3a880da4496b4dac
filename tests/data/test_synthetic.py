from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import yaml
from hypothesis import given
from hypothesis import strategies as st

from glt_cli import data
from glt_cli.config.datasets import SyntheticConfig, default
from glt_cli.config.declare import out_of_bounds
from glt_cli.data import NodeData, checksums, synthetic
from glt_cli.errors import UserError
from tests.conftest import REPOSITORY

PRESETS = ("synthetic", "synthetic_arxiv_size", "synthetic_quarter_proteins_size")
SMALL = SyntheticConfig(name="synthetic", nodes=2000, edges=8000, num_features=64, active=8)


def preset(name: str) -> SyntheticConfig:
    text = (REPOSITORY / "conf" / "dataset" / f"{name}.yaml").read_text(encoding="utf-8")
    settings = yaml.safe_load(text)
    del settings["defaults"]
    return SyntheticConfig(**settings)


def load(config: SyntheticConfig) -> NodeData:
    found = data.load(config, None)
    assert isinstance(found, NodeData)
    return found


def digest(found: NodeData) -> str:
    arrays = {name: getattr(found, name) for name in ("edges", "y", "train", "val", "test")}
    if isinstance(found.x, np.ndarray):
        arrays["x"] = found.x
    else:
        assert found.x is not None
        arrays["values"] = found.x.data
        arrays["columns"] = found.x.indices.astype(np.int64)
        arrays["starts"] = found.x.indptr.astype(np.int64)
    return checksums.of_arrays(arrays)


@st.composite
def configs(draw: st.DrawFn) -> SyntheticConfig:
    """Any settings that have no problems, the densest, emptiest and most clustered among them."""
    nodes = draw(st.integers(10, 80))
    num_features = draw(st.integers(1, 30))
    return SyntheticConfig(
        name="synthetic",
        nodes=nodes,
        edges=draw(st.integers(1, nodes * (nodes - 1) // 4)),
        classes=draw(st.integers(2, nodes)),
        num_features=num_features,
        active=draw(st.integers(1, num_features)),
        homophily=draw(st.floats(0, 1)),
        signal=draw(st.floats(0, 1)),
        train_fraction=draw(st.floats(0.001, 0.999)),
        exponent=draw(st.floats(1.0001, 10)),
        data_seed=draw(st.integers(0, 9)),
    )


@given(configs())
def test_counts_are_exact_and_parts_complete(config: SyntheticConfig) -> None:
    assert out_of_bounds(config) == []
    assert list(config.problems()) == []
    found = load(config)
    assert found.edges.shape == (2, config.edges)
    assert np.all(found.edges[0] < found.edges[1])
    assert 0 <= found.edges.min() <= found.edges.max() < config.nodes
    numbers = found.edges[0] * config.nodes + found.edges[1]
    assert np.all(np.diff(numbers) > 0)
    parts = (found.train, found.val, found.test)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(config.nodes))
    assert all(len(part) > 0 for part in parts)
    sizes = np.bincount(found.y, minlength=config.classes)
    assert len(sizes) == config.classes == found.num_classes
    assert sizes.max() - sizes.min() <= 1
    assert found.x is not None
    assert found.x.shape == (config.nodes, config.num_features)
    assert found.x.dtype == np.float32
    if config.active < config.num_features:
        assert isinstance(found.x, scipy.sparse.csr_array)
        assert np.all(np.diff(found.x.indptr) == config.active)
        assert np.all(found.x.data == 1)
        assert found.x.has_canonical_format
    else:
        assert isinstance(found.x, np.ndarray)


@given(configs())
def test_same_settings_same_bytes(config: SyntheticConfig) -> None:
    assert digest(load(config)) == digest(load(config))


def test_other_seed_other_data() -> None:
    assert digest(load(SMALL)) != digest(load(replace(SMALL, data_seed=1)))


def test_bytes_are_those_of_this_generator_version() -> None:
    """Where this fails, results on old made data are no longer comparable: raise the version."""
    config = SyntheticConfig(
        name="synthetic", nodes=100, edges=300, classes=3, num_features=12, active=4
    )
    assert synthetic.GENERATOR_VERSION == 1
    assert digest(load(config)) == PINNED


PINNED = "a7482c300379316dbb307399ad753f311c59c6739be6621f214fe02797cf8a2d"


@pytest.mark.parametrize("homophily", [0.0, 0.3, 1.0])
def test_share_of_edges_inside_a_class_is_homophily(homophily: float) -> None:
    found = load(replace(SMALL, homophily=homophily))
    inside = found.y[found.edges[0]] == found.y[found.edges[1]]
    assert inside.sum() == round(homophily * SMALL.edges)


def test_degrees_follow_the_power_law() -> None:
    config = replace(SMALL, nodes=100_000, edges=500_000, exponent=2.5)
    degrees = np.bincount(load(config).edges.ravel(), minlength=config.nodes)
    tail = np.array([(degrees >= bound).sum() for bound in (20, 80, 320)])
    assert np.median(degrees) < degrees.mean() == 10
    assert degrees.max() > 50 * degrees.mean()
    assert 6 < tail[0] / tail[1] < 11  # 4 ** 1.5 = 8
    assert 6 < tail[1] / tail[2] < 11


def test_signal_is_how_often_a_node_has_its_classes_own_column() -> None:
    config = replace(SMALL, nodes=20_000, edges=20_000, signal=0.4, classes=4)
    found = load(config)
    assert found.x is not None
    width = config.num_features // config.active
    for label in range(4):
        often = found.x[found.y == label].sum(axis=0).reshape(config.active, width)
        share = often.max(axis=1) / (found.y == label).sum()
        np.testing.assert_allclose(share, 0.4 + 0.6 / width, atol=0.03)


def test_neighbours_tell_more_than_the_node_and_not_everything() -> None:
    """Nearest class mean: of own features, and of features averaged over two steps."""
    found = load(default("synthetic"))  # type: ignore[arg-type]
    assert isinstance(found.x, scipy.sparse.csr_array)
    first, second = np.concatenate([found.edges, found.edges[::-1]], axis=1)
    shape = (found.num_nodes, found.num_nodes)
    graph = scipy.sparse.csr_array((np.ones(len(first)), (first, second)), shape=shape)
    graph = graph + scipy.sparse.eye_array(found.num_nodes)
    graph = scipy.sparse.diags_array(1 / graph.sum(axis=1)) @ graph
    own = found.x.toarray()
    alone, together = (_accuracy(found, x) for x in (own, graph @ (graph @ own)))
    assert 0.2 < alone < together < 0.98
    assert together > alone + 0.15


def _accuracy(found: NodeData, x: np.ndarray) -> float:
    x = x - x[found.train].mean(axis=0)
    x = x / np.linalg.norm(x, axis=1, keepdims=True).clip(min=1e-9)
    means = np.stack([x[found.train][found.y[found.train] == c].mean(axis=0) for c in range(10)])
    guesses = (x[found.test] @ means.T).argmax(axis=1)
    return float((guesses == found.y[found.test]).mean())


def test_memory_is_linear_in_nodes_and_edges() -> None:
    """Four times the graph, about four times the memory; and some ten numbers for each edge."""
    peaks = []
    for times in (1, 4):
        config = replace(SMALL, nodes=20_000 * times, edges=100_000 * times)
        tracemalloc.start()
        load(config)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 5 * peaks[0]
    assert peaks[1] < 200 * 400_000


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"nodes": 10, "edges": 23}, "dataset.edges=23"),
        ({"nodes": 10, "edges": 5, "classes": 11}, "dataset.classes=11"),
        ({"active": 65}, "dataset.active=65"),
    ],
)
def test_contradictions_are_named(change: dict[str, Any], key: str) -> None:
    config = replace(SMALL, **change)
    (problem,) = config.problems()
    assert problem.startswith(key)
    with pytest.raises(UserError, match=key):
        load(config)


def test_nothing_is_looked_for_or_fetched(tmp_path: Path) -> None:
    for name in PRESETS:
        config = default(name)
        assert data.is_present(config, None) == synthetic.PLACE
        assert data.prepare(config, str(tmp_path)) == synthetic.PLACE
    assert list(tmp_path.iterdir()) == []


def test_checksum_depends_on_what_the_data_depend_on() -> None:
    known = data.checksum(SMALL, None)
    for name in synthetic.SETTINGS:
        value = getattr(SMALL, name)
        change: dict[str, Any] = {name: value / 2 if isinstance(value, float) else value + 1}
        assert data.checksum(replace(SMALL, **change), None) != known
    assert data.checksum(replace(SMALL, transform="none"), None) == known
    own = SyntheticConfig.__dataclass_fields__.keys() - {"name", "transform"}
    assert own == set(synthetic.SETTINGS)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_within_bounds(name: str) -> None:
    config = preset(name)
    assert config.name == name
    assert out_of_bounds(config) == []
    assert list(config.problems()) == []


def test_arxiv_sized_preset_has_arxivs_size() -> None:
    config = preset("synthetic_arxiv_size")
    found = load(config)
    assert found.edges.shape == (2, 1_166_243)
    assert isinstance(found.x, np.ndarray)
    assert found.x.shape == (169_343, 128)
    assert (found.num_classes, len(found.train)) == (40, 90_937)


@pytest.mark.slow
def test_ten_million_edges() -> None:
    found = load(preset("synthetic_quarter_proteins_size"))
    assert found.edges.shape == (2, 9_890_313)
    assert found.num_nodes == 33_134
    numbers = found.edges[0] * found.num_nodes + found.edges[1]
    assert np.all(np.diff(numbers) > 0)
