"""A sheet in Markdown, LaTeX, HTML and on a terminal; a layout in CSV."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from tabulate import tabulate

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.pivot import PivotTable
from glt_cli.analysis.compare.render import RenderedTable, TableCell
from glt_cli.analysis.compare.statistics import Estimate
from glt_cli.terminal import print_trimmed

#: Longer names of rows are wrapped, figures never.
_WIDEST_NAME = 44
_BEST = "Bold: the best tickets of the same backbone, data set and targets."


def draw(render: RenderedTable, console: Console) -> None:
    """Draw it on a terminal, in parts where that is too narrow."""
    console.print(escape(render.title), style="bold", soft_wrap=True)
    for part in _parts(render, console.width):
        table = Table(box=SIMPLE_HEAD)
        for i in part:
            heading = escape(render.headings[i])
            if i < render.keys:
                table.add_column(heading, max_width=_WIDEST_NAME)
            else:
                table.add_column(heading, justify="right", no_wrap=True)
        for row in render.rows:
            table.add_row(*(escape(row[i].text) for i in part))
        print_trimmed(console, table)
    for note in render.notes:
        console.print(f"- {note}", markup=False, soft_wrap=True)


def as_text(render: RenderedTable) -> str:
    """Draw it as on a wide terminal, without the colours of whoever's terminal this is."""
    paper = Console(file=io.StringIO(), width=200, force_terminal=False)
    with paper.capture() as captured:
        draw(render, paper)
    return captured.get()


def _parts(render: RenderedTable, width: int) -> list[list[int]]:
    """Numbers of the columns that fit beside each other, each time with those that name rows."""
    # Three blanks between columns, one at each edge.
    wide = [
        max(len(text) for text in (heading, *(row[i].text for row in render.rows)))
        for i, heading in enumerate(render.headings)
    ]
    wide = [3 + (min(w, _WIDEST_NAME) if i < render.keys else w) for i, w in enumerate(wide)]
    names = list(range(render.keys))
    parts = [list(names)]
    for i in range(render.keys, len(wide)):
        if len(parts[-1]) > render.keys and sum(wide[j] for j in [*parts[-1], i]) + 1 > width:
            parts.append(list(names))
        parts[-1].append(i)
    return parts


def markdown(render: RenderedTable) -> str:
    """Write it in Markdown."""

    def mark(text: str) -> str:
        return re.sub(r"([\\|*<`])", r"\\\1", text)

    body = tabulate(
        _cells(render, mark, "**{}**"),
        headers=[mark(heading) for heading in render.headings],
        tablefmt="pipe",
        colalign=_aligned(render, "left", "right"),
        disable_numparse=True,
    )
    notes = "".join(f"- {mark(note)}\n" for note in _notes(render))
    return f"## {mark(render.title)}\n\n{body}\n" + (f"\n{notes}" if notes else "")


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


def latex(render: RenderedTable) -> str:
    """Write it in LaTeX, with the rules of booktabs, shrunk where it is wider than the line."""

    def tex(text: str) -> str:
        signed = re.sub(r"(?<![\w.])-(?=\d)", "\0", text)  # a minus, not a hyphen
        escaped = "".join("$-$" if c == "\0" else _TEX.get(c, c) for c in signed)
        return escaped.replace("--", "-{}-")  # an option's name, no dash

    rows = [f"    {' & '.join(row)} \\\\" for row in _cells(render, tex, r"\textbf{{{}}}")]
    notes = [f"  \\par\\footnotesize {tex(note)}" for note in _notes(render)]
    lines = [
        r"% needs \usepackage{booktabs,graphicx}",
        r"\begin{table}",
        r"  \centering",
        f"  \\caption{{{tex(render.title)}}}",
        r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        f"  \\begin{{tabular}}{{{''.join(_aligned(render, 'l', 'r'))}}}",
        r"    \toprule",
        f"    {' & '.join(tex(heading) for heading in render.headings)} \\\\",
        r"    \midrule",
        *rows,
        r"    \bottomrule",
        r"  \end{tabular}}",
        *notes,
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def as_html(render: RenderedTable) -> str:
    """Write it as a piece of HTML that needs nothing else, in ASCII for any page's encoding."""
    align = _aligned(render, "left", "right")
    style = "padding:.2em .6em;text-align:"

    def row(tag: str, texts: Sequence[str], edge: str = "") -> str:
        inner = "".join(
            f'<{tag} style="{style}{side}{edge}">{text}</{tag}>'
            for side, text in zip(align, texts, strict=True)
        )
        return f"<tr>{inner}</tr>"

    head = row("th", [html.escape(text) for text in render.headings], ";border-bottom:1px solid")
    body = [row("td", texts) for texts in _cells(render, html.escape, "<strong>{}</strong>")]
    notes = "".join(f"<li>{html.escape(note)}</li>\n" for note in _notes(render))
    lines = [
        '<table style="border-collapse:collapse;border-top:2px solid;border-bottom:2px solid">',
        f'<caption style="text-align:left">{html.escape(render.title)}</caption>',
        f"<thead>{head}</thead>",
        "<tbody>",
        *body,
        "</tbody>",
        "</table>",
        *([f"<ul>\n{notes}</ul>"] if notes else []),
    ]
    return ("\n".join(lines) + "\n").encode("ascii", "xmlcharrefreplace").decode()


def as_csv(layout: PivotTable, metrics: Sequence[str]) -> str:
    """Write figures as numbers, one in each line: scores and shares as fractions, memory in MiB."""
    by = [*layout.rows, *([layout.column] if layout.column else [])]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [name for key in by for name in (_SPLIT if key == fields.TARGETS else [key])]
    figures = ["figure", "value", "deviation", "n", "lower", "upper"]
    writer.writerow([*names, "setting", "config_hash", "seeds", *figures, "verdict"])
    for line in layout.lines:
        for outcome in (line.cells[at] for at in layout.across if at in line.cells):
            facts = [part for key in by for part in _raw(key, outcome.facts[key])]
            seeds = " ".join(map(str, outcome.seeds))
            for name in metrics:
                numbers = _numbers(outcome.figures.get(name))
                about = [*facts, line.label, outcome.setting, seeds, name]
                writer.writerow([*about, *numbers, outcome.verdict])
    return out.getvalue()


_SPLIT = ["graph_sparsity_target", "weight_sparsity_target"]


def _raw(key: str, fact: object) -> list[object]:
    if key == fields.TARGETS:
        return list(fact) if isinstance(fact, tuple) else ["", ""]
    return ["" if fact is None else fact]


def _numbers(figure: Estimate | None) -> list[object]:
    if figure is None:
        return [""] * 5
    numbers = (figure.mean, figure.deviation, figure.n, figure.lower, figure.upper)
    return ["" if number is None else number for number in numbers]


def _cells(render: RenderedTable, write: Callable[[str], str], bold: str) -> list[list[str]]:
    def one(cell: TableCell) -> str:
        return bold.format(write(cell.text)) if cell.is_best else write(cell.text)

    return [[one(cell) for cell in row] for row in render.rows]


def _aligned(render: RenderedTable, names: str, figures: str) -> list[str]:
    return [names] * render.keys + [figures] * (len(render.headings) - render.keys)


def _notes(render: RenderedTable) -> list[str]:
    return [*render.notes, *([_BEST] if render.has_best else [])]
