"""The tables of a run, and its result in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from glt_cli.errors import UserError
from glt_cli.experiment.macs import Macs
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, metric_name
from glt_cli.pruning.masks import EDGE, Masks, Targets
from glt_cli.terminal import print_trimmed


@dataclass(frozen=True)
class TextTable:
    """A titled table of text."""

    title: str
    frame: pd.DataFrame

    def print(self, console: Console) -> None:
        """Print it on a terminal."""
        drawn = RichTable(box=SIMPLE_HEAD)
        for i, column in enumerate(self.frame.columns):
            left = i == 0 or column == "remark"
            drawn.add_column(escape(column), justify="left" if left else "right")
        for row in self.frame.itertuples(index=False):
            drawn.add_row(*(escape(str(value)) for value in row))
        console.print(escape(self.title), style="bold", soft_wrap=True)
        print_trimmed(console, drawn)

    def markdown(self) -> str:
        """Format it in Markdown."""
        columns = self.frame.columns
        align = ["left" if c in (columns[0], "remark") else "right" for c in columns]
        body = self.frame.to_markdown(index=False, colalign=align, disable_numparse=True)
        return f"## {self.title}\n\n{body}\n"


def sparsity_table(masks: Masks, targets: Targets, dense_weights: int) -> TextTable:
    """Target, achieved, kept and total, for edges, all weights and each weight tensor.

    The total of all weights is that of the dense model, which is larger than a small dense one.
    """
    weights = {name: mask for name, mask in masks.items() if name != EDGE}
    groups = {"edges": [masks[EDGE]], "weights": list(weights.values())}
    groups |= {f"  {name}": [mask] for name, mask in weights.items()}
    rows = []
    for what, group in groups.items():
        kept = sum(int(mask.sum()) for mask in group)
        total = dense_weights if what == "weights" else sum(mask.numel() for mask in group)
        target = targets.graph_sparsity if what == "edges" else targets.weight_sparsity
        rows.append(
            {
                "what": what,
                "target": f"{target:.2%}" if not what.startswith(" ") else "",
                "sparsity": f"{1 - kept / total:.2%}" if total else "-",
                "kept": f"{kept:,}",
                "of": f"{total:,}",
            }
        )
    return TextTable("Sparsity", pd.DataFrame(rows))


def accuracy_table(record: Record) -> TextTable:
    """Dense, ticket and their difference in points, on validation and test."""
    rows = []
    scores = [
        ("validation", record.dense_val, record.ticket_val),
        ("test", record.dense_test, record.ticket_test),
    ]
    if record.second_metric:
        second = f"test, {metric_name(record.second_metric)}"
        scores.append((second, record.dense_second_test, record.ticket_second_test))
    for split, dense, ticket in scores:
        assert dense is not None
        assert ticket is not None
        rows.append(
            {
                "split": split,
                "dense": f"{dense:.2%}",
                "ticket": f"{ticket:.2%}",
                "difference": f"{100 * (ticket - dense):+.2f} points",
            }
        )
    title = metric_name(record.metric)
    title = title[0].upper() + title[1:]
    return TextTable(f"{title} (seed {record.seed})", pd.DataFrame(rows))


def macs_table(dense: Macs, ticket: Macs) -> TextTable:
    """Multiply-adds of one forward pass, in millions, by part."""
    parts = {
        "linear": (dense.linear, ticket.linear),
        "graph": (dense.graph, ticket.graph),
        "decoder": (dense.decoder, ticket.decoder),
        "total": (dense.total, ticket.total),
        "linear, skipping zero features": (dense.linear_skipping, ticket.linear_skipping),
        "total, skipping zero features": (dense.total_skipping, ticket.total_skipping),
    }
    rows = [
        {
            "part": part,
            "dense": f"{before / 1e6:,.2f} M",
            "ticket": f"{after / 1e6:,.2f} M",
            "saved": f"{1 - after / before:.2%}" if before else "-",
        }
        for part, (before, after) in parts.items()
        if before or part != "decoder"
    ]
    return TextTable("Multiply-adds (MACs) of one forward pass", pd.DataFrame(rows))


def remarks_table(record: Record) -> list[TextTable]:
    """Remarks on a run: one table, or none."""
    rows = [{"method": record.label, "remark": remark} for remark in record.remarks()]
    return [TextTable("Remarks", pd.DataFrame(rows))] if rows else []


def sentence(record: Record, tolerance: float) -> str:
    """Say whether one run is within tolerance; one seed gives no interval, so it isn't a win."""
    assert record.ticket_test is not None
    assert record.dense_test is not None
    difference = 100 * (record.ticket_test - record.dense_test)
    within = difference >= -100 * tolerance - 1e-9
    return (
        f"{'Within' if within else 'Outside'} tolerance: test {metric_name(record.metric)} "
        f"{difference:+.2f} points against dense (tolerance {100 * tolerance:g} points). "
        "One seed only, so no interval."
    )


def read_tables(folder: RunFolder) -> list[TextTable]:
    """Read a finished run's tables back.

    Raises:
        UserError: The file is damaged.
    """
    try:
        cells = pd.read_csv(folder.tables_csv, dtype=str, keep_default_na=False)
        groups = list(
            cells[["table", "first", "row", "column", "value"]].groupby("table", sort=False)
        )
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{folder.tables_csv}: damaged; force=true runs {folder.path.name} again"
        ) from error
    tables = []
    for title, part in groups:
        first = str(part["first"].iloc[0])
        columns = list(dict.fromkeys(part["column"]))
        rows = [
            {first: row, **dict(zip(group["column"], group["value"], strict=True))}
            for row, group in part.groupby("row", sort=False)
        ]
        tables.append(TextTable(str(title), pd.DataFrame(rows, columns=[first, *columns])))
    return tables


def as_csv(tables: Sequence[TextTable]) -> str:
    """All cells of some tables in long form; `first` is the heading of the row names."""
    cells = [
        {
            "table": table.title,
            "first": table.frame.columns[0],
            "row": row.iloc[0],
            "column": column,
            "value": value,
        }
        for table in tables
        for _, row in table.frame.iterrows()
        for column, value in row.iloc[1:].items()
    ]
    return pd.DataFrame(cells).to_csv(index=False)
