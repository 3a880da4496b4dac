"""What can be read but looks like a mistake is pointed out, and is an error if asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glt_cli.config.datasets import FilesConfig
from glt_cli.data import files
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError

COUNT = 60
CLASS = ["ab"[i % 2] for i in range(COUNT)]


def read(label: list[str] = CLASS, strict: bool = False, **columns: Any) -> NodeData:
    """A ring of sixty nodes with a random feature and the given columns."""
    noise = np.random.default_rng(1).normal(size=COUNT)
    names = ["id", "noise", *columns, "y"]
    rows = zip(range(COUNT), noise.round(2), *columns.values(), label, strict=True)
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    Path("nodes.csv").write_text("\n".join(lines) + "\n")
    ends = "".join(f"{i},{(i + 1) % COUNT}\n" for i in range(COUNT))
    Path("edges.csv").write_text("source,target\n" + ends)
    given: dict[str, Any] = {"nodes": "nodes.csv", "edges": "edges.csv", "label": "y"}
    return files.load(FilesConfig(name="files", transform="none", strict=strict, **given), None)


def warnings(data: NodeData) -> list[str]:
    return [line.removeprefix("warning: ") for line in data.report if line.startswith("warning")]


def test_an_ordinary_file_has_nothing_to_point_out() -> None:
    ages = [20 + 7 * i % 50 for i in range(COUNT)]
    assert warnings(read(age=ages, town=["Bonn", "Köln", "Ulm"] * 20)) == []


@pytest.mark.parametrize("word", ["-1", "unknown", "?", "nan", "None", "Unlabelled", "#N/A"])
def test_labels_that_may_mean_unknown(word: str) -> None:
    data = read([word if i % 3 == 0 else CLASS[i] for i in range(COUNT)])
    (line,) = warnings(data)
    assert f"'{word}' (20 nodes) is trained and scored as a class" in line
    assert data.num_classes == 3
    config = FilesConfig(
        name="files", transform="none", nodes="nodes.csv", edges="edges.csv", label="y"
    )
    config.unlabelled = [word]
    mended = files.load(config, None)
    assert (mended.num_classes, warnings(mended)) == (2, [])
    assert mended.train.size + mended.val.size + mended.test.size == 40


def test_numbered_classes_with_a_large_class_zero() -> None:
    numbers = ["0" if i % 5 < 3 else "12"[i % 2] for i in range(COUNT)]
    assert "'0' (36 nodes)" in warnings(read(numbers))[0]
    assert warnings(read([str(i % 3) for i in range(COUNT)])) == []


def test_unlabelled_values_must_be_there() -> None:
    read()
    config = FilesConfig(name="files", nodes="nodes.csv", edges="edges.csv", label="y")
    config.unlabelled = ["c"]
    with pytest.raises(UserError, match=r"dataset.unlabelled: no cell of 'y' is 'c' .*'a', 'b'"):
        files.load(config, None)


def test_classes_that_differ_by_capitals_and_blanks() -> None:
    (line,) = warnings(read(["Yes", "no", "yes ", "no"] * 15))
    assert "'Yes' and 'yes ' are different classes" in line


@pytest.mark.parametrize(
    "leak",
    [
        [ord(name) for name in CLASS],
        [f"group {name}" for name in CLASS],
        [10.0 * ord(name) + i / COUNT for i, name in enumerate(CLASS)],  # an interval for each
        ["" if name == "a" else str(i % 7) for i, name in enumerate(CLASS)],  # only the b have one
        [("x" if i == 7 else name) + name for i, name in enumerate(CLASS)],
    ],
)
def test_features_that_give_the_label_away(leak: Any) -> None:
    lines = warnings(read(leak=leak))
    assert [line for line in lines if line.startswith("feature 'leak': the label of ")], lines
    assert "dataset.ignore=[leak]" in lines[0]


def test_a_feature_that_says_much_but_not_all_is_fine() -> None:
    hint = [name if i % 5 else "ab"[i % 3 == 0] for i, name in enumerate(CLASS)]
    assert warnings(read(hint=hint)) == []


def test_features_that_number_the_nodes() -> None:
    shuffled = list(map(int, np.random.default_rng(0).permutation(COUNT)))
    (line,) = warnings(read(row=shuffled))
    assert line.startswith("feature 'row': numbers the nodes")
    far = [1000 * int(str(i)) for i in shuffled]
    assert "dataset.ignore=[user_id]" in warnings(read(user_id=far))[0]
    assert warnings(read(salary=far)) == []


@pytest.mark.parametrize(
    "date", ["2024-01-{:02}", "2024/1/{}", "{:02}.03.2024", "3/{}/24", "2024-01-{:02} 08:30"]
)
def test_dates_that_became_categories(date: str) -> None:
    lines = warnings(read(since=[date.format(1 + i * 7 % 20) for i in range(COUNT)]))
    assert any("feature 'since': 20 dates are taken as categories" in line for line in lines)
    versions = [f"1.{i % 7}.x" for i in range(COUNT)]
    assert not any("dates" in line for line in warnings(read(version=versions)))


def test_masks_that_became_features() -> None:
    masks: dict[str, Any] = {
        f"{part}_mask": [i % 3 == place for i in range(COUNT)]
        for place, part in enumerate(("train", "val", "test"))
    }
    lines = warnings(read(**masks))
    assert "set dataset.split=[train_mask,val_mask,test_mask]" in lines[0]
    config = FilesConfig(
        name="files", transform="none", nodes="nodes.csv", edges="edges.csv", label="y"
    )
    config.split = ["train_mask", "val_mask", "test_mask"]
    data = files.load(config, None)
    assert [part.tolist() for part in (data.train, data.val, data.test)] == [
        list(range(place, COUNT, 3)) for place in range(3)
    ]
    assert any("by columns train_mask, val_mask, test_mask" in line for line in data.report)


def test_masks_must_be_true_or_false_and_apart() -> None:
    masks: dict[str, Any] = {name: [1] * COUNT for name in "pqr"}
    read(**masks)
    config = FilesConfig(name="files", nodes="nodes.csv", edges="edges.csv", label="y")
    config.split = ["p", "q", "r"]
    with pytest.raises(UserError, match=r"line 2: the node is in 'p', 'q', 'r' at once"):
        files.load(config, None)
    config.split = ["noise", "q", "r"]
    with pytest.raises(UserError, match="doesn't say whether the node is in this part"):
        files.load(config, None)
    config.split = ["p"]
    with pytest.raises(UserError, match="must be a column, or three"):
        files.load(config, None)


def test_strict_makes_them_errors() -> None:
    with pytest.raises(UserError, match=r"^feature 'leak': .*\(dataset.strict=true\)$"):
        read(leak=[name * 2 for name in CLASS], strict=True)
    assert read(strict=True).num_classes == 2
