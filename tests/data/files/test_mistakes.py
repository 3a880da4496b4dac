"""Every mistake gets one line: the file, the row or column, and what would be right."""

import builtins
import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glt_cli.data import files
from glt_cli.errors import UserError
from tests.data.files.customers import EDGES, NODES, config, mistake, refused, with_column, write

# Files.


def test_no_such_file() -> None:
    write()
    assert refused(nodes="node.csv") == (
        f"dataset.nodes=node.csv: there is no such file (the current folder is {Path.cwd()}). "
        "Did you mean 'nodes.csv'?"
    )
    assert "dataset.edges=a/b.csv: there is no such file" in refused(edges="a/b.csv")
    with pytest.raises(UserError, match="no such file"):
        files.checksum(config(edges="missing.csv"), None)


@pytest.mark.parametrize("key", ["edges", "nodes", "label"])
def test_setting_that_must_be_there(key: str) -> None:
    write()
    assert f"dataset.{key}: must be given, as in dataset.{key}=" in refused(**{key: None})


def test_folder_in_place_of_a_file() -> None:
    write()
    Path("folder").mkdir()
    assert refused(edges="folder") == "dataset.edges=folder: is a folder; name a file in it."


def test_file_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused by the system; the tests may run as root, who may read anything."""
    write()

    def refuse(path: Path, *args: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert refused() == "edges.csv: can't be read: Permission denied."


def test_file_of_another_kind() -> None:
    write()
    Path("nodes.xlsx").write_bytes(b"PK")
    assert refused(nodes="nodes.xlsx") == (
        "dataset.nodes=nodes.xlsx: glt reads .csv, .tsv and .txt files (also with .gz), .parquet "
        "and .npz, and graphs from .graphml, .gml, .gexf, .json and .safetensors; save it as one "
        "of these."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "nodes.csv: is empty; the first line must be the column names."),
        (b"\n\nid,a\n", "nodes.csv, line 1: is blank; the first line must be the column names."),
        (
            b"id,age,churned\n",
            "nodes.csv: has column names but no rows; add at least one row.",
        ),
        (b"\x89PNG\0\0\0", "nodes.csv: is not UTF-8 text; save it as 'CSV UTF-8'."),
        (
            NODES.encode("utf-16")[:-1],
            "nodes.csv, line 13: is not utf-16; save it as 'CSV UTF-8'.",
        ),
        (
            NODES.encode("latin-1"),
            "nodes.csv, line 2: is not UTF-8; if it is from Excel in Western Europe or America, "
            "set dataset.encoding=cp1252; or save it as 'CSV UTF-8'.",
        ),
        (
            NODES.replace("7,23,", '7,"23,').encode(),
            "nodes.csv, line 3: a quotation mark opens here but is never closed; close it or "
            "remove it.",
        ),
        (
            NODES.replace("a,26,", "a,2,6,").encode(),
            "nodes.csv, line 4: has more cells than there are columns; put a cell that "
            "contains the delimiter in quotation marks.",
        ),
        (
            NODES.replace("007,20,", "007,2,0,").encode(),
            "nodes.csv, line 2: has more cells than there are columns; put a cell that "
            "contains the delimiter in quotation marks.",
        ),
        (
            b",id,age\n0,a,1\n",
            "nodes.csv: column 1 has no name; name it in line 1, or remove it (pandas: "
            "to_csv(..., index=False)).",
        ),
        (
            b'id,"my\nage"\na,1\n',
            "nodes.csv: the name of column 2, 'my\\nage', contains a line break; write it on "
            "one line.",
        ),
        (
            b"id,age,age\na,1,2\n",
            "nodes.csv: columns 2 and 3 are both called 'age'; rename one.",
        ),
    ],
)
def test_file_that_is_no_table(content: bytes, message: str) -> None:
    write()
    Path("nodes.csv").write_bytes(content)
    assert refused() == message


def test_not_utf8_far_down_is_found_in_its_line() -> None:
    write(EDGES)
    content = b"id,age,churned\n" + b"x,1,no\n" * 100_000 + b"M\xfcller,1,yes\n"
    Path("nodes.csv").write_bytes(content)
    assert refused().startswith("nodes.csv, line 100002: is not UTF-8")


@pytest.mark.parametrize(
    "damage",
    [b"", b"no gzip at all", gzip.compress(NODES.encode(), mtime=0)[:60]],
    # Workers that collect at different seconds must find the same tests.
    ids=["empty", "no gzip", "cut off"],
)
def test_damaged_archive(damage: bytes) -> None:
    write()
    Path("nodes.csv.gz").write_bytes(damage)
    assert refused(nodes="nodes.csv.gz").startswith("nodes.csv.gz: ")


@pytest.mark.parametrize("delimiter", [";;", '"', "ab"])
def test_no_delimiter(delimiter: str) -> None:
    refusal = f"dataset.delimiter={delimiter}: must be one character"
    assert mistake(delimiter=delimiter).startswith(refusal)


@pytest.mark.parametrize("encoding", ["utf8x", "hex", "a\0b", ""])
def test_no_encoding(encoding: str) -> None:
    assert "must be a text encoding" in mistake(encoding=encoding)


def test_not_in_the_encoding_that_was_given() -> None:
    write()
    Path("nodes.csv").write_bytes(NODES.encode("latin-1"))
    message = refused(encoding="ascii")
    assert message.startswith("nodes.csv, line 2: is not ascii (dataset.encoding); ")


# Columns.


@pytest.mark.parametrize("key", ["label", "id", "split", "ignore", "categorical"])
def test_no_such_column_of_nodes(key: str) -> None:
    given: dict[str, Any] = {key: ["Chuned"] if key in {"ignore", "categorical"} else "Chuned"}
    assert mistake(**given) == (
        f"nodes.csv: there is no column 'Chuned' (dataset.{key}). Did you mean 'churned'? Its "
        "columns: id, age, vip, city, churned."
    )


@pytest.mark.parametrize("key", ["source", "target", "weight"])
def test_no_such_column_of_edges(key: str) -> None:
    assert mistake(**{key: "zzz"}) == (
        f"edges.csv: there is no column 'zzz' (dataset.{key}). Its columns: from, to."
    )


def test_columns_with_two_duties() -> None:
    assert mistake(label="id") == (
        "nodes.csv: column 'id' can't be both the nodes' id and their label; choose another with "
        "dataset.id or dataset.label."
    )
    assert "both the nodes' label and their split" in mistake(split="churned")
    assert mistake(source="from", target="from") == (
        "edges.csv: source 'from', target 'from' and weight None must be different columns; set "
        "dataset.source and dataset.target."
    )
    assert mistake(ignore=["city"], categorical=["city"]) == (
        "dataset.categorical=[city]: is also in dataset.ignore; remove it from one."
    )


def test_nothing_to_learn_from() -> None:
    assert mistake("id,churned\n1,a\n2,b\n") == (
        "nodes.csv: has no column left for features (columns: id, churned); add one that "
        "describes the nodes, or let the graph describe them: dataset.features=degree, constant, "
        "identity or structural."
    )


def test_numbers_with_a_few_texts() -> None:
    assert mistake(NODES.replace("a,26,", "a,unknown,")) == (
        "nodes.csv, line 4, column 'age': 'unknown' is not a number, unlike 11 of the column's "
        "12 values; if it stands for a missing value, set dataset.missing=[unknown], or use the "
        "column as categories with dataset.categorical=[age], or leave it out with "
        "dataset.ignore=[age]."
    )


def test_decimal_comma() -> None:
    cells = [f'"{row},5"' for row in range(12)]
    assert mistake(with_column("my n", cells)) == (
        "nodes.csv, line 2, column 'my n': '0,5' is not a number; write it with a decimal "
        "point, or use the column as categories with 'dataset.categorical=[\"my n\"]', or "
        "leave it out with 'dataset.ignore=[\"my n\"]'."
    )


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e300", "1e39"])
def test_infinite_number(cell: str) -> None:
    message = mistake(NODES.replace("a,26,", f"a,{cell},"))
    assert message.startswith("nodes.csv, line 4, column 'age': ")
    assert message.endswith(
        " is infinite or too large; correct it, leave the cell empty, or leave the column out "
        "with dataset.ignore=[age]."
    )


@pytest.mark.parametrize("cell", ["", "NA"])
def test_column_without_values(cell: str) -> None:
    assert mistake(with_column("n", [cell] * 12)) == (
        "nodes.csv, column 'n': has no values; leave it out with dataset.ignore=[n]."
    )


def test_column_without_training_values() -> None:
    parts = ["train"] * 6 + ["val"] * 3 + ["test"] * 3
    nodes = with_column("part,n", [f"{part},{'' if part == 'train' else 1}" for part in parts])
    assert mistake(nodes, split="part") == (
        "nodes.csv, column 'n': no training node has a value; leave it out with dataset.ignore=[n]."
    )


def _many(rows: int, same: int = 1) -> str:
    return "id,name,churned\n" + "".join(
        f"{row},name {row // same},{row % 2}\n" for row in range(rows)
    )


def test_text_that_is_a_name() -> None:
    edges = "a,b\n1,2\n"
    assert mistake(_many(50), edges) == (
        "nodes.csv, column 'name': has 50 different texts in 50 rows, too many to learn from; "
        "leave it out with dataset.ignore=[name], or use it as categories anyway with "
        "dataset.categorical=[name]."
    )
    assert mistake(_many(2002, 2), edges, categorical=["name"]) == (
        "nodes.csv, column 'name': has 1,001 different texts, but at most 1000 categories are "
        "allowed; leave it out with dataset.ignore=[name]."
    )
    assert "column 'name': has 1,001 different" in mistake(_many(2002, 2), edges)


# Ids and edges.


def test_id_that_is_missing_or_there_twice() -> None:
    assert mistake(NODES.replace("a,26", ",26")) == (
        "nodes.csv, line 4, column 'id': the node has no id; every node needs one (dataset.id "
        "is the column of ids)."
    )
    assert mistake(NODES.replace("u,44", "7,44")) == (
        "nodes.csv, line 10, column 'id': the id '7' is also in line 3; every node needs a "
        "unique id (dataset.id is the column of ids)."
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [("B ", "B"), ("99.0", "99"), ("0099", "99"), ("b", "B"), ("U", "u"), ("1", "1.0")],
)
def test_edge_to_an_unknown_node(written: str, meant: str) -> None:
    assert mistake(edges=EDGES + f"7,{written}\n") == (
        f"edges.csv, line 8, column 'to': {written!r} is not a node of nodes.csv. Did you mean "
        f"{meant!r}? Add it there, or leave such edges out with dataset.unknown=drop."
    )


def test_edges_to_several_unknown_nodes_are_counted() -> None:
    assert mistake(edges=EDGES + "new,7\n7,7\nold,7\n") == (
        "edges.csv, line 8, column 'from': 'new' is not a node of nodes.csv (2 such edges). "
        "Add it there, or leave such edges out with dataset.unknown=drop."
    )
    assert mistake(edges=EDGES + "7,\n") == (
        "edges.csv, line 8, column 'to': the cell is empty; write the node's id, or leave such "
        "edges out with dataset.unknown=drop."
    )
    assert mistake(edges="a,b\nno,one\n", unknown="drop") == (
        "edges.csv: no edge connects two nodes of nodes.csv; use the same ids in both files."
    )


def test_edges_without_a_header_or_a_second_column() -> None:
    assert mistake(edges=EDGES.partition("\n")[2]) == (
        "edges.csv, line 1: '007' and '100' are nodes, not column names; add a first line such "
        "as source,target, or set dataset.header=nodes."
    )
    assert mistake(edges="a\n7\n") == (
        "edges.csv: has only one column, 'a'; edges need two, such as source,target."
    )


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf", "heavy", "1e-60", ""])
def test_weight_that_is_none(weight: str) -> None:
    shown = repr(weight) if weight else "an empty cell"
    assert mistake(edges=f"a,b,w\n7,a,1\n7,B,{weight}\n", weight="w") == (
        f"edges.csv, line 3, column 'w': {shown} is not a weight; write a positive, finite "
        f"number, or remove the edge."
    )


# Labels and parts.


def test_label_with_one_class_or_none() -> None:
    assert mistake(NODES.replace(",yes\n", ",no\n")) == (
        "nodes.csv, column 'churned': has only the class 'no'; at least two classes are needed "
        "(dataset.label is the column of classes)."
    )
    assert "has no label;" in mistake(with_column("y", [""] * 12), label="y")


def test_label_that_is_a_quantity() -> None:
    nodes = "id,a,price\n" + "".join(f"{row},{row % 3},{row / 7}\n" for row in range(40))
    assert mistake(nodes, "a,b\n1,2\n", label="price") == (
        "nodes.csv, column 'price': has 40 different numbers in 40 rows, which look like a "
        "quantity, but glt predicts classes; group the numbers into ranges, or choose another "
        "column with dataset.label."
    )


def test_label_with_too_many_classes() -> None:
    nodes = "id,a,name\n" + "".join(f"{row},{row % 3},n{row}\n" for row in range(1001))
    assert mistake(nodes, "a,b\n1,2\n", label="name") == (
        "nodes.csv, column 'name': has 1,001 classes, more than the maximum of 1000; choose "
        "another column with dataset.label."
    )


def test_empty_part() -> None:
    assert mistake(with_column("part", ["train", "val"] * 6), split="part") == (
        "nodes.csv, column 'part': has no labelled node for test; write 'test' for some nodes, "
        "name its values with dataset.test=[…], or leave out dataset.split to have the parts drawn."
    )
    assert mistake("id,a,y\n1,2,x\n2,3,y\n", "s,t\n1,2\n", label="y") == (
        "nodes.csv: 2 labelled nodes are too few for dataset.train_fraction=0.6 and "
        "dataset.val_fraction=0.2: val is empty; change the fractions or label more nodes."
    )
    assert "no nodes are left for testing" in mistake(train_fraction=0.8)


def test_metric_of_two_classes() -> None:
    nodes = with_column("kind", ["a", "b", "c"] * 4)
    assert mistake(nodes, label="kind", metric="roc_auc") == (
        "dataset.metric=roc_auc: needs two classes, but 'kind' has 3; choose "
        "dataset.metric=accuracy or f1_macro."
    )
    parts = ["train", "train", "val", "test"] * 3
    assert mistake(with_column("part", parts), split="part", metric="roc_auc") == (
        "dataset.metric=roc_auc: needs both classes in val, which has only 'no'; choose "
        "dataset.metric=accuracy or another split."
    )


# Parquet and npz.


def _npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.ones(3))
    return stream.getvalue()


def _encrypted() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, id=np.ones(3))
    content = bytearray(stream.getvalue())
    for start, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(start) + flags] |= 1
    return bytes(content)


def test_parquet_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    Path("nodes.parquet").write_bytes(b"PAR1")
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.partition(".")[0] in {"pyarrow", "fastparquet"}:
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert refused(nodes="nodes.parquet") == (
        "nodes.parquet: Parquet files need pyarrow: pip install 'glt-cli[parquet]', or save "
        "the file as CSV."
    )


@pytest.mark.parametrize("content", [b"", b"PK\3\4 no", b"no archive", _npy(), _encrypted()])
def test_damaged_npz(content: bytes) -> None:
    write()
    Path("nodes.npz").write_bytes(content)
    assert refused(nodes="nodes.npz").startswith("nodes.npz: can't be read as ")


def test_npz_is_never_unpickled() -> None:
    write()
    np.savez("nodes.npz", id=np.array([{"a": 1}], dtype=object))
    assert refused(nodes="nodes.npz") == (
        "nodes.npz: can't be read as plain arrays; save text with .astype(str), and numbers "
        "with a "
        "numeric dtype (np.savez, no objects)."
    )


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.ones((3, 2))}, "nodes.npz: has no array of node ids; save one, as in "),
        (
            {"id": np.arange(3), "x": np.ones((2, 2))},
            "nodes.npz: array 'x' has 2 rows, but the others have 3; they must be equal.",
        ),
        (
            {"id": np.arange(3), "y": np.ones((3, 2))},
            "nodes.npz: array 'y' has shape [3, 2]; a column has shape [3] (only 'x' may have "
            "two dimensions).",
        ),
        (
            {"id": np.arange(3), "y": np.ones(3, dtype=complex)},
            "nodes.npz, array 'y': has dtype complex128; save numbers, booleans or text ",
        ),
        ({"id": np.arange(3), "x0": np.ones(3), "x": np.ones((3, 1))}, "both called 'x0'"),
    ],
)
def test_npz_of_other_shapes(arrays: dict[str, Any], message: str) -> None:
    write()
    np.savez("nodes.npz", **arrays)
    assert message in refused(nodes="nodes.npz")


def test_npz_without_edges() -> None:
    write()
    np.savez("edges.npz", pairs=np.ones((2, 3)))
    message = "edges.npz: array 'edges' is missing; it must be [2, M] or [M, 2]."
    assert refused(edges="edges.npz") == message
    np.savez("edges.npz", edges=np.ones((3, 3)))
    assert "array 'edges' has shape [3, 3]" in refused(edges="edges.npz")
    np.savez("edges.npz", edges=np.array([[7], [5]]), weights=np.ones(1))
    assert refused(edges="edges.npz").startswith("edges.npz, row 1, column 'target': '5' is no")
    np.savez("edges.npz", edges=np.array([[7], [99]]), weights=np.zeros(1))
    assert refused(edges="edges.npz").startswith("edges.npz, row 1, column 'weights': '0.0' is no")


def test_row_that_ends_too_early() -> None:
    nodes = NODES.replace("7,23,true,Bonn,yes", "7,23,true", 1)
    assert mistake(nodes) == (
        "nodes.csv, line 3: has 3 cells, but there are 5 columns; leave unknown cells "
        "empty, but keep their delimiters."
    )


def test_edges_from_nodes_to_themselves_alone() -> None:
    assert mistake(edges="from,to\n7,7\n007,007\n") == (
        "edges.csv: all 2 edges are self-loops; at least one edge must connect two nodes."
    )


@pytest.mark.parametrize("title", ["", "../../x", "a/b", "x y", "x" * 61, "..", "cora"])
def test_title_that_is_no_folder_s_name(title: str) -> None:
    write()
    assert refused(title=title).startswith(f"dataset.title={title}: ")


def test_edges_in_both_directions_are_counted() -> None:
    write(edges=EDGES + "100,007\n1.0,7\n")
    report = files.load(config(), None).report
    merged = "edges: 2 given in both directions and merged into one (weights are averaged)"
    assert merged in report
    directed = files.load(config(directed=True), None).report
    assert not any("both directions" in line for line in directed)


def test_npz_that_claims_to_be_huge() -> None:
    """As a forged or damaged header may."""
    write()
    np.savez("edges.npz", edges=np.zeros((2, 3), dtype=np.int64))
    member = zipfile.ZipFile("edges.npz").read("edges.npy")
    assert b"(2, 3)" in member
    for shape in (b"(2, 1000000000000)", b"(2, -3)", b"(2, 3"):
        with zipfile.ZipFile("edges.npz", "w") as archive:
            archive.writestr("edges.npy", member.replace(b"(2, 3)", shape))
        assert refused(edges="edges.npz").startswith("edges.npz: can't be read as ")
