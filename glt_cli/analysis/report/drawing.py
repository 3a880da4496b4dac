"""How every figure of a report looks, and the forms in which it leaves."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from glt_cli.experiment.paths import write_whole

_LOOK: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#555555",
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.constrained_layout.use": True,
    "font.family": ["DejaVu Sans"],
    "font.size": 11,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    # Ids are drawn from this and the content, so that the same figure is the same bytes.
    "svg.hashsalt": "glt",
    # Names of data sets are names, whatever signs they hold.
    "text.parse_math": False,
}


class Style(NamedTuple):
    """What tells a method from others, with and without colour."""

    color: str
    marker: str
    line: Any
    hatch: str


#: Dark enough on white, and apart for most eyes (after Okabe and Ito).
_STYLES = [
    Style("#0b5fa5", "o", "-", ""),
    Style("#c4500a", "s", (0, (6, 2)), "///"),
    Style("#00785a", "^", (0, (6, 2, 1.5, 2)), "..."),
    Style("#6b6b6b", "X", (0, (1.5, 1.5)), "xxx"),
    Style("#8a3d78", "D", (0, (3, 1.5)), "\\\\\\"),
    Style("#8a6a00", "v", (0, (8, 2, 1.5, 2, 1.5, 2)), "+++"),
    Style("#1f1f1f", "P", (0, (10, 3)), "ooo"),
]
_USUAL = ("fastglt", "imp", "oneshot", "random", "teddy")
DENSE_COLOR = "#1f1f1f"


def styles(names: Sequence[str]) -> dict[str, Style]:
    """Give each method its style: the usual ones always theirs, others what is left, in turn."""
    given = {name: _STYLES[_USUAL.index(name)] for name in names if name in _USUAL}
    others = [name for name in names if name not in given]
    left = [style for style in _STYLES if style not in given.values()] or _STYLES
    return given | {name: left[i % len(left)] for i, name in enumerate(others)}


@dataclass(frozen=True)
class Drawn:
    """A figure.

    Attributes:
        name: Of its files, without an ending.
        title: What it shows.
        alt: The same for those who don't see it, with its main figures.
        caption: What a reader must know.
        figure: The drawing itself.
    """

    name: str
    title: str
    alt: str
    caption: str
    figure: Figure

    def inline(self) -> str:
        """Write it as an element of an HTML page."""
        text = self._saved("svg").decode()
        text = text[text.index("<svg") :]
        # Ids of groups are the same in every figure, and nothing refers to them.
        text = re.sub(r'<g id="[^"]*"', "<g", text)
        text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
        text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
        label = escape(f"{self.title}. {self.alt}", quote=True)
        return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)

    def write(self, folder: Path) -> None:
        """Write it as files: PNG to look at, PDF and SVG to print."""
        for form in ("png", "pdf", "svg"):
            write_whole(folder / f"{self.name}.{form}", self._saved(form))

    def _saved(self, form: str) -> bytes:
        undated: dict[str, dict[str, Any]] = {
            "svg": dict.fromkeys(("Date", "Creator", "Format", "Type")),
            "pdf": dict.fromkeys(("CreationDate", "Creator", "Producer")),
            "png": {"Software": None},
        }
        file = io.BytesIO()
        with rc_context(_LOOK), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # of a name in another script
            self.figure.savefig(file, format=form, dpi=200, metadata=undated[form])
        # Where a browser lacks the font, Verdana is as wide.
        return file.getvalue().replace(b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, sans-serif")


@contextmanager
def sheet(
    width: float = 5.2, height: float = 3.6, rows: int = 1, **further: Any
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Lend an empty figure, inches wide and high, with axes one below the other."""
    with rc_context(_LOOK):
        figure = Figure(figsize=(width, height))
        axes = figure.subplots(rows, 1, squeeze=False, **further)
        yield figure, list(axes[:, 0])


#: Inches of a letter of a legend, of what stands before a label, and of a line of labels.
_LETTER, _HANDLE, _LINE = 0.085, 0.75, 0.21


def legend_below(figure: Figure, axes: Axes, columns: int = 2) -> None:
    """Put the legend below the axes, where it hides nothing, and make the figure higher by it.

    Args:
        figure: Of the axes.
        axes: With labelled lines.
        columns: At most; fewer where labels are long.
    """
    handles, labels = axes.get_legend_handles_labels()
    if not handles:
        return
    width, height = figure.get_size_inches()
    longest = _HANDLE + _LETTER * max(len(label) for label in labels)
    columns = min(columns, max(1, int(width / longest)))
    room = int((width / columns - _HANDLE) / _LETTER)
    labels = [fill(label, room) for label in labels]
    lines = [label.count("\n") + 1 for label in labels]
    rows = -(-len(lines) // columns)
    high = max(sum(lines[i : i + rows]) for i in range(0, len(lines), rows))
    figure.set_figheight(height + _LINE * high)
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, handlelength=3.2)


def log_scale(axes: Axes) -> None:
    """Make x logarithmic, once all is drawn, with ticks that read as plain numbers."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    if high < 10 * low:  # a tick or two say where in its decade everything lies
        axes.set_xlim(low / 2, high * 2)
    subs = (1, 2, 5) if high < 200 * low else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs, numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.10g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
