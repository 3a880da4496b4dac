"""Reading a user's file of any supported format into a table."""

from __future__ import annotations

from pathlib import Path

from glt_cli.config.datasets import GRAPH_FILES, FilesConfig
from glt_cli.data.files.binary import npz, parquet, plain_arrays
from glt_cli.data.files.delimited import read as read_text
from glt_cli.data.files.graph_files import graph_file
from glt_cli.data.files.pyg_data import EDGE_INDEX, graph_of, safetensors_file
from glt_cli.data.files.tabular import Table, check_names, existing_file
from glt_cli.errors import UserError


def read_both(config: FilesConfig) -> tuple[Table, Table]:
    """Read the nodes and the edges, which may be in one file; see `read`."""
    if config.nodes != config.edges_file or not config.nodes:
        return read("nodes", config), read("edges", config)
    path = existing_file("nodes", config.nodes)
    if (both := _both(path, config.nodes)) is None:
        return read("nodes", config), read("edges", config)
    return _checked(both["nodes"]), _checked(both["edges"])


def read(key: str, config: FilesConfig) -> Table:
    """Read the file that `dataset.<key>` names, "nodes" or "edges".

    Raises:
        UserError: Its format isn't supported, or it can't be read or has no rows or column names.
    """
    given: str | None = config.edges_file if key == "edges" else getattr(config, key)
    path = existing_file(key, given)
    name = str(given)
    plain = path.name.lower()
    is_text = plain.removesuffix(".gz").endswith((".csv", ".tsv", ".txt"))
    if (both := _both(path, name)) is not None:
        table = both[key]
    elif is_text:
        table = read_text(path, name, config, config.has_header(key))
    elif plain.endswith(".parquet"):
        table = Table(name, parquet(path, name), text=False)
    elif plain.endswith(".npz"):
        table = Table(name, npz(path, name, key), text=False)
    else:
        raise UserError(
            f"dataset.{key}={name}: glt reads .csv, .tsv and .txt files (also with .gz), .parquet "
            "and .npz, and graphs from .graphml, .gml, .gexf, .json and .safetensors; save it as "
            "one of these."
        )
    return _checked(table)


def _both(path: Path, name: str) -> dict[str, Table] | None:
    """Read a file that holds nodes and edges; None for another."""
    plain = path.name.lower()
    if plain.endswith(GRAPH_FILES):
        is_data = plain.endswith(".safetensors")
        return safetensors_file(path, name) if is_data else graph_file(path, name)
    if plain.endswith(".npz") and EDGE_INDEX in (arrays := plain_arrays(path, name)):
        return graph_of(arrays, name)
    return None


def _checked(table: Table) -> Table:
    name = table.name
    check_names(name, [str(column) for column in table.frame.columns])
    if table.frame.empty:
        raise UserError(f"{name}: has column names but no rows; add at least one row.")
    return table
