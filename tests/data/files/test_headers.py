"""Comments before the first row, and files whose columns have no names."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from glt_cli.data import files
from tests.data.files.customers import EDGES, NODES, config, dense, loaded, mistake, write

WITHOUT = NODES.partition("\n")[2]
PLAIN_IDS = "".join(f"n{i},0.{i},{'ab'[i % 2]}\n" for i in range(12))
PLAIN_EDGES = "source,target\n" + "".join(f"n{i},n{i + 6}\n" for i in range(6))


def test_comments_before_the_names_are_skipped_and_counted() -> None:
    plain = loaded()
    data = loaded("# a\n%b, c\n#\n" + NODES, "# from, to, and a comma\n" + EDGES)
    assert np.array_equal(dense(data), dense(plain))
    assert np.array_equal(data.edges, plain.edges)
    assert "nodes.csv: 3 lines of comments skipped (# and %)" in data.report
    assert any(line.startswith("edges.csv: 1 line of") for line in data.report)


def test_the_last_comment_may_name_the_columns() -> None:
    """As in SNAP's files."""
    plain = loaded()
    edges = EDGES.replace(",", "\t").replace("from\tto", "# FromNodeId\tToNodeId")
    write(edges="")
    for name in ("edges.txt", "edges.txt.gz"):
        text = f"# Directed graph\n# Nodes: 12 Edges: 6\n{edges}".encode()
        Path(name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
        write()
        data = files.load(config(edges=name), None)
        assert np.array_equal(data.edges, plain.edges)
        assert any("columns FromNodeId, ToNodeId, named by the last comment" in line
                   for line in data.report)  # fmt: skip


def test_a_lone_name_that_begins_with_a_number_sign_is_a_name() -> None:
    data = loaded(NODES.replace("id,", "#id,"), EDGES.replace("from", "#from"))
    assert data.num_nodes == 12
    assert "nodes.csv: 12 nodes, ids from '#id'" in data.report


def test_mistakes_below_comments_are_found_at_their_line() -> None:
    comments = "# one\n# two\n"
    assert mistake(comments + NODES.replace("a,26", "a,late")).startswith("nodes.csv, line 6, ")
    short = NODES.replace("7,23,true,Bonn,yes", "7,23,true", 1)
    assert mistake(comments + short).startswith("nodes.csv, line 5: has 3 cells")
    long = NODES.replace("7,23,true,Bonn,yes", "7,23,true,Bonn,yes,no", 1)
    assert mistake(comments + long).startswith("nodes.csv, line 5: has more cells")
    assert mistake(comments).startswith("nodes.csv, line 3: is blank")


def test_nodes_without_names_are_known_as_such() -> None:
    message = mistake(PLAIN_IDS, PLAIN_EDGES, label="a", unknown="drop")
    assert message == (
        "nodes.csv, line 1: n0, 0.0, a look like a node, not like names of columns; add a first "
        "line such as id,size,kind, or set dataset.header=edges and name columns by their number, "
        "as in dataset.label=3."
    )
    data = loaded(PLAIN_IDS, PLAIN_EDGES, label="3", header="edges")
    assert data.num_nodes == 12
    assert dense(data).shape == (12, 1)
    assert any("columns 1, 2, 3, since dataset.header" in line for line in data.report)


def test_names_that_are_numbers_are_names() -> None:
    data = loaded(NODES.replace("age", "2019").replace("vip", "2020").replace("city", "x1"))
    assert data.num_nodes == 12
    numbered = "0,1,2\n" + "".join(f"{i},{i * 3},{i % 2}\n" for i in range(12))
    assert loaded(numbered, "0,1\n0,5\n1,7\n2,3\n", label="2", header="nodes").num_nodes == 12


def test_edges_without_names() -> None:
    edges = EDGES.partition("\n")[2]
    assert "set dataset.header=nodes" in mistake(edges=edges)
    plain = loaded()
    assert np.array_equal(loaded(edges=edges, header="nodes").edges, plain.edges)
    both = loaded(WITHOUT, edges, header="false", label="5")
    assert np.array_equal(dense(both), dense(plain))


@pytest.mark.parametrize("row", ["u,v,w\n", "u\n"])
def test_rows_of_other_lengths_without_names(row: str) -> None:
    message = mistake(edges=EDGES.partition("\n")[2] + row, header="nodes")
    assert message.startswith("edges.csv, line 7: has")
