"""Files that hold nodes and edges: GraphML, GML, GEXF, node-link JSON, and torch-geometric's."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from glt_cli.data import files
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError
from tests.data.files.customers import NODES, config, dense, loaded

#: The customers with numbers for ids, as GML wants them.
NUMBERED = pd.read_csv(io.StringIO(NODES)).assign(id=range(12))
PAIRS = [(a, a + 6) for a in range(6)]


def graph(directed: bool = False) -> Any:
    made: Any = networkx.DiGraph() if directed else networkx.Graph()
    for node, row in NUMBERED.set_index("id").to_dict("index").items():
        made.add_node(node)
        made.nodes[node].update({**row, "vip": bool(row["vip"])})
    made.add_edges_from((a, b, {"weight": 1.5, "kind": "x"}) for a, b in PAIRS)
    return made


def node_link(made: Any, path: str) -> None:
    Path(path).write_text(json.dumps(networkx.node_link_data(made, edges="links")))


WRITERS: dict[str, Callable[[Any, str], None]] = {
    "graphml": networkx.write_graphml,
    "gml": lambda made, path: networkx.write_gml(made, path, stringizer=str),
    "gexf": networkx.write_gexf,
    "json": node_link,
}


def alone(name: str, **settings: Any) -> NodeData:
    return files.load(config(nodes=name, edges=None, **settings), None)


def reference(**settings: Any) -> NodeData:
    rows = "".join(f"{a},{b}\n" for a, b in PAIRS)
    return loaded(NUMBERED.to_csv(index=False), "source,target\n" + rows, **settings)


@pytest.mark.parametrize("suffix", WRITERS)
def test_one_file_is_enough(suffix: str) -> None:
    expected = reference(ignore=["vip"])
    name = f"g.{suffix}"
    WRITERS[suffix](graph(), name)
    ignore = ["vip", *(["label"] if suffix in ("gexf", "gml") else [])]
    data = alone(name, ignore=ignore, weight="weight")
    np.testing.assert_array_equal(data.edges, expected.edges)
    np.testing.assert_array_equal(data.y, expected.y)
    np.testing.assert_allclose(dense(data), dense(expected))
    assert data.train.tolist() == expected.train.tolist()
    assert data.ids == expected.ids
    assert data.weights is not None
    assert data.weights.tolist() == [1.5] * 6
    report = "\n".join(data.report)
    assert f"{name}: says that its edges have no direction" in report
    assert "edges: column 'kind', which looks like a relation, is not used" in report


def test_a_direction_is_said() -> None:
    networkx.write_graphml(graph(directed=True), "g.graphml")
    report = "\n".join(alone("g.graphml").report)
    assert "g.graphml: says that its edges have a direction" in report


def test_nested_attributes_are_left_out_and_lists_are_read() -> None:
    made = graph()
    for node in made:
        made.nodes[node].update(tags=["a", "b"][: node % 3], more={"deep": 1})
    node_link(made, "g.json")
    data = alone("g.json")
    assert data.preparation is not None
    assert data.preparation["lists"] == {"tags": ["a", "b"]}
    assert "g.json: more of its nodes left out" in "\n".join(data.report)


def test_gaps_are_missing_values() -> None:
    made = graph()
    del made.nodes[3]["age"], made.nodes[4]["churned"]
    networkx.write_graphml(made, "g.graphml")
    report = "\n".join(alone("g.graphml").report)
    assert "missing: 1 in 'age'" in report
    assert "1 of 12 nodes have no label" in report


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("g.graphml", "<graphml"),
        ("g.graphml", "<a/>"),
        (
            "g.graphml",
            '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "x">'
            + "".join(
                f'<!ENTITY b{i} "{f"&b{i - 1 or chr(0)};".replace(chr(0), "") * 20}">'
                for i in range(1, 12)
            )
            + "]><a>&b11;</a>",
        ),
        ("g.gml", "graph ["),
        ("g.gml", "graph [ node [ ] ]"),
        ("g.gexf", "no xml"),
        ("g.json", "[1, 2]"),
        ("g.json", '{"nodes": [{"id": 1}], "links": [{"source": 1}]}'),
        ("g.json", "[" * 100_000),
        ("g.json", "\udcff"),
        ("g.json", '{"nodes": [], "links": []}'),
        ("g.json", '{"nodes": [{"id": 1}, {"id": 2}], "links": []}'),
        ("g.safetensors", "no tensors"),
    ],
)
def test_damaged_files(name: str, content: str) -> None:
    Path(name).write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(UserError) as caught:
        alone(name)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert len(message.splitlines()) == 1
    assert len(message) < 300


# torch-geometric.


def tensors(**more: Any) -> dict[str, torch.Tensor]:
    """What a `Data` holds (`data.to_dict()`)."""
    both = [*PAIRS, *[(b, a) for a, b in PAIRS]]
    data = {
        "x": torch.eye(12)[:, :5].contiguous(),
        "edge_index": torch.tensor(both).T.contiguous(),
        "y": torch.arange(12) % 2,
        "train_mask": torch.arange(12) < 6,
        "val_mask": (torch.arange(12) >= 6) & (torch.arange(12) < 9),
        "test_mask": torch.arange(12) >= 9,
    }
    return {**data, **more}


MASKS = {"label": "y", "split": ["train_mask", "val_mask", "test_mask"], "standardise": False}


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_data_of_torch_geometric(suffix: str) -> None:
    name = f"g.{suffix}"
    given = tensors()
    if suffix == "npz":
        arrays: dict[str, Any] = {key: value.numpy() for key, value in given.items()}
        np.savez(name, **arrays)
    else:
        save_file(given, name)
    data = alone(name, **MASKS)
    np.testing.assert_array_equal(dense(data), given["x"].numpy())
    assert (data.train.tolist(), data.val.tolist()) == ([*range(6)], [6, 7, 8])
    assert data.test.tolist() == [9, 10, 11]
    assert data.y.tolist() == [0, 1] * 6
    assert "edges: 6 given in both directions and merged into one" in "\n".join(data.report)


def test_weights_masks_and_labels_of_two_dimensions() -> None:
    given = tensors(
        edge_weight=torch.full((12,), 2.0),
        y=(torch.arange(12) % 2)[:, None],
        train_mask=torch.stack([torch.arange(12) < 6] * 2, 1),
    )
    save_file(given, "g.safetensors")
    splits = ["train_mask0", "val_mask", "test_mask"]
    data = alone("g.safetensors", **{**MASKS, "split": splits}, weight="edge_weight")
    assert data.weights is not None
    assert set(data.weights.tolist()) == {2.0}
    assert data.y.tolist() == [0, 1] * 6


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"edge_index": torch.zeros(2, 3)}, "edge_index is float32 [2, 3]"),
        ({"edge_index": torch.zeros(3, 3, dtype=torch.int64)}, "edge_index is int64 [3, 3]"),
        ({"y": torch.arange(11)}, "arrays of the nodes have 11 and 12 rows"),
        ({"edge_weight": torch.ones(3)}, "arrays of the edges have different numbers of rows"),
        ({"x": torch.ones(12, 2, 2)}, "array 'x' has shape [12, 2, 2]"),
    ],
)
def test_tensors_that_are_no_graph(changed: dict[str, Any], message: str) -> None:
    save_file(tensors(**changed), "g.safetensors")
    with pytest.raises(UserError) as caught:
        alone("g.safetensors", **MASKS)
    assert message in str(caught.value)


def test_edges_outside_the_nodes_are_unknown() -> None:
    save_file(tensors(edge_index=torch.tensor([[0, 1], [1, 99]])), "g.safetensors")
    with pytest.raises(UserError, match=r"'99' is not a node of g\.safetensors"):
        alone("g.safetensors", **MASKS)


def test_a_run_and_its_predictions(glt: Callable[..., Any]) -> None:
    networkx.write_graphml(graph(), "g.graphml")
    words = ["dataset=files", "dataset.nodes=g.graphml", "dataset.label=churned", "method=random"]
    words += ["trainer.epochs=2", "backbone.hidden=4", "device=cpu"]
    assert glt("run", *words)[0] == 0
    (folder,) = Path("outputs").glob("random-*")
    code, _, err = glt("export", str(folder))
    assert (code, err) == (0, "")
    made = graph()
    made.add_node(99, age=30, vip=True, city="Bonn")
    made.add_edge(99, 3)
    networkx.write_graphml(made, "next.graphml")
    code, out, err = glt("predict", str(folder / "model"), "--nodes", "next.graphml")
    assert code == 0
    assert "next.graphml: 13 nodes, 1 of them new" in err
    assert "99" in out
