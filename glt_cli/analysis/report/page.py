"""The sections of the page, and the page itself."""

from __future__ import annotations

import hashlib
import shlex
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from glt_cli.analysis.collect import StoredRun
from glt_cli.analysis.compare.measures import CHOICES, DEFAULT_CHOICES
from glt_cli.analysis.compare.notes import notes_on_unused, ranges
from glt_cli.analysis.compare.pivot import pivot
from glt_cli.analysis.compare.render import RenderedTable, render
from glt_cli.analysis.compare.runs import compared_runs
from glt_cli.analysis.report.brief import Brief, brief
from glt_cli.analysis.report.command_line import overrides_of, read_config, shell_command
from glt_cli.analysis.report.drawing import ReportFigure
from glt_cli.analysis.report.run_detail import Agreement, RunDetail
from glt_cli.analysis.report.series import GridCell, Setting
from glt_cli.analysis.report.summary_text import cell_summary, removed
from glt_cli.experiment.record import metric_name

_SCORE_METRICS = ("dense", "test", "difference")
_COST_METRICS = tuple(
    metric for name in DEFAULT_CHOICES for metric in CHOICES[name] if metric not in _SCORE_METRICS
)


@dataclass(frozen=True)
class PageFigure:
    """A figure on the page."""

    title: str
    caption: str
    alt: str
    svg: Markup


@dataclass(frozen=True)
class Section:
    """The section of one data set × backbone.

    Attributes:
        anchor: The anchor of its heading.
        heading: The heading.
        summary: What the runs show, in sentences.
        tables: Titles and tables: scores, then sparsities and costs.
        notes: Notes under the tables.
        figures: Figures of all runs.
        detail: Sentences about one run; empty if there is none.
        agreement: Kinds of edges and their agreement of classes, in that run.
        detail_figures: Figures of that run.
        gaps: Seeds and targets that are missing.
        commands: Commands that make these runs.
    """

    anchor: str
    heading: str
    summary: list[str]
    tables: list[tuple[str, RenderedTable]]
    notes: list[str]
    figures: list[PageFigure]
    detail: list[str]
    agreement: list[tuple[str, str]]
    detail_figures: list[PageFigure]
    gaps: list[str]
    commands: list[str]


def make_section(
    cell: GridCell,
    runs: Sequence[StoredRun],
    figures: Sequence[ReportFigure],
    detail: RunDetail | None,
    detail_figures: Sequence[ReportFigure],
    tolerance: float,
) -> Section:
    """Make the section of one data set × backbone.

    Args:
        cell: Its finished runs.
        runs: All of its runs.
        figures: Figures of the cell.
        detail: Details of one run.
        detail_figures: Figures of that run.
        tolerance: What a winning ticket may lose, as a fraction.
    """
    settings = [*cell.dense, *cell.settings]
    # Each row has its own dense score, so the dense settings need no rows.
    shown = cell.settings or cell.dense
    unused = notes_on_unused(compared_runs(runs), sum(len(setting.runs) for setting in settings))
    metric = metric_name(cell.metric)
    tables: list[tuple[str, RenderedTable]] = []
    for is_distilled, start in ((False, ""), (True, "Distilled from the dense model: ")):
        results = [each.result for each in shown if each.is_distilled == is_distilled]
        if not results:
            continue
        pivot_table = pivot(results, ("method", "targets"), None)
        scores = render(pivot_table, _SCORE_METRICS, tolerance, [] if tables else list(unused))
        costs = render(pivot_table, _COST_METRICS, tolerance)
        titles = (
            f"Test {metric} in per cent, mean ± standard deviation over seeds",
            "Sparsities and costs: means over seeds",
        )
        for title, table in zip(titles, (scores, costs), strict=True):
            text = f"{start}{title[0].lower()}{title[1:]}" if start else title
            tables.append((text, table))
    notes = [note for _, table in tables for note in table.notes]
    if any(table.has_best for _, table in tables):
        notes.append("Bold: the best tickets of the same targets.")
    return Section(
        anchor=cell.name,
        heading=f"{cell.backbone} on {cell.dataset}",
        summary=cell_summary(cell, tolerance),
        tables=tables,
        notes=list(dict.fromkeys(notes)),
        figures=[_page_figure(figure) for figure in figures],
        detail=list(_detail_sentences(detail)) if detail else [],
        agreement=_agreement(detail.agreement) if detail else [],
        detail_figures=[_page_figure(figure) for figure in detail_figures],
        gaps=list(_gaps(cell)),
        commands=_commands(cell),
    )


def _page_figure(figure: ReportFigure) -> PageFigure:
    return PageFigure(figure.title, figure.caption, figure.alt, Markup(figure.inline()))


def _detail_sentences(detail: RunDetail) -> Iterable[str]:
    record = detail.run.record
    targets = record.graph_sparsity_target, record.weight_sparsity_target
    trained = "" if record.distill else "label-trained "
    yield (
        f"{record.label}, seed {record.seed}, {removed(targets)} removed: the median seed of the "
        f"{trained}setting with the best mean validation score among those with most seeds "
        "(searches that removed edges are preferred). Its files are in "
        f"{detail.run.folder.path.name}."
    )
    assert record.ticket_test is not None
    assert record.dense_test is not None
    yield (
        f"Test score: dense {record.dense_test:.2%}, ticket {record.ticket_test:.2%}. The ticket "
        f"is the model of retraining epoch {record.ticket_epoch}, the best on validation."
    )
    if change := detail.mask_change:
        shares = [
            f"{share:.1%} of the kept {elements} were not in the first mask (for random masks it "
            f"would be {expected:.1%})"
            for elements, share, expected in (
                ("edges", change.edges, record.graph_sparsity or 0.0),
                ("weights", change.weights, record.weight_sparsity or 0.0),
            )
            if share is not None and expected
        ]
        yield (
            f"Elements were exchanged {len(detail.exchanges)} times while denoising. In the "
            f"selected masks, those of denoising epoch {change.epoch}, {' and '.join(shares)}."
        )
    if detail.kept is not None and detail.kept.all():
        yield "All edges are kept, so there are no removed edges to describe."
    if isinstance(detail.agreement, str):
        yield detail.agreement


