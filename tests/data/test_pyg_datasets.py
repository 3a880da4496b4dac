from __future__ import annotations

import importlib
import shutil
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from glt_cli import data
from glt_cli.config.datasets import default
from glt_cli.data import catalog, sources
from glt_cli.data import pyg_datasets as pyg
from glt_cli.errors import UserError
from tests.data.load_by_name import bag, is_present, load, prepare

NODES, CLASSES = 120, 2


def below(name: str) -> Path:
    """The path of a file below a root of both families."""
    raw = pyg.RAW_FILES[name]
    return Path(raw.folder, raw.file)


def toy_arrays(seed: int = 0) -> dict[str, Any]:
    """A file in the real layout: counts of words, and a graph of both directions and loops."""
    words = scipy.sparse.random_array((NODES, 30), density=0.2, rng=seed, format="csr") * 5
    ring = np.arange(NODES)
    graph = scipy.sparse.csr_array((np.ones(NODES), (ring, np.roll(ring, 1))))
    graph = scipy.sparse.csr_array(graph + graph.T + scipy.sparse.eye_array(NODES))
    parts = {"adj": graph.astype(np.float32), "attr": words.astype(np.float32)}
    arrays: dict[str, Any] = {"labels": ring % CLASSES}
    for name, matrix in parts.items():
        for piece in ("data", "indices", "indptr", "shape"):
            arrays[f"{name}_{piece}"] = getattr(matrix, piece)
    return arrays


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Amazon Photo, which has no pin, as 120 nodes; and no import of torch-geometric."""
    small = replace(
        catalog.entry("amazon_photo"), nodes=NODES, edges=NODES, features=30, classes=CLASSES
    )
    monkeypatch.setitem(catalog.CATALOG, "amazon_photo", small)
    monkeypatch.setattr(sources, "torch_geometric_url", lambda name: f"https://upstream/{name}/")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "glt" / "pyg_raw" / below("amazon_photo")


def torch_geometric(module: str) -> Any:
    """Import one of its modules: some of its imports warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(f"torch_geometric.{module}")


def put(path: Path, arrays: dict[str, Any] | None = None) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **(arrays or toy_arrays()))
    return str(path)


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    asked: list[str] = []

    def serve(url: str, to: Path) -> None:
        asked.append(url)
        put(to)

    monkeypatch.setattr(sources, "download", serve)
    return asked


# --- Where it is looked for ---------------------------------------------------------------------


def test_root_in_both_layouts_goes_before_the_cache_before_the_network(
    root: Path, cache: Path, upstream: list[str]
) -> None:
    file = below("amazon_photo")
    for path in (cache, root / file, root / "pyg_raw" / file):
        written = put(path)
        assert is_present("amazon_photo", str(root)) == written
        assert prepare("amazon_photo", str(root)) == written
    assert upstream == []


def test_upstream_fills_the_cache_once_and_not_the_root(
    root: Path, cache: Path, upstream: list[str]
) -> None:
    assert is_present("amazon_photo", str(root)) is None
    messages: list[str] = []
    for _ in range(2):
        assert prepare("amazon_photo", str(root), messages.append) == str(cache)
    assert upstream == ["https://upstream/Amazon/amazon_electronics_photo.npz"]
    assert len(messages) == 2
    assert list(cache.parent.iterdir()) == [cache]
    assert list(root.iterdir()) == []


def test_nothing_to_be_had_says_what_to_put_where(root: Path, cache: Path) -> None:
    with pytest.raises(UserError) as caught:
        load("amazon_photo", str(root))
    text = str(caught.value)
    for part in ("no network", "pyg_raw/Amazon/Photo/raw", "GLT_DATA", str(cache.parent)):
        assert part in text


@pytest.mark.parametrize("content", [b"<html>", b""])
def test_upstream_that_serves_something_else_leaves_nothing(
    cache: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(sources, "download", lambda url, to: to.write_bytes(content))
    with pytest.raises(UserError, match="not the published data"):
        prepare("amazon_photo", None)
    assert [path for path in cache.parents[1].rglob("*") if path.is_file()] == []


def test_interrupted_fetch_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(url: str, to: Path) -> None:
        to.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(sources, "download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare("amazon_photo", None)
    assert [path for path in cache.parents[1].rglob("*") if path.is_file()] == []


def test_cache_that_cannot_be_written_is_named(tmp_path: Path, upstream: list[str]) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(UserError, match=r"can't be (written|read)"):
        prepare("amazon_photo", None)


# --- What is read -------------------------------------------------------------------------------


def test_toy_is_read_as_torch_geometric_reads_it(root: Path) -> None:
    path = put(root / "pyg_raw" / below("amazon_photo"))
    found = load("amazon_photo", str(root))
    theirs = torch_geometric("io").read_npz(path)
    np.testing.assert_array_equal(bag(found).toarray(), theirs.x.numpy())
    np.testing.assert_array_equal(found.y, theirs.y.numpy())
    ours = {(a, b) for a, b in found.edges.T.tolist() if a != b}
    assert ours == set(map(tuple, theirs.edge_index.T.tolist()))
    assert (len(found.train), len(found.val), len(found.test)) == (40, 60, 20)


@given(st.lists(st.integers(0, 3), min_size=4, max_size=300))
def test_split_is_disjoint_complete_and_per_class(labels: list[int]) -> None:
    y = np.array([0, 1, 2, 3, *labels])
    parts = pyg.class_split(y, 4)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(y)))
    sizes = np.bincount(y, minlength=4)
    train, val, _ = (np.bincount(y[part], minlength=4) for part in parts)
    np.testing.assert_array_equal(train, np.minimum(sizes, 20))
    np.testing.assert_array_equal(val, np.clip(sizes - 20, 0, 30))
    assert all(np.all(np.diff(part) > 0) for part in parts)


