from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from glt_cli import data
from glt_cli.config.datasets import DatasetConfig, default
from glt_cli.config.declare import bounded
from glt_cli.config.registry import restored
from glt_cli.data import NodeData
from glt_cli.data.catalog import entry
from glt_cli.data.plugged import register_dataset
from glt_cli.errors import UserError


@pytest.fixture(autouse=True)
def _unloaded() -> Iterator[None]:
    with restored(always=True):
        yield


@dataclass
class MineConfig(DatasetConfig):
    size: int = bounded(6, 6)


def made(size: int = 6, **changes: Any) -> NodeData:
    nodes = np.arange(size)
    whole = NodeData(
        num_nodes=size,
        x=np.ones((size, 2), dtype=np.float32),
        edges=np.stack([nodes, (nodes + 1) % size]),
        y=nodes % 2,
        train=nodes[:2],
        val=nodes[2:4],
        test=nodes[4:],
        num_classes=2,
    )
    return replace(whole, **changes)


def test_a_function_is_a_data_set() -> None:
    calls = []

    @register_dataset("mine", MineConfig, title="Mine")
    def load(config: MineConfig) -> NodeData:
        calls.append(config.size)
        return made(config.size)

    about = entry("mine")
    assert (about.title, about.metric, about.task) == ("Mine", "accuracy", "node classification")
    assert data.is_present(default("mine"), None) == f"in plug-in {__name__}"
    assert data.load(default("mine", size=8), None).num_nodes == 8
    small, large = (data.checksum(default("mine", size=size), None) for size in (6, 8))
    assert small != large
    assert data.checksum(default("mine"), None) == small
    assert calls == [8, 6, 8]  # the last checksum was known


def test_a_given_checksum_spares_the_loading() -> None:
    register_dataset("mine", checksum="1")(lambda config: made())
    assert data.checksum(default("mine"), None) == "1"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"edges": np.zeros((3, 2), dtype=np.int64)}, "edges must be int64"),
        ({"edges": np.full((2, 2), 9)}, "edges must hold node numbers from 0 to 5"),
        ({"x": np.ones((6, 2))}, "x must be float32"),
        ({"x": None}, "FeaturelessConfig"),
        ({"y": np.zeros(5, dtype=np.int64)}, "y must have an entry"),
        ({"y": np.full(6, 2)}, "y must be between 0 and 1"),
        ({"train": np.array([1, 0])}, "train must hold at least one"),
        ({"val": np.array([], dtype=np.int64)}, "val must hold at least one"),
        ({"test": np.array([6])}, "test must hold node numbers from 0 to 5"),
        ({"val": np.array([0, 3])}, "share nodes"),
    ],
)
def test_arrays_that_do_not_fit_are_said_in_a_line(changes: dict[str, Any], said: str) -> None:
    register_dataset("mine", checksum="1")(lambda config: made(**changes))
    with pytest.raises(UserError, match=r"^dataset=mine: ") as caught:
        data.load(default("mine"), None)
    assert said in str(caught.value)


def test_wrong_forms_tasks_and_metrics() -> None:
    register_dataset("mine", task="link prediction")(lambda config: made())
    with pytest.raises(UserError, match="must return LinkData"):
        data.load(default("mine"), None)
    with pytest.raises(UserError, match="must be one of node classification, "):
        register_dataset("other", task="luck")(lambda config: made())
    with pytest.raises(UserError, match="must be one of roc_auc"):
        register_dataset("other", task="multi-label node classification", metric="accuracy")(
            lambda config: made()
        )
