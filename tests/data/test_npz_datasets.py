from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glt_cli.data import catalog, checksums
from glt_cli.data import npz_datasets as npz
from glt_cli.errors import UserError
from tests.data.load_by_name import is_present, load, prepare

NODES = 50


def toy_arrays(name: str) -> dict[str, Any]:
    """Small arrays in the layout of one of the files, among them one that isn't needed."""
    generator = np.random.default_rng(1)
    masks = np.arange(NODES) % 3
    every: dict[str, Any] = {
        "x": generator.normal(size=(NODES, 4)).astype(np.float32),
        "y": (generator.random((NODES, 6)) < 0.3).astype(np.int8),
        "labels": (np.arange(NODES) % 2).astype(np.int8),
        "edges": generator.integers(NODES, size=(200, 2)).astype(np.int32),
        "edge_attr": generator.random((200, 3)).astype(np.float32),
        **{
            f"{part}_masks": np.stack([masks == number, masks == (number + 1) % 3])
            for number, part in enumerate(("train", "val", "test"))
        },
    }
    return {array: every[array] for array in npz.ARCHIVES[name].arrays} | {"spare": np.zeros(1)}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root with a toy of each file, whose digests the catalog has."""
    folder = tmp_path / "root" / "graphs"
    folder.mkdir(parents=True)
    for name, given_file in npz.ARCHIVES.items():
        path = folder / given_file.file
        np.savez(path, **toy_arrays(name))
        known = replace(catalog.entry(name), checksum=checksums.of_file(path))
        monkeypatch.setitem(catalog.CATALOG, name, known)
    return folder.parent


@pytest.mark.parametrize("name", sorted(npz.ARCHIVES))
def test_both_layouts_are_found(root: Path, name: str) -> None:
    path = root / "graphs" / npz.ARCHIVES[name].file
    assert is_present(name, str(root)) == prepare(name, str(root)) == str(path)
    moved = path.rename(root / path.name)
    assert is_present(name, str(root)) == prepare(name, str(root)) == str(moved)


@pytest.mark.parametrize("name", sorted(npz.ARCHIVES))
def test_absent_says_which_file_with_which_arrays(tmp_path: Path, name: str) -> None:
    for root in (None, str(tmp_path)):
        assert is_present(name, root) is None
        with pytest.raises(UserError) as caught:
            load(name, root)
        archive, source = npz.ARCHIVES[name], catalog.entry(name).source
        for part in (archive.file, "into graphs/", ", ".join(archive.arrays)):
            assert part in str(caught.value)
        assert f"graphs/{archive.file}" in source
        assert ", ".join(archive.arrays) in source


@pytest.mark.parametrize("name", sorted(npz.ARCHIVES))
def test_other_content_is_refused(root: Path, name: str) -> None:
    path = root / "graphs" / npz.ARCHIVES[name].file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=rf"{path} is not the published file.*SHA-256"):
        prepare(name, str(root))


def test_folder_in_place_of_the_file_is_not_the_file(root: Path) -> None:
    path = root / "graphs" / npz.ARCHIVES["pcg"].file
    path.unlink()
    path.mkdir()
    with pytest.raises(UserError, match="not on this machine"):
        prepare("pcg", str(root))


@pytest.mark.parametrize("name", ["pcg", "humango", "blogcatalog"])
def test_multi_label_toys_are_unfolded(root: Path, name: str) -> None:
    arrays, found = toy_arrays(name), load(name, str(root))
    np.testing.assert_array_equal(found.y, arrays["y"] == 1)
    np.testing.assert_array_equal(found.edges, arrays["edges"].T)
    assert found.y.dtype == np.bool_
    assert found.num_classes == 6
    assert found.derived == (name == "humango")
    if name == "blogcatalog":
        assert found.x is None
    else:
        assert found.x is not None
        assert found.x.dtype == np.float32
        np.testing.assert_array_equal(found.x[:, :4], arrays["x"])
        assert found.x.shape[1] == (7 if name == "humango" else 4)


def test_first_of_the_given_splits_is_taken(root: Path) -> None:
    found = load("tolokers", str(root))
    for number, part in enumerate((found.train, found.val, found.test)):
        np.testing.assert_array_equal(part, np.arange(number, NODES, 3))
    np.testing.assert_array_equal(found.y, np.arange(NODES) % 2)
    assert found.num_classes == 2


@given(st.integers(3, 2000))
def test_split_is_disjoint_complete_and_fixed(num_nodes: int) -> None:
    parts = npz.fixed_split(num_nodes)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(num_nodes))
    assert len(parts[0]) == num_nodes * 6 // 10
    assert len(parts[1]) == num_nodes // 5
    for part, again in zip(parts, npz.fixed_split(num_nodes), strict=True):
        np.testing.assert_array_equal(part, again)
        assert np.all(np.diff(part) > 0)


def test_split_is_the_one_that_results_were_recorded_on() -> None:
    parts = [part.tolist() for part in npz.fixed_split(10)]
    assert parts == [[2, 3, 4, 5, 6, 7], [0, 9], [1, 8]]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20))
def test_incident_means_are_those_of_the_definition(pairs: list[tuple[int, int]]) -> None:
    edges = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    features = np.random.default_rng(0).random((len(pairs), 2)).astype(np.float32)
    found = npz.incident_means(6, edges, features)
    for node in range(6):
        own = [row for row, pair in zip(features, pairs, strict=True) if node in pair]
        expected = np.mean(own, axis=0) if own else np.zeros(2)
        np.testing.assert_allclose(found[node], expected, rtol=1e-5)


# --- The real files -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(npz.ARCHIVES))
def test_published_statistics(shared_data: Path, name: str) -> None:
    if is_present(name, str(shared_data)) is None:
        pytest.skip(f"needs graphs/{npz.ARCHIVES[name].file} in the data root")
    known, found = catalog.entry(name), load(name, str(shared_data))
    assert found.num_nodes == known.nodes
    assert (0 if found.x is None else found.x.shape[1]) == known.features
    assert found.num_classes == known.classes
    assert (len(found.train), len(found.val), len(found.test)) == known.splits
    ends = np.sort(found.edges[:, found.edges[0] != found.edges[1]], axis=0)
    assert np.unique(ends, axis=1).shape[1] == known.edges
    assert len(np.unique(np.concatenate([found.train, found.val, found.test]))) == known.nodes
    if found.y.ndim == 2:  # each label can be scored on each part
        for part in (found.train, found.val, found.test):
            assert found.y[part].any(axis=0).all()
