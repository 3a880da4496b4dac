"""`glt datasets`: what there is, and whether it is here."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from glt_cli import data
from glt_cli.data.catalog import CATALOG, entry


def print_list(data_root: str | None) -> None:
    """Print the catalogue."""
    table = Table(title="Data sets", title_justify="left", title_style="bold")
    for column in ("name", "task", "nodes", "edges", "features", "classes", "train/val/test"):
        table.add_column(column, justify="right" if column in _NUMBERS else "left", no_wrap=True)
    table.add_column("source")
    table.add_column("here", overflow="fold")
    for name, about in CATALOG.items():
        numbers = (about.nodes, about.edges, about.features, about.classes)
        table.add_row(
            name,
            about.task,
            *(f"{number:,}" for number in numbers),
            "/".join(map(str, about.splits)),
            about.source,
            data.is_present(name, data_root) or f"no: glt datasets prepare {name}",
        )
    Console().print(table)


_NUMBERS = ("nodes", "edges", "features", "classes")


def prepare_all(names: Sequence[str], data_root: str | None) -> None:
    """Fetch and verify data sets; every name is checked before the first is fetched."""
    for name in names:
        entry(name)
    for name in names:
        where = data.prepare(name, data_root, say=print)
        print(f"{name}: verified, {where}")