def test_split_is_the_one_that_results_were_recorded_on() -> None:
    _, val, test = pyg.class_split(np.arange(120, dtype=np.int64) % 2, 2)
    assert val[:5].tolist() == [0, 2, 6, 11, 12]
    assert test[:8].tolist() == [5, 9, 10, 13, 28, 30, 37, 39]


def test_checksum_is_of_the_arrays_and_not_of_the_archive(root: Path) -> None:
    config, path = default("amazon_photo"), root / below("amazon_photo")
    with pytest.raises(UserError, match="glt datasets prepare amazon_photo"):
        data.checksum(config, str(root))
    put(path)
    plain = data.checksum(config, str(root))
    np.savez_compressed(path, **toy_arrays())
    assert data.checksum(config, str(root)) == plain
    put(path, toy_arrays(seed=1))
    assert data.checksum(config, str(root)) != plain


# --- What is refused ----------------------------------------------------------------------------


def without(arrays: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in arrays.items() if key != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: without(a, "labels"), "labels"),
        (lambda a: a | {"labels": np.array([{}], dtype=object)}, "damaged"),
        (lambda a: a | {"labels": a["labels"] * 2}, "numbered from 0"),
        (lambda a: a | {"labels": a["labels"] * 0}, "is not Amazon Photo"),
        (lambda a: a | {"labels": a["labels"][:-1]}, "is not Amazon Photo"),
        (lambda a: a | {"attr_indices": a["attr_indices"] + 1000}, "damaged"),
        (lambda a: a | {"adj_indptr": a["adj_indptr"][:-1]}, "damaged"),
        (lambda a: a | {"adj_shape": np.zeros((2, 2), dtype=int)}, "damaged"),
    ],
)
def test_damaged_file_is_refused_by_name_and_not_passed_over(
    root: Path, upstream: list[str], change: Callable[[dict[str, Any]], Any], message: str
) -> None:
    path = put(root / below("amazon_photo"), change(toy_arrays()))
    with pytest.raises(UserError, match=message) as caught:
        prepare("amazon_photo", str(root))
    assert path in str(caught.value)
    assert upstream == []


@given(cut=st.integers(0, 10_000), flipped=st.integers(0, 10_000))
def test_no_damage_gets_past_as_another_error(
    cut: int, flipped: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("damage") / pyg.RAW_FILES["amazon_photo"].file
    put(path)
    content = bytearray(path.read_bytes())
    content[flipped % len(content)] ^= 0x55
    path.write_bytes(content[: len(content) - cut % len(content)] if cut % 2 else content)
    try:
        pyg.parse(default("amazon_photo"), path.parent)
    except UserError:
        return


def test_file_with_a_pin_is_refused_before_it_is_opened(root: Path) -> None:
    put(root / below("amazon_computers"))
    with pytest.raises(UserError, match=r"SHA-256.*be58a1ec7540.*labels"):
        load("amazon_computers", str(root))


# --- The real files -----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "classes"), [("amazon_computers", 10), ("coauthor_physics", 5)])
def test_published_statistics(shared_data: Path, name: str, classes: int) -> None:
    if is_present(name, str(shared_data)) is None:
        pytest.skip(f"needs {below(name)} in the data root")
    known, found = catalog.entry(name), load(name, str(shared_data))
    assert bag(found).shape == (known.nodes, known.features)
    assert np.all(bag(found).data == 1)
    assert bag(found).has_sorted_indices
    assert found.num_classes == classes == known.classes
    ends = np.sort(found.edges[:, found.edges[0] != found.edges[1]], axis=0)
    assert len(np.unique(ends[0] * known.nodes + ends[1])) == known.edges
    assert (len(found.train), len(found.val), len(found.test)) == known.splits


def test_cut_off_real_file_is_refused(shared_data: Path, root: Path) -> None:
    file = Path("pyg_raw") / below("coauthor_physics")
    if not (shared_data / file).is_file():
        pytest.skip(f"needs {file} in the data root")
    (root / file).parent.mkdir(parents=True)
    shutil.copyfile(shared_data / file, root / file)
    with (root / file).open("r+b") as stream:
        stream.truncate(100_000)
    with pytest.raises(UserError, match=r"ms_academic_phy\.npz is not the published file"):
        prepare("coauthor_physics", str(root))


def test_urls_and_file_names_are_torch_geometrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for raw in pyg.RAW_FILES.values():
        theirs = getattr(torch_geometric("datasets"), raw.family)
        assert theirs.raw_file_names.fget(SimpleNamespace(name=raw.title.lower())) == raw.file
        url = sources.torch_geometric_url(raw.family)
        assert url == theirs.url
        assert url.startswith("https://")
        assert url.endswith("/")
