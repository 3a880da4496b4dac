"""Everything that stands on the page, and the page itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from glt_cli.analysis.collect import StoredRun
from glt_cli.analysis.compare.measures import CHOICES, USUAL
from glt_cli.analysis.compare.notes import left_out, ranges
from glt_cli.analysis.compare.pivot import pivot
from glt_cli.analysis.compare.render import RenderedTable, render
from glt_cli.analysis.compare.runs import compared_runs
from glt_cli.analysis.report.command_line import command, recorded, words_of
from glt_cli.analysis.report.drawing import Drawn
from glt_cli.analysis.report.run_detail import Agreement, RunDetail
from glt_cli.analysis.report.series import GridCell, Setting
from glt_cli.analysis.report.summary_text import cell_summary, removed
from glt_cli.experiment.record import metric_name

_SCORES = ("dense", "test", "difference")
_COSTS = tuple(figure for name in USUAL for figure in CHOICES[name] if figure not in _SCORES)


@dataclass(frozen=True)
class Shown:
    """A figure as it stands on the page."""

    title: str
    caption: str
    alt: str
    svg: Markup


@dataclass(frozen=True)
class Part:
    """One data set × backbone on the page.

    Attributes:
        anchor: Of its heading.
        heading: Its name.
        summary: What the runs show, in sentences.
        tables: Scores, then sparsities and costs, each after what it shows.
        notes: What must be said under them.
        figures: Of all runs.
        detail: Sentences about one run; empty where there is none.
        agreement: Of classes along its edges, as rows of words and shares.
        story_figures: Its figures.
        gaps: What is missing in the grid.
        commands: Command lines that make these runs.
    """

    anchor: str
    heading: str
    summary: list[str]
    tables: list[tuple[str, RenderedTable]]
    notes: list[str]
    figures: list[Shown]
    detail: list[str]
    agreement: list[tuple[str, str]]
    story_figures: list[Shown]
    gaps: list[str]
    commands: list[str]


def part(
    cell: GridCell,
    runs: Sequence[StoredRun],
    figures: Sequence[Drawn],
    detail: RunDetail | None,
    story_figures: Sequence[Drawn],
    tolerance: float,
) -> Part:
    """Put together what the page says of one data set × backbone.

    Args:
        cell: Its finished runs.
        runs: All of its runs.
        figures: Of the cell.
        detail: Of one run.
        story_figures: Of that run.
        tolerance: What a winning ticket may lose.
    """
    settings = [*cell.dense, *cell.settings]
    # Each row has its dense score beside it.
    outcomes = [setting.outcome for setting in cell.settings or cell.dense]
    unused = left_out(compared_runs(runs), sum(len(setting.runs) for setting in settings))
    layout = pivot(outcomes, ("method", "targets"), None)
    scores = render(layout, _SCORES, tolerance, list(unused))
    costs = render(layout, _COSTS, tolerance, [])
    notes = [*scores.notes, *costs.notes]
    if scores.has_best or costs.has_best:
        notes.append("Bold: the best tickets of the same targets.")
    metric = metric_name(cell.metric)
    return Part(
        anchor=cell.name,
        heading=f"{cell.backbone} on {cell.dataset}",
        summary=cell_summary(cell, tolerance),
        tables=[
            (f"Test {metric} in per cent, mean ± standard deviation over seeds", scores),
            ("What was removed, and what it cost: means over seeds", costs),
        ],
        notes=list(dict.fromkeys(notes)),
        figures=[_shown(figure) for figure in figures],
        detail=list(_told(detail)) if detail else [],
        agreement=_agreement(detail.agreement) if detail else [],
        story_figures=[_shown(figure) for figure in story_figures],
        gaps=list(_gaps(cell)),
        commands=_commands(cell),
    )


def _shown(figure: Drawn) -> Shown:
    return Shown(figure.title, figure.caption, figure.alt, Markup(figure.inline()))


def _told(detail: RunDetail) -> Iterable[str]:
    record = detail.run.record
    targets = record.graph_sparsity_target, record.weight_sparsity_target
    yield (
        f"{record.label}, seed {record.seed}, {removed(targets)} removed: the best setting by mean "
        "validation score among those on most seeds (a search that removed edges goes before "
        f"others), and of it the median seed. Its files are in {detail.run.folder.path.name}."
    )
    assert record.ticket_test is not None
    assert record.dense_test is not None
    yield (
        f"Dense {record.dense_test:.2%}, ticket {record.ticket_test:.2%} on test; the ticket is "
        f"the model of retraining epoch {record.ticket_epoch}, the best by validation."
    )
    if moved := detail.moved:
        shares = [
            f"{share:.1%} of the kept {kind} were pruned at first (of {kind} kept at random it "
            f"would be {chance:.1%})"
            for kind, share, chance in (
                ("edges", moved.edges, record.graph_sparsity or 0.0),
                ("weights", moved.weights, record.weight_sparsity or 0.0),
            )
            if share is not None and chance
        ]
        yield (
            f"While denoising, elements were exchanged {len(detail.exchanges)} times. In the masks "
            f"that were selected, those of denoising epoch {moved.epoch}, {' and '.join(shares)}."
        )
    if detail.kept is not None and detail.kept.all():
        yield "All edges are kept, so there is nothing to say about removed ones."
    if isinstance(detail.agreement, str):
        yield detail.agreement


def _agreement(found: Agreement | str) -> list[tuple[str, str]]:
    if isinstance(found, str) or found.removed is None:
        return []
    shares = {"kept edges": found.kept, "removed edges": found.removed, "all edges": found.all}
    return [(name, f"{share:.1%}") for name, share in shares.items() if share is not None]


def _gaps(cell: GridCell) -> Iterable[str]:
    """Say which settings lack seeds that others have, and which methods lack targets."""
    every = sorted({seed for setting in cell.settings for seed in setting.seeds})
    for setting in cell.settings:
        if missing := [seed for seed in every if seed not in setting.seeds]:
            yield f"{setting.name}: no finished run of {ranges(missing)}."
    targets = sorted({setting.targets for setting in cell.settings})
    for method in cell.methods:
        there = {setting.targets for setting in cell.settings if setting.method == method}
        lacking = [removed(target) for target in targets if target not in there]
        if lacking:
            yield f"{method}: nothing at {'; '.join(lacking)} removed."


def _commands(cell: GridCell) -> list[str]:
    lines = []
    # Others train their dense baselines themselves.
    for setting in cell.settings or cell.dense:
        config = recorded(setting.runs[0].folder)
        words = words_of(config) if config else None
        lines.append(command(words, setting.seeds) if words else _no_command(setting))
    return lines


def _no_command(setting: Setting) -> str:
    return f"# {setting.name}: its config.yaml is missing, damaged or of another version of glt"


@dataclass(frozen=True)
class Page:
    """The whole page.

    Attributes:
        title: Its title.
        facts: What it covers, as words and values.
        parts: One for each data set × backbone.
        failed: Name, status and error of runs that did not finish.
        unrecorded: Folders of runs that left no record.
        tolerance: What a winning ticket may lose, in points.
        again: The command line that writes it anew.
    """

    title: str
    facts: list[tuple[str, str]]
    parts: list[Part]
    failed: list[tuple[str, str, str]]
    unrecorded: list[str]
    tolerance: str
    again: str

    def render(self) -> str:
        """Write it as one HTML file."""
        text = (resources.files("glt_cli.analysis.report") / "template.html.j2").read_text("utf-8")
        environment = Environment(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        environment.filters["minus"] = _with_minus
        return environment.from_string(text).render(page=self)


def _with_minus(text: str) -> str:
    """Write a minus for a hyphen before a digit, as print has it."""
    return f" {text}".replace(" -", " −")[1:] if text != "-" else "–"


def page(
    runs: Sequence[StoredRun],
    cells: Sequence[GridCell],
    parts: list[Part],
    unrecorded: Sequence[Path],
    tolerance: float,
    again: Sequence[str],
) -> Page:
    """Put the page together.

    Args:
        runs: All runs.
        cells: The finished ones, sorted.
        parts: What is said of each cell.
        unrecorded: Folders of runs without a record.
        tolerance: What a winning ticket may lose, as a fraction.
        again: Words of the command that writes the page anew.
    """
    failed = [
        (run.folder.path.name, run.record.status, run.record.error or "")
        for run in runs
        if run.record.status != "done"
    ]
    where = ", ".join(f"{cell.backbone} on {cell.dataset}" for cell in cells)
    return Page(
        title=f"Graph lottery tickets: {where}" if where else "Graph lottery tickets",
        facts=facts(runs),
        parts=parts,
        failed=failed,
        unrecorded=[path.name for path in unrecorded],
        tolerance=f"{100 * tolerance:g}",
        again=shlex.join(["glt", "report", *again]),
    )


def facts(runs: Sequence[StoredRun]) -> list[tuple[str, str]]:
    """What all runs have in common, as words and values."""
    records = [run.record for run in runs]
    done = sum(record.status == "done" for record in records)
    commits = {(record.commit or "not recorded")[:12] for record in records}
    if any((record.commit or "").endswith("-dirty") for record in records):
        commits.add("some with changed files")
    newest = max(record.finished for record in records)
    return [
        ("Runs", f"{done} finished of {len(records)}, dense baselines included"),
        ("Methods", _words(record.label for record in records)),
        ("Data sets", _words(record.dataset for record in records)),
        ("Backbones", _words(record.backbone for record in records)),
        ("Seeds", ranges({record.seed for record in records}).partition(" ")[2]),
        ("Computed on", _words(record.device for record in records)),
        ("Versions", "; ".join(sorted({r.versions for r in records if r.versions}))),
        ("Commits of glt", ", ".join(sorted(commits))),
        ("Newest run", newest.replace("T", " ").replace("+00:00", " UTC")),
    ]


def _words(found: Iterable[str]) -> str:
    return ", ".join(sorted(set(found) - {""}))
