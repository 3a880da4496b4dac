"""Reading a user's file of any supported format into a table."""

from __future__ import annotations

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.binary import npz, parquet
from glt_cli.data.files.delimited import read as read_text
from glt_cli.data.files.tabular import Table, check_names, existing_file
from glt_cli.errors import UserError


def read(key: str, config: FilesConfig) -> Table:
    """Read the file that `dataset.<key>` names, "nodes" or "edges".

    Raises:
        UserError: Its format isn't supported, or it can't be read or has no rows or column names.
    """
    given: str | None = getattr(config, key)
    path = existing_file(key, given)
    name = str(given)
    plain = path.name.lower()
    is_text = plain.removesuffix(".gz").endswith((".csv", ".tsv", ".txt"))
    if is_text:
        table = read_text(path, name, config, config.has_header(key))
    elif plain.endswith(".parquet"):
        table = Table(name, parquet(path, name), text=False)
    elif plain.endswith(".npz"):
        table = Table(name, npz(path, name, key), text=False)
    else:
        raise UserError(
            f"dataset.{key}={name}: glt reads .csv, .tsv and .txt files (also with .gz), .parquet "
            "and .npz; save it as one of these."
        )
    check_names(name, [str(column) for column in table.frame.columns])
    if table.frame.empty:
        raise UserError(f"{name}: has column names but no rows; add at least one row.")
    return table
