"""Files of hundreds of columns that are nearly all zero stay small."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from glt_cli.data.files.as_trained import encoded_as_trained
from glt_cli.data.files.reading import read
from glt_cli.data.files.tabular import WIDE
from glt_cli.data.graph_data import NodeData
from tests.data.files.customers import IDS, config, loaded

#: Counts [12, 300], most of them 0.
COUNTS = 6 * np.tile(np.eye(12, dtype=int), (1, 25))
COUNTS[:, 0] = np.arange(12)  # not mostly zero: centred as ever


def with_counts(counts: Any, **settings: Any) -> NodeData:
    table = pd.DataFrame(counts).add_prefix("w")
    table.insert(0, "id", IDS)
    table["churned"] = ["yes" if row % 2 else "no" for row in range(12)]
    return loaded(table.to_csv(index=False), **settings)


def test_wide_counts_stay_sparse_and_are_scaled_without_centring() -> None:
    data = with_counts(COUNTS)
    assert isinstance(data.x, scipy.sparse.csr_array)
    x = data.x.toarray()
    assert x.shape == (12, 300)
    train = data.train
    used = COUNTS[train, 1:].max(axis=0) > 0
    assert set(np.unique(x[:, 1:][:, used])) == {0.0, 1.0}
    assert abs(x[train, 0].mean()) < 1e-6
    (line,) = [line for line in data.report if "not centred" in line]
    assert line.startswith("features: 299 columns of numbers that are nearly all 0")


def test_without_scaling_they_stay_as_they_are() -> None:
    data = with_counts(COUNTS, standardise=False)
    assert isinstance(data.x, scipy.sparse.csr_array)
    np.testing.assert_array_equal(data.x.toarray(), COUNTS)
    assert not any("not centred" in line for line in data.report)


@pytest.mark.parametrize("width", [WIDE // 2, 300])
def test_another_file_of_them_becomes_the_same_features(width: int) -> None:
    data = with_counts(COUNTS[:, :width])
    assert isinstance(data.x, np.ndarray) == (width < WIDE)
    assert data.preparation is not None
    x, _ = encoded_as_trained(read("nodes", config()), data.preparation, config())
    made: Any = data.x
    np.testing.assert_array_equal(x, made if width < WIDE else made.toarray())


def test_a_gap_in_a_wide_file_is_filled_with_the_mean() -> None:
    cells = COUNTS.astype(object)
    cells[3, 7] = ""
    data = with_counts(cells)
    assert data.preparation is not None
    about = data.preparation["columns"][7]
    assert isinstance(data.x, scipy.sparse.csr_array)
    assert data.x.toarray()[3, 7] == pytest.approx(about["fill"] / about["deviation"])
    assert "missing: 1 in 'w7', replaced by" in "\n".join(data.report)
