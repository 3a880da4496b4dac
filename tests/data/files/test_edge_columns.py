"""The ends of edges and the ids of nodes are found by their names, wherever they stand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glt_cli.config.datasets import FilesConfig
from glt_cli.data import files
from glt_cli.data.graph_data import NodeData
from glt_cli.errors import UserError

IDS = [str(10 * number) for number in range(12)]
PAIRS = [(IDS[i], IDS[(i + 1) % 12]) for i in range(12)]


def graph(header: str, row: str, nodes: str = "id,size,kind", **settings: str) -> NodeData:
    """Read a ring of twelve nodes; `row` says where its ends stand, and what else there is."""
    lines = [header, *(row.format(s=s, t=t) for s, t in PAIRS)]
    Path("edges.csv").write_text("\n".join(lines) + "\n")
    cells = [
        {"id": IDS[i], "index": str(i), "size": f"{i}.5", "kind": "ab"[i % 2]} for i in range(12)
    ]
    rows = [",".join(cell[name] for name in nodes.split(",")) for cell in cells]
    Path("nodes.csv").write_text("\n".join([nodes, *rows]) + "\n")
    config = FilesConfig(name="files", edges="edges.csv", nodes="nodes.csv", label="kind")
    for key, value in settings.items():
        setattr(config, key, value)
    return files.load(config, None)


def ring() -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array([np.arange(12), (np.arange(12) + 1) % 12])


@pytest.mark.parametrize(
    "header",
    ["id,source,target", "Weight,Source,Target", "time,FROM,TO", "n,src_id,dst_id",
     "row,FromNodeId,ToNodeId", "x,u,v", "x,node_1,node_2", "x,txId1,txId2", "x,head,tail",
     "x,Source Node,Target Node", "x,id1,id2"],
)  # fmt: skip
def test_ends_are_known_by_their_names(header: str) -> None:
    read = graph(header, "7,{s},{t}")
    assert np.array_equal(read.edges, ring())
    assert read.weights is None
    first, source, target = header.split(",")
    assert f"{source!r} - {target!r}" in "\n".join(read.report)
    assert any(line.startswith(f"edges: column {first!r}") for line in read.report)


def test_columns_that_nobody_named_are_reported_by_what_they_look_like() -> None:
    report = "\n".join(graph("weight,year,type,source,target", "7,2020,x,{s},{t}").report)
    assert (
        "edges: column 'weight', which looks like a weight, is not used; as weights: "
        "dataset.weight=weight"
    ) in report
    assert "edges: column 'year', which looks like a time, is not used" in report
    assert "edges: column 'type', which looks like a relation, is not used" in report
    weighted = graph("weight,source,target", "7,{s},{t}", weight="weight")
    assert weighted.weights is not None
    assert not any("not used" in line for line in weighted.report)


@pytest.mark.parametrize(
    ("header", "row"), [("p,q", "{s},{t}"), ("p,q,weight", "{s},{t},3"), ("p,q,W", "{s},{t},3")]
)
def test_the_only_two_need_no_names(header: str, row: str) -> None:
    assert np.array_equal(graph(header, row).edges, ring())


@pytest.mark.parametrize(
    ("header", "row"),
    [("p,q,r", "{s},{t},3"), ("id,p,q", "1,{s},{t}"),
     ("source,target,from,to", "{s},{t},{t},{s}"), ("source,dst", "{s},{t}")],
)  # fmt: skip
def test_what_is_unclear_is_asked(header: str, row: str) -> None:
    if header == "source,dst":  # the only two columns
        assert np.array_equal(graph(header, row).edges, ring())
        return
    with pytest.raises(UserError, match="two ends of an edge is unclear") as error:
        graph(header, row)
    assert f"(columns: {header.replace(',', ', ')})" in str(error.value)
    assert "dataset.source and dataset.target" in str(error.value)


def test_one_that_is_given_finds_the_other_by_its_name() -> None:
    assert np.array_equal(graph("id,source,target", "1,{s},{t}", source="source").edges, ring())
    assert np.array_equal(graph("id,source,target", "1,{s},{t}", target="target").edges, ring())
    assert np.array_equal(graph("x,y", "{s},{t}", target="y").edges, ring())
    with pytest.raises(UserError, match="is unclear"):
        graph("x,y,z", "{s},{t},1", source="x")


@pytest.mark.parametrize("nodes", ["id,size,kind", "index,id,size,kind", "size,kind,id"])
def test_ids_are_known_by_their_name(nodes: str) -> None:
    read = graph("source,target", "{s},{t}", nodes)
    assert np.array_equal(read.edges, ring())
    assert read.report[0] == "nodes.csv: 12 nodes, ids from 'id'"
