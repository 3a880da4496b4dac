"""Write a table in Markdown, LaTeX, HTML, CSV and on a terminal."""

from __future__ import annotations

import csv
import html
import io
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable
from tabulate import tabulate

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.pivot import PivotTable, TableRow
from glt_cli.analysis.compare.render import RenderedTable, TableCell
from glt_cli.analysis.compare.statistics import Estimate, SettingResult
from glt_cli.terminal import print_trimmed, printable

#: Longer row names are wrapped; numbers never are.
_MAX_NAME_WIDTH = 44
_BEST = "Bold: the best tickets for the same backbone, data set and targets."


def draw(table: RenderedTable, console: Console) -> None:
    """Print a table as wide as the console at most.

    If it is wider, a terminal leaves out spare columns, and names them; pipes and files get parts.
    Where not even that fits, each row is a card, one line for each column.
    """
    console.print(escape(table.title), style="bold", soft_wrap=True)
    widths = _widths(table)
    shown = list(range(len(widths)))
    left_out: list[str] = []
    if console.is_terminal:
        shown, left_out = _without_spare(table, widths, console.width)
    groups = _column_groups(table.key_columns, widths, shown, console.width)
    if any(_total(widths, group) > console.width for group in groups) or (
        console.is_terminal and len(groups) > 1
    ):
        left_out = []
        _print_cards(table, console)
        groups = []
    for group in groups:
        drawn = RichTable(box=SIMPLE_HEAD)
        for i in group:
            heading = escape(table.headings[i])
            if i < table.key_columns:
                drawn.add_column(heading, max_width=_MAX_NAME_WIDTH)
            else:
                drawn.add_column(heading, justify="right", no_wrap=True)
        for row in table.rows:
            drawn.add_row(*(escape(row[i].text) for i in group))
        print_trimmed(console, drawn)
    for note in table.notes:
        console.print(f"- {note}", markup=False, soft_wrap=True)
    if left_out:
        names = ", ".join(left_out)
        line = f"- Not shown on {console.width} columns: {names}; a file or a pipe has all."
        console.print(line, markup=False, soft_wrap=True)


def as_text(table: RenderedTable, width: int = 200) -> str:
    """Write a table as plain text, as on a wide terminal."""
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    with console.capture() as captured:
        draw(table, console)
    return captured.get()


def _widths(table: RenderedTable) -> list[int]:
    """The width of each column with the three blanks between columns."""
    texts = [
        [heading] + [row[i].text for row in table.rows] for i, heading in enumerate(table.headings)
    ]
    widths = [3 + max(map(len, column)) for column in texts]
    for i in range(table.key_columns):
        widths[i] = min(widths[i], 3 + _MAX_NAME_WIDTH)
    return widths


def _total(widths: Sequence[int], columns: Iterable[int]) -> int:
    return sum(widths[i] for i in columns) + 1


def _without_spare(
    table: RenderedTable, widths: Sequence[int], width: int
) -> tuple[list[int], list[str]]:
    """Leave out spare columns until the rest fits; returns that, and the headings left out."""
    shown = list(range(len(widths)))
    left_out: list[str] = []
    for heading in table.spare:
        if _total(widths, shown) <= width:
            break
        spare = [i for i in shown[table.key_columns :] if table.headings[i] == heading]
        if spare and len(shown) > table.key_columns + 1:
            shown.remove(spare[0])
            left_out.append(heading)
    return shown, left_out


def _column_groups(
    key_columns: int, widths: Sequence[int], shown: Sequence[int], width: int
) -> list[list[int]]:
    """Group the columns so that each group fits the width; each begins with the key columns."""
    keys = list(range(key_columns))
    groups = [list(keys)]
    for i in shown[key_columns:]:
        if len(groups[-1]) > key_columns and _total(widths, [*groups[-1], i]) > width:
            groups.append(list(keys))
        groups[-1].append(i)
    return groups


def _print_cards(table: RenderedTable, console: Console) -> None:
    """Print each row as lines of heading and cell, under the cells that identify it."""
    indent = 2 + max(map(len, table.headings[table.key_columns :]), default=0) + 2
    for row in table.rows:
        name = ", ".join(cell.text for cell in row[: table.key_columns] if cell.text)
        console.out("\n" + textwrap.fill(name, console.width), highlight=False)
        for heading, cell in list(zip(table.headings, row, strict=True))[table.key_columns :]:
            line = f"  {heading:<{indent - 2}}{cell.text}"
            console.out(
                textwrap.fill(line, console.width, subsequent_indent=" " * indent)
                if len(line) > console.width
                else line,
                highlight=False,
            )
    console.out("")


def markdown(table: RenderedTable) -> str:
    """Write a table in Markdown."""

    def escaped(text: str) -> str:
        return re.sub(r"([\\|*<`\[\]])", r"\\\1", text)

    body = tabulate(
        _cells(table, escaped, "**{}**"),
        headers=[escaped(heading) for heading in table.headings],
        tablefmt="pipe",
        colalign=_alignment(table, "left", "right"),
        disable_numparse=True,
    )
    notes = "".join(f"- {escaped(note)}\n" for note in _notes(table))
    return f"## {escaped(table.title)}\n\n{body}\n" + (f"\n{notes}" if notes else "")


_TEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "→": r"$\to$",
    "λ": r"$\lambda$",
}


def latex(table: RenderedTable) -> str:
    """Write a table in LaTeX with booktabs, scaled down if it is wider than the line."""

    def tex(text: str) -> str:
        signed = re.sub(r"(?<![\w.])-(?=\d)", "\0", text)  # a minus sign, not a hyphen
        escaped = "".join("$-$" if c == "\0" else _TEX.get(c, c) for c in signed)
        return escaped.replace("--", "-{}-")  # the name of an option, not a dash

    rows = [f"    {' & '.join(row)} \\\\" for row in _cells(table, tex, r"\textbf{{{}}}")]
    notes = [f"  \\par\\footnotesize {tex(note)}" for note in _notes(table)]
    lines = [
        r"% needs \usepackage{booktabs,graphicx}",
        r"\begin{table}",
        r"  \centering",
        f"  \\caption{{{tex(table.title)}}}",
        r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        f"  \\begin{{tabular}}{{{''.join(_alignment(table, 'l', 'r'))}}}",
        r"    \toprule",
        f"    {' & '.join(tex(heading) for heading in table.headings)} \\\\",
        r"    \midrule",
        *rows,
        r"    \bottomrule",
        r"  \end{tabular}}",
        *notes,
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def as_html(table: RenderedTable) -> str:
    """Write a table as a fragment of HTML, in ASCII to suit any encoding of the page."""
    alignment = _alignment(table, "left", "right")
    style = "padding:.2em .6em;text-align:"

    def row(tag: str, texts: Sequence[str], edge: str = "") -> str:
        inner = "".join(
            f'<{tag} style="{style}{side}{edge}">{text}</{tag}>'
            for side, text in zip(alignment, texts, strict=True)
        )
        return f"<tr>{inner}</tr>"

    head = row("th", [html.escape(text) for text in table.headings], ";border-bottom:1px solid")
    body = [row("td", texts) for texts in _cells(table, html.escape, "<strong>{}</strong>")]
    notes = "".join(f"<li>{html.escape(note)}</li>\n" for note in _notes(table))
    lines = [
        '<table style="border-collapse:collapse;border-top:2px solid;border-bottom:2px solid">',
        f'<caption style="text-align:left">{html.escape(table.title)}</caption>',
        f"<thead>{head}</thead>",
        "<tbody>",
        *body,
        "</tbody>",
        "</table>",
        *([f"<ul>\n{notes}</ul>"] if notes else []),
    ]
    return ("\n".join(lines) + "\n").encode("ascii", "xmlcharrefreplace").decode()


def as_csv(pivot_table: PivotTable, metrics: Sequence[str]) -> str:
    """Write one estimate per line: scores and shares as fractions, memory in MiB."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    targets = ["graph_sparsity_target", "weight_sparsity_target"]
    headings = [
        name
        for field in pivot_table.fields
        for name in (targets if field == fields.TARGETS else [field])
    ]
    numbers = ["figure", "value", "deviation", "n", "lower", "upper"]
    writer.writerow([*headings, "setting", "config_hash", "seeds", *numbers, "verdict"])
    for row in pivot_table.rows:
        for result in pivot_table.results(row):
            values = [
                value
                for field in pivot_table.fields
                for value in _csv_values(field, result.field_values[field])
            ]
            seeds = " ".join(map(str, result.seeds))
            for name in metrics:
                setting = [*values, _setting(row, result), result.config_hash, seeds, name]
                estimate = _csv_estimate(result.estimates.get(name))
                cells = [*setting, *estimate, result.verdict]
                writer.writerow([_no_formula(cell) for cell in cells])
    return out.getvalue()


def _setting(row: TableRow, result: SettingResult) -> str:
    return f"{row.label}: {result.citation}" if result.citation else row.label


def _no_formula(cell: object) -> object:
    """Quote a text that a spreadsheet would carry out; a run's record may be anybody's."""
    if not isinstance(cell, str) or cell == "-":
        return cell
    return printable(f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell)


def _csv_values(field: str, value: object) -> list[object]:
    if field == fields.TARGETS:
        return list(value) if isinstance(value, tuple) else ["", ""]
    return ["" if value is None else value]


def _csv_estimate(estimate: Estimate | None) -> list[object]:
    if estimate is None:
        return [""] * 5
    numbers = (
        estimate.mean, estimate.deviation, estimate.n, estimate.lower, estimate.upper,
    )  # fmt: skip
    return ["" if number is None else number for number in numbers]


def _cells(table: RenderedTable, write: Callable[[str], str], bold: str) -> list[list[str]]:
    def text(cell: TableCell) -> str:
        return bold.format(write(cell.text)) if cell.is_best else write(cell.text)

    return [[text(cell) for cell in row] for row in table.rows]


def _alignment(table: RenderedTable, keys: str, numbers: str) -> list[str]:
    return [keys] * table.key_columns + [numbers] * (len(table.headings) - table.key_columns)


def _notes(table: RenderedTable) -> list[str]:
    return [*table.notes, *([_BEST] if table.has_best else [])]
