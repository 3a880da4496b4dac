import time
import warnings
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glt_cli.data import checksums, packaged
from glt_cli.data.catalog import entry
from glt_cli.errors import UserError
from tests.data.load_by_name import bag, is_present, load, prepare

CORA = resources.files("glt_cli.data") / "cora.npz"


def test_is_here_without_any_folder() -> None:
    assert is_present("cora", None) == "in the package"
    assert prepare("cora", None) == "in the package"


def test_file_is_small_and_is_what_the_catalog_says() -> None:
    assert len(CORA.read_bytes()) <= 150_000
    assert checksums.of_arrays(packaged.stored_arrays("cora")) == entry("cora").checksum


def test_equals_torch_geometrics_cora(copied: Callable[[str], Path]) -> None:
    graph = _planetoid(copied("Cora") / "planetoid")
    cora = load("cora", None)
    np.testing.assert_array_equal(bag(cora).toarray(), graph.x.numpy())
    np.testing.assert_array_equal(cora.edges, graph.edge_index.numpy())
    np.testing.assert_array_equal(cora.y, graph.y.numpy())
    for part in ("train", "val", "test"):
        mask = graph[f"{part}_mask"].numpy()
        np.testing.assert_array_equal(getattr(cora, part), np.flatnonzero(mask))


def test_loads_well_under_half_a_second() -> None:
    load("cora", None)
    took = []
    for _ in range(3):
        start = time.perf_counter()
        load("cora", None)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.25


def test_altered_package_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stored = packaged.stored_arrays("cora")
    monkeypatch.setattr(resources, "files", lambda package: tmp_path)
    arrays = stored | {"y": stored["y"][::-1]}
    save: Any = np.savez
    save(tmp_path / "cora.npz", **arrays)
    with pytest.raises(UserError, match="is not the published data"):
        load("cora", None)
    (tmp_path / "cora.npz").write_bytes(CORA.read_bytes()[:5000])
    with pytest.raises(UserError, match="can't be read"):
        load("cora", None)


def _planetoid(root: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_geometric.datasets import Planetoid

        return Planetoid(str(root), "Cora")[0]
