"""Sparse features from a file of their own stay sparse, and mistakes are said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from glt_cli.data import files
from glt_cli.data.graph_data import NodeData
from tests.data.files.customers import IDS, config, loaded, refused, write

WORDS = "id,word\n007,cat\n007,dog\n7,cat\nz,eel\n"


def with_words(content: str, name: str = "words.csv", **settings: Any) -> NodeData:
    Path(name).write_text(content)
    return loaded(features=name, **settings)


def dense(data: NodeData) -> Any:
    x: Any = data.x
    assert scipy.sparse.issparse(x)
    return x.toarray()


def test_words_without_values_are_ones() -> None:
    data = with_words(WORDS)
    x = dense(data)
    assert x.shape == (12, 3)
    assert x[:2].tolist() == [[1, 1, 0], [1, 0, 0]]
    assert x[-1].tolist() == [0, 0, 1]
    assert x.sum() == 4
    assert data.preparation is not None
    assert data.preparation["names"] == ["cat", "dog", "eel"]
    assert data.preparation["features"] == "file"
    assert "features: 3 sparse ones from words.csv, 4 values that aren't 0; columns age, vip" in (
        "\n".join(data.report)
    )
    assert "features: 9 nodes have none" in data.report


def test_values_are_scaled_by_the_largest_of_training_and_not_centred() -> None:
    rows = "".join(f"{name},amount,{place - 4}\n" for place, name in enumerate(IDS))
    data = with_words(f"node,feature,value\n{rows}")
    largest = np.abs(data.train - 4).max()
    assert dense(data)[:, 0].tolist() == pytest.approx([(p - 4) / largest for p in range(12)])
    x: Any = data.x
    assert x.nnz == 11  # what is 0 isn't stored
    assert any("not centred, so that they stay sparse" in line for line in data.report)
    plain = with_words(f"node,feature,value\n{rows}", standardise=False)
    assert dense(plain)[:, 0].tolist() == [place - 4 for place in range(12)]


def test_repeated_rows_are_added_up_and_numbers_are_in_order() -> None:
    data = with_words("id,feature,value\n007,10,1\n007,10,2\n7,9,1\n", standardise=False)
    assert dense(data)[:2].tolist() == [[0, 3], [1, 0]]
    assert data.preparation is not None
    assert data.preparation["names"] == ["9", "10"]
    assert any("1 rows repeat a node and a feature" in line for line in data.report)


def test_a_csr_matrix() -> None:
    matrix = scipy.sparse.random_array((12, 50), density=0.1, rng=np.random.default_rng(0))
    scipy.sparse.save_npz("x.npz", scipy.sparse.csr_array(matrix))
    data = loaded(features="x.npz", standardise=False)
    assert dense(data) == pytest.approx(matrix.toarray())


def test_parquet() -> None:
    pd.DataFrame({"id": IDS, "word": ["a", "b"] * 6}).to_parquet("w.parquet")
    assert dense(loaded(features="w.parquet")).sum(0).tolist() == [6, 6]


def test_twenty_thousand_features_stay_sparse() -> None:
    count, width = 2_000, 20_000
    rng = np.random.default_rng(0)
    nodes = "id,y\n" + "".join(f"{node},{node % 3}\n" for node in range(count))
    edges = "s,t\n" + "".join(f"{node},{(node + 1) % count}\n" for node in range(count))
    write(nodes, edges)
    pairs = np.stack([rng.integers(0, count, 30_000), rng.integers(0, width, 30_000)])
    pd.DataFrame(pairs.T, columns=["id", "feature"]).to_csv("f.csv", index=False)
    data = files.load(config(label="y", features="f.csv"), None)
    x: Any = data.x
    assert scipy.sparse.issparse(x)
    stored = x.data.nbytes + x.indices.nbytes + x.indptr.nbytes
    assert stored < 500_000  # dense: 160 MB


def test_a_run_is_known_by_the_content_of_the_file() -> None:
    with_words(WORDS)
    first = files.checksum(config(features="words.csv"), None)
    Path("same.csv").write_text(WORDS)
    assert files.checksum(config(features="same.csv"), None) == first
    Path("same.csv").write_text(WORDS + "z,cat\n")
    assert files.checksum(config(features="same.csv"), None) != first
    assert files.checksum(config(), None) != first


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,word\nnobody,cat\n", "'nobody' is not a node of nodes.csv"),
        ("id,word,value\n007,cat,many\n", "line 2, column 'value': 'many' is not a number"),
        ("id,word,value\n007,cat,\n", "an empty cell is not a number"),
        ("id,word,value\n007,cat,inf\n", "'inf' is not a number"),
        ("id,word,value\n007,cat,0\n", "has no value other than 0"),
        ("id,word,value,more\n007,cat,1,2\n", "has the columns id, word, value, more"),
        ("id\n007\n", "has the columns id"),
        ("id,word\n", "has column names but no rows"),
    ],
)
def test_mistakes_in_rows(content: str, message: str) -> None:
    write()
    Path("words.csv").write_text(content)
    assert message in refused(features="words.csv")


def test_unknown_nodes_can_be_dropped() -> None:
    data = with_words(WORDS + "nobody,cat\n", unknown="drop")
    assert dense(data).sum() == 4
    assert "features: 1 rows left out, their node isn't in nodes.csv" in data.report


def test_mistakes_in_matrices() -> None:
    write()
    matrix = scipy.sparse.csr_array(np.eye(12))
    scipy.sparse.save_npz("x.npz", matrix[:5])
    assert "has 5 rows, but nodes.csv has 12 nodes" in refused(features="x.npz")
    parts = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}
    np.savez("x.npz", **parts)
    assert "is no CSR matrix" in refused(features="x.npz")
    for wrong in (
        {"indices": matrix.indices + 5},
        {"indptr": matrix.indptr[:-1]},
        {"data": np.full(12, np.nan)},
        {"data": np.array(["a"] * 12)},
        {"shape": np.array([10**12, 12])},
        {"shape": np.array([12, -1])},
    ):
        np.savez("x.npz", **(parts | {"shape": np.array([12, 12])} | wrong))
        assert refused(features="x.npz").startswith("x.npz: ")
    Path("x.npz").write_bytes(b"no archive")
    assert "can't be read as plain arrays" in refused(features="x.npz")
    assert "there is no such file" in refused(features="missing.csv")
    assert "must be one of columns, degree" in refused(features="wrods")
