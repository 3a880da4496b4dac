"""The report in brief: sentences and a small table for readers who don't know the methods."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from glt_cli.analysis.compare.render import NOTHING, format_interval
from glt_cli.analysis.compare.statistics import Estimate, estimate, is_within
from glt_cli.analysis.report.series import GridCell, Setting
from glt_cli.experiment.record import metric_name

#: The most rows of the table, and the most cells that are described.
MAX_ROWS = 5
#: With fewer seeds, a setting is chosen only if none has as many.
_ENOUGH_SEEDS = 3
#: A model with so nearly as many weights, as a share of the dense model's, has as many.
_SAME_SIZE = 0.02


@dataclass(frozen=True)
class Brief:
    """The report in brief.

    Attributes:
        paragraphs: Two sentences on each of the first cells, below one on all if there are several.
        headings: Headings of the table.
        rows: Its rows, at most MAX_ROWS.
    """

    paragraphs: list[str]
    headings: list[str]
    rows: list[list[str]]


def brief(cells: Sequence[GridCell], tolerance: float) -> Brief:
    """Make the brief of all cells.

    Args:
        cells: Finished runs by data set and backbone.
        tolerance: What a winning ticket may lose, as a fraction.
    """
    paragraphs = [*_overall(cells, tolerance)]
    paragraphs += [" ".join(_sentences(cell, tolerance)) for cell in cells[:MAX_ROWS]]
    if len(cells) > MAX_ROWS:
        paragraphs.append(f"{len(cells) - MAX_ROWS} more are in the sections below.")
    headings = ["model", "on", "against dense, points", "seeds"]
    headings += ["edges removed", "weights removed", "multiply-adds left"]
    rows = [_row(cell, setting) for cell, setting in _chosen_rows(cells, tolerance)]
    return Brief(paragraphs, headings, rows)


def chosen(cell: GridCell, tolerance: float) -> Setting | None:
    """The ticket to speak of, chosen on validation; None if only controls or dense models ran.

    It is the one with fewest multiply-adds of those within tolerance of dense on validation, or
    else the one that comes closest. Tickets trained on labels go before distilled ones.
    """
    tickets = [s for s in cell.settings if not s.is_control]
    tickets = [s for s in tickets if not s.is_distilled] or tickets
    if not tickets:
        return None
    enough = min(_ENOUGH_SEEDS, max(len(s.seeds) for s in tickets))
    tickets = [s for s in tickets if len(s.seeds) >= enough]
    within = [s for s in tickets if _on_validation(s) >= -tolerance]
    if within:
        return min(within, key=lambda s: (round(_or(s.kept_macs, 1.0), 2), -_on_validation(s)))
    return max(tickets, key=_on_validation)


def _on_validation(setting: Setting) -> float:
    return _or(setting.mean("ticket_val") - setting.mean("dense_val"), -1.0)


def _or(value: float, instead: float) -> float:
    return value if math.isfinite(value) else instead


def _overall(cells: Sequence[GridCell], tolerance: float) -> Iterator[str]:
    tickets = [ticket for cell in cells if (ticket := chosen(cell, tolerance))]
    if len(tickets) > 1:
        good = sum(
            is_within(ticket.result.estimates["difference"], tolerance) for ticket in tickets
        )
        yield (
            f"On {good} of {len(tickets)} pairs of model and data, the ticket that was chosen on "
            f"validation loses at most {100 * tolerance:g} points on test on average."
        )


def _sentences(cell: GridCell, tolerance: float) -> Iterator[str]:
    ticket = chosen(cell, tolerance)
    where = f"{cell.backbone} on {cell.dataset}"
    if ticket is None:
        ran = "controls" if cell.settings else "dense models"
        yield f"Only {ran} were run for {where}, so there is no ticket to judge."
        return
    points = f"points of {metric_name(cell.metric)}"
    difference = ticket.result.estimates["difference"]
    tickets = [s for s in cell.settings if not s.is_control]
    what = f"removes {_removed(ticket)} of {where} and {_change(difference, points)}"
    if not any(is_within(s.result.estimates["difference"], tolerance) for s in tickets):
        yield (
            f"No ticket for {where} stays within {100 * tolerance:g} points of the dense model on "
            f"average: {ticket.method}, chosen on validation, {what}."
        )
    else:
        beyond = "" if is_within(difference, tolerance) else ", more than is tolerated"
        yield f"{ticket.method} {what}{beyond}."
    yield _beside_small(cell, ticket, points)


def _removed(setting: Setting) -> str:
    parts = [
        f"{share_text(share)} of the {elements}"
        for share, elements in (
            (setting.mean("weight_sparsity"), "weights"),
            (setting.mean("graph_sparsity"), "edges"),
        )
        if share > 0
    ]
    return " and ".join(parts) or "nothing"


def share_text(share: float) -> str:
    """A share in per cent, with as many digits as tell it from none and from all."""
    for digits in range(5):
        text = f"{100 * share:.{digits}f}"
        if share in (0, 1) or float(text) not in (0, 100):
            break
    return f"{text} %"


def _change(difference: Estimate, points: str) -> str:
    size = f"{abs(100 * difference.mean):.2f}"
    verb = "loses" if difference.mean < 0 else "gains"
    change = "loses nothing on average" if float(size) == 0 else f"{verb} {size} {points}"
    return f"{change} ({_certainty(difference)})"


def _certainty(difference: Estimate) -> str:
    if difference.lower is None or difference.upper is None:
        return "1 seed, so it may be chance"
    return f"95 % interval: {_range(difference.lower, difference.upper)}, {difference.n} seeds"


def _range(lower: float, upper: float) -> str:
    low, high = f"{abs(100 * lower):.2f}", f"{abs(100 * upper):.2f}"
    if upper <= 0:
        return f"{low} to {high} worse"
    if lower >= 0:
        return f"{low} to {high} better"
    return f"{low} worse to {high} better"


def small_beside(cell: GridCell, ticket: Setting) -> Setting | None:
    """The small dense model for the targets of a ticket; of several, the best on validation."""
    small = [
        s
        for s in cell.settings
        if s.is_smaller_model
        and s.targets == ticket.targets
        and s.is_distilled == ticket.is_distilled
    ]
    return max(small, key=_on_validation, default=None)


def _beside_small(cell: GridCell, ticket: Setting, points: str) -> str:
    small = small_beside(cell, ticket)
    if small is None:
        return (
            "No small dense model of this size was run, so it is open whether one would do as well."
        )
    left = 1 - small.mean("weight_sparsity")
    is_same = abs(left - (1 - ticket.mean("weight_sparsity"))) <= _SAME_SIZE
    size = "as many weights" if is_same else f"{share_text(left)} of the weights"
    name = f"A small dense model with {size} and all edges"
    own = f"{name} {_change(small.result.estimates['difference'], points)}"
    scores = dict(zip(ticket.seeds, ticket.values("ticket_test"), strict=True))
    margins = [
        float(score - scores[seed])
        for seed, score in zip(small.seeds, small.values("ticket_test"), strict=True)
        if seed in scores
    ]
    if not margins:
        return f"{own}; no seed is common to both."
    margin = estimate(margins)
    size = f"{abs(100 * margin.mean):.2f}"
    if float(size) == 0:
        return f"{own}, the same as {ticket.method} on average."
    side = "ahead of" if margin.mean > 0 else "behind"
    text = f"{own}, {size} points {side} {ticket.method}"
    if margin.lower is not None and margin.upper is not None:
        is_clear = margin.lower > 0 or margin.upper < 0
        text += f" ({'more than' if is_clear else 'no more than'} chance explains)"
    return f"{text}."


def _chosen_rows(cells: Sequence[GridCell], tolerance: float) -> list[tuple[GridCell, Setting]]:
    """The tickets of all cells, then the small models beside them, then others to compare."""
    ranked: list[tuple[int, int, Setting]] = []
    for number, cell in enumerate(cells):
        ticket = chosen(cell, tolerance)
        if ticket is None:
            continue
        small = small_beside(cell, ticket)
        others = [s for s in cell.settings if s.targets == ticket.targets]
        others = [s for s in others if s is not ticket and s is not small and not s.is_distilled]
        others.sort(key=_on_validation, reverse=True)
        row = [ticket, *([small] if small else []), *others]
        ranked += [(place, number, setting) for place, setting in enumerate(row)]
    first = sorted(ranked, key=lambda item: item[:2])[:MAX_ROWS]
    return [(cells[n], setting) for _, n, setting in sorted(first, key=lambda i: (i[1], i[0]))]


def in_brackets(difference: Estimate) -> str:
    """The 95 % interval of a difference, to follow its mean; "" if it has none."""
    interval = format_interval(difference)
    return "" if interval == NOTHING else f" ({interval})"


def _row(cell: GridCell, setting: Setting) -> list[str]:
    difference = setting.result.estimates["difference"]
    kept = setting.kept_macs
    return [
        setting.method,
        f"{cell.backbone} on {cell.dataset}",
        f"{100 * difference.mean:+.2f}{in_brackets(difference)}",
        str(len(setting.seeds)),
        share_text(setting.mean("graph_sparsity")),
        share_text(setting.mean("weight_sparsity")),
        share_text(kept) if math.isfinite(kept) else "-",
    ]