def _agreement(agreement: Agreement | str) -> list[tuple[str, str]]:
    if isinstance(agreement, str) or agreement.removed is None:
        return []
    shares = {
        "kept edges": agreement.kept,
        "removed edges": agreement.removed,
        "all edges": agreement.all,
    }
    return [(name, f"{share:.1%}") for name, share in shares.items() if share is not None]


def _gaps(cell: GridCell) -> Iterable[str]:
    """Name the seeds that settings lack, and the targets that methods lack."""
    all_seeds = sorted({seed for setting in cell.settings for seed in setting.seeds})
    for setting in cell.settings:
        if missing := [seed for seed in all_seeds if seed not in setting.seeds]:
            yield f"{setting.name}: no finished run of {ranges(missing)}."
    all_targets = sorted({setting.targets for setting in cell.settings})
    for method in cell.methods:
        present = {setting.targets for setting in cell.settings if setting.method == method}
        missing_targets = [removed(targets) for targets in all_targets if targets not in present]
        if missing_targets:
            yield f"{method}: nothing at {'; '.join(missing_targets)} removed."


def _commands(cell: GridCell) -> list[str]:
    commands = []
    # Methods that prune train their dense baselines themselves.
    for setting in cell.settings or cell.dense:
        config = read_config(setting.runs[0].folder)
        overrides = overrides_of(config) if config else None
        commands.append(
            shell_command(overrides, setting.seeds) if overrides else _no_command(setting)
        )
    return commands


def _no_command(setting: Setting) -> str:
    return f"# {setting.name}: its config.yaml is missing, damaged or of another version of glt"


@dataclass(frozen=True)
class Page:
    """The whole page.

    Attributes:
        title: The title.
        brief: What the runs show, for readers who don't know the methods.
        headlines: The figures that belong to it.
        overview: What all runs have in common, as names and values.
        sections: One for each data set × backbone.
        failed: Name, status and error of runs that did not finish.
        unrecorded: Folders of runs without a record.
        tolerance: What a winning ticket may lose, in points.
        command: The command that writes the page.
    """

    title: str
    brief: Brief
    headlines: list[PageFigure]
    overview: list[tuple[str, str]]
    sections: list[Section]
    failed: list[tuple[str, str, str]]
    unrecorded: list[str]
    tolerance: str
    command: str

    def render(self) -> str:
        """Write the page as one HTML file."""
        files = resources.files("glt_cli.analysis.report")
        text = (files / "template.html.j2").read_text("utf-8")
        script = f"\n{(files / 'sort.js').read_text('utf-8')}"
        digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
        environment = Environment(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        environment.filters["minus"] = _with_minus
        return environment.from_string(text).render(
            page=self, script=Markup(script), script_digest=digest
        )


def _with_minus(text: str) -> str:
    """Replace hyphens before numbers by minus signs."""
    return f" {text}".replace(" -", " −").replace("(-", "(−")[1:] if text != "-" else "–"


def make_page(
    runs: Sequence[StoredRun],
    cells: Sequence[GridCell],
    headlines: Sequence[ReportFigure],
    sections: list[Section],
    unrecorded: Sequence[Path],
    tolerance: float,
    arguments: Sequence[str],
) -> Page:
    """Make the page.

    Args:
        runs: All runs.
        cells: The finished runs by data set and backbone.
        headlines: Figures of the first cells.
        sections: The sections of the cells.
        unrecorded: Folders of runs without a record.
        tolerance: What a winning ticket may lose, as a fraction.
        arguments: Arguments of the `glt report` command that writes the page.
    """
    failed = [
        (run.folder.path.name, run.record.status, run.record.error or "")
        for run in runs
        if run.record.status != "done"
    ]
    names = ", ".join(f"{cell.backbone} on {cell.dataset}" for cell in cells)
    return Page(
        title=f"Graph lottery tickets: {names}" if names else "Graph lottery tickets",
        brief=brief(cells, tolerance),
        headlines=[_page_figure(figure) for figure in headlines],
        overview=overview(runs),
        sections=sections,
        failed=failed,
        unrecorded=[path.name for path in unrecorded],
        tolerance=f"{100 * tolerance:g}",
        command=shlex.join(["glt", "report", *arguments]),
    )


def overview(runs: Sequence[StoredRun]) -> list[tuple[str, str]]:
    """Summarise what was run, as names and values."""
    records = [run.record for run in runs]
    done = sum(record.status == "done" for record in records)
    commits = {(record.commit or "not recorded")[:12] for record in records}
    if any((record.commit or "").endswith("-dirty") for record in records):
        commits.add("some with changed files")
    newest = max(record.finished for record in records)
    return [
        ("Runs", f"{done} finished of {len(records)}, dense baselines included"),
        ("Methods", _distinct(record.label for record in records)),
        ("Data sets", _distinct(record.dataset for record in records)),
        ("Backbones", _distinct(record.backbone for record in records)),
        ("Seeds", ranges({record.seed for record in records}).partition(" ")[2]),
        ("Computed on", _distinct(record.device for record in records)),
        ("Versions", "; ".join(sorted({r.versions for r in records if r.versions}))),
        ("Commits of glt", ", ".join(sorted(commits))),
        ("Newest run", newest.replace("T", " ").replace("+00:00", " UTC")),
    ]


def _distinct(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names) - {""}))
