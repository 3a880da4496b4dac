"""The example of docs/your-own-graph.md."""

import importlib.util
from pathlib import Path

from glt_cli.data import files
from glt_cli.data.graph_data import NodeData
from tests.data.files.customers import config

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "suppliers"


def _example() -> NodeData:
    given = {"nodes": FOLDER / "nodes.csv", "edges": FOLDER / "edges.csv"}
    return files.load(config(label="late", **{k: str(v) for k, v in given.items()}), None)


def test_script_writes_the_committed_files(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("generate", FOLDER / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(tmp_path)
    sizes = 0
    for name in ("nodes.csv", "edges.csv"):
        content = (FOLDER / name).read_bytes()
        assert (tmp_path / name).read_bytes() == content
        sizes += len(content)
    assert sizes < 250_000


def test_example_is_read() -> None:
    data = _example()
    assert data.num_nodes == 1200
    assert data.edges.shape[1] == 5016
    assert data.preparation is not None
    kinds = {each["column"]: each["kind"] for each in data.preparation["columns"]}
    assert kinds == {
        "kind": "category",
        "country": "category",
        "load": "number",
        "stock_days": "number",
        "years_known": "number",
        "certified": "boolean",
    }
    assert any("60 of 1,200 nodes have no label" in line for line in data.report)
