"""`glt datasets`: the list of data sets, and whether they are on this machine."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import JustifyMethod
from rich.table import Table

from glt_cli import data
from glt_cli.config.datasets import default
from glt_cli.data.catalog import CATALOG, LINKS, NODE_CLASSES, NODE_LABELS, entry
from glt_cli.errors import UserError
from glt_cli.terminal import console, print_trimmed


def print_list(data_root: str | None) -> None:
    """Print the catalogue: sizes first, then sources and whether the data is on this machine."""
    figures = Table(title="Data sets", title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column in ("name", "task", *_NUMBERS, "train/val/test"):
        justify: JustifyMethod = "right" if column in _NUMBERS else "left"
        # In a narrow terminal names are folded; numbers are never truncated.
        figures.add_column(column, justify=justify, no_wrap=column in _NUMBERS, overflow="fold")
    places = Table(box=SIMPLE_HEAD)
    for column in ("name", "here", "source"):
        places.add_column(column, overflow="fold")
    for name, about in CATALOG.items():
        numbers = (about.nodes, about.edges, about.features, about.classes)
        splits = "/".join(map(str, about.splits)) if about.splits else "as set"
        shown = ("as set" if number is None else f"{number:,}" for number in numbers)
        figures.add_row(name, _TASKS[about.task], *shown, splits)
        here = data.is_present(default(name), data_root) or "no"
        places.add_row(name, here, about.source)
    show = console()
    print_trimmed(show, figures)
    print_trimmed(show, places)
    show.print("glt datasets prepare NAME downloads and verifies a data set.")


_TASKS = {NODE_CLASSES: "classes", NODE_LABELS: "labels", LINKS: "links"}
_NUMBERS = ("nodes", "edges", "features", "classes")


def prepare_all(names: Sequence[str], data_root: str | None) -> None:
    """Download and verify data sets; all names are checked before the first download."""
    problems = []
    for name in names:
        try:
            entry(name)
        except UserError as error:
            problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    for name in names:
        where = data.prepare(default(name), data_root, say=print)
        print(f"{name}: verified, {where}")
