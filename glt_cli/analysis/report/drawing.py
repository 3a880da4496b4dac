"""The style of a report's figures, and how they are written."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from glt_cli.experiment.paths import write_whole

_STYLE_PARAMETERS: Any = {
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
    # Makes ids depend only on the content, so that equal figures are equal files.
    "svg.hashsalt": "glt",
    # Names of data sets may contain any characters, such as $.
    "text.parse_math": False,
}


class Style(NamedTuple):
    """How a method is drawn; distinguishable with and without colour."""

    color: str
    marker: str
    line: Any
    hatch: str
    is_hollow: bool = False

    @property
    def face(self) -> str:
        """The colour within its markers."""
        return "white" if self.is_hollow else self.color


#: Dark enough on white and suited to colour blindness (after Okabe and Ito).
_STYLES = [
    Style("#0b5fa5", "o", "-", ""),
    Style("#c4500a", "s", (0, (6, 2)), "///"),
    Style("#00785a", "^", (0, (6, 2, 1.5, 2)), "..."),
    Style("#6b6b6b", "X", (0, (1.5, 1.5)), "xxx"),
    Style("#8a3d78", "D", (0, (3, 1.5)), "\\\\\\"),
    Style("#8a6a00", "v", (0, (8, 2, 1.5, 2, 1.5, 2)), "+++"),
    Style("#1f1f1f", "P", (0, (10, 3)), "ooo"),
]
_FIXED_ORDER = ("fastglt", "imp", "oneshot", "random", "teddy")
DENSE_COLOR = "#1f1f1f"


def styles(names: Sequence[str], distilled: Container[str] = ()) -> dict[str, Style]:
    """Give each method a style: fixed ones for the standard methods, the remaining in turn.

    Markers of distilled ones are hollow.
    """
    fixed = {name: _STYLES[_FIXED_ORDER.index(name)] for name in names if name in _FIXED_ORDER}
    others = [name for name in names if name not in fixed]
    free = [style for style in _STYLES if style not in fixed.values()] or _STYLES
    given = fixed | {name: free[i % len(free)] for i, name in enumerate(others)}
    return {name: style._replace(is_hollow=name in distilled) for name, style in given.items()}


@dataclass(frozen=True)
class ReportFigure:
    """A figure of a report.

    Attributes:
        name: The name of its files, without suffix.
        title: The title.
        alt: Its content in text, for screen readers.
        caption: What a reader must know.
        figure: The Matplotlib figure.
        hovers: What a page shows of the element with a gid, while the pointer is on it.
    """

    name: str
    title: str
    alt: str
    caption: str
    figure: Figure
    hovers: Mapping[str, str] = field(default_factory=dict)

    def inline(self) -> str:
        """Write it as an SVG element for an HTML page."""
        text = self._saved("svg").decode()
        text = text[text.index("<svg") :]
        for gid, hover in self.hovers.items():
            text = text.replace(f'<g id="{gid}">', f"<g><title>{escape(hover)}</title>", 1)
        # Groups have the same ids in every figure, and nothing refers to them.
        text = re.sub(r'<g id="[^"]*"', "<g", text)
        text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
        text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
        label = escape(f"{self.title}. {self.alt}", quote=True)
        return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)

    def write(self, folder: Path) -> None:
        """Write it as PNG, PDF and SVG files."""
        for form in ("png", "pdf", "svg"):
            write_whole(folder / f"{self.name}.{form}", self._saved(form))

    def _saved(self, form: str) -> bytes:
        without_date: dict[str, dict[str, Any]] = {
            "svg": dict.fromkeys(("Date", "Creator", "Format", "Type")),
            "pdf": dict.fromkeys(("CreationDate", "Creator", "Producer")),
            "png": {"Software": None},
        }
        file = io.BytesIO()
        with rc_context(_STYLE_PARAMETERS), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # names in other scripts
            self.figure.savefig(file, format=form, dpi=200, metadata=without_date[form])
        # Verdana is as wide, for browsers without the font.
        return file.getvalue().replace(b"'DejaVu Sans'", b"'DejaVu Sans', Verdana, sans-serif")


@contextmanager
def new_figure(
    width: float = 5.2, height: float = 3.6, rows: int = 1, **options: Any
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Make an empty figure, sizes in inches, with `rows` axes one below the other."""
    with rc_context(_STYLE_PARAMETERS):
        figure = Figure(figsize=(width, height))
        axes = figure.subplots(rows, 1, squeeze=False, **options)
        yield figure, list(axes[:, 0])


#: Sizes in a legend, in inches: width of a letter and of a handle, height of a line.
_LETTER_WIDTH, _HANDLE_WIDTH, _LINE_HEIGHT = 0.085, 0.75, 0.21


def legend_below(figure: Figure, axes: Axes, columns: int = 2) -> None:
    """Put the legend below the axes, and make the figure higher accordingly.

    Args:
        figure: The figure of the axes.
        axes: Axes with labelled lines.
        columns: The most columns; fewer if labels are long.
    """
    handles, labels = axes.get_legend_handles_labels()
    if not handles:
        return
    width, height = figure.get_size_inches()
    longest = _HANDLE_WIDTH + _LETTER_WIDTH * max(len(label) for label in labels)
    columns = min(columns, max(1, int(width / longest)))
    letters = int((width / columns - _HANDLE_WIDTH) / _LETTER_WIDTH)
    labels = [fill(label, letters) for label in labels]
    lines = [label.count("\n") + 1 for label in labels]
    rows = -(-len(lines) // columns)
    height_in_lines = max(sum(lines[i : i + rows]) for i in range(0, len(lines), rows))
    figure.set_figheight(height + _LINE_HEIGHT * height_in_lines)
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, handlelength=3.2)


def log_scale(axes: Axes) -> None:
    """Make the x axis logarithmic with plain numbers at its ticks; call it after drawing."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    if high < 10 * low:  # make room for at least one or two ticks
        axes.set_xlim(low / 2, high * 2)
    subs = (1, 2, 5) if high < 200 * low else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs, numticks=6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.10g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
