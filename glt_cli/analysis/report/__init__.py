"""One self-contained HTML page about any number of runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glt_cli.analysis.collect import StoredRun, collect
from glt_cli.analysis.compare.filters import matching
from glt_cli.analysis.compare.runs import compared_runs
from glt_cli.analysis.report.brief import MAX_ROWS
from glt_cli.analysis.report.drawing import ReportFigure
from glt_cli.analysis.report.figures import cell_figures
from glt_cli.analysis.report.headline import headline
from glt_cli.analysis.report.page import make_page, make_section
from glt_cli.analysis.report.run_detail import read_detail
from glt_cli.analysis.report.run_detail_figures import detail_figures
from glt_cli.analysis.report.series import GridCell, Setting, cells_of
from glt_cli.errors import at_home


@dataclass(frozen=True)
class Report:
    """A report: its page, the figures on it, and the number of runs."""

    html: str
    figures: list[ReportFigure]
    run_count: int


def build(
    folders: Sequence[str],
    tolerance: float,
    data_root: str | None,
    arguments: Sequence[str],
    conditions: Sequence[str] = (),
) -> Report:
    """Read runs and build the report on them; the same runs give the same bytes.

    Args:
        folders: Folders with runs.
        tolerance: What a winning ticket may lose, as a fraction.
        data_root: Folder with data sets, for the classes of nodes.
        arguments: Arguments of `glt report` that build this report, for the page to show.
        conditions: Conditions that runs must meet to be included.

    Raises:
        UserError: There are no runs, or a condition can't be parsed.
    """
    all_runs = sorted(collect(folders), key=lambda run: run.folder.path.name)
    included = {run.folder for run in matching(compared_runs(all_runs), conditions)}
    runs = [run for run in all_runs if str(run.folder.path.resolve()) in included]
    cells = cells_of(runs, tolerance)
    sections, figures = [], []
    headlines: list[ReportFigure] = []
    for cell in cells:
        of_cell = cell_figures(cell)
        if figure := headline(cell):
            # Those beyond the first are shown in their sections.
            if len(headlines) < MAX_ROWS:
                headlines.append(figure)
                figures.append(figure)
            else:
                of_cell = [figure, *of_cell]
        detail, of_detail = None, []
        if run := _best_documented(cell):
            detail = read_detail(run, data_root)
            of_detail = detail_figures(detail, f"{cell.name}-run")
        cell_runs = [r for r in runs if (r.record.dataset, r.record.backbone) == cell.key]
        sections.append(make_section(cell, cell_runs, of_cell, detail, of_detail, tolerance))
        figures += [*of_cell, *of_detail]
    unrecorded = [] if conditions else _unrecorded(folders, runs)
    page = make_page(runs, cells, headlines, sections, unrecorded, tolerance, arguments)
    return Report(page.render(), figures, len(runs))


def _best_documented(cell: GridCell) -> StoredRun | None:
    """The run to show in detail: the median seed of the best setting, both by validation.

    Settings trained on labels, without a control, with more seeds, with a search and with pruned
    edges are preferred.
    """

    def preference(setting: Setting) -> tuple[bool, bool, int, bool, bool, float]:
        is_plain = setting.runs[0].record.control == "none"
        was_searched = setting.mean("find_epochs") > 0
        prunes_edges = setting.targets[0] > 0
        on_labels = not setting.is_distilled
        return (
            on_labels,
            is_plain,
            len(setting.runs),
            was_searched,
            prunes_edges,
            setting.mean("ticket_val"),
        )

    if not (settings := cell.settings or cell.dense):
        return None
    best = max(settings, key=preference)
    by_score = sorted(best.runs, key=lambda run: (run.record.ticket_val or 0, run.record.seed))
    return by_score[(len(by_score) - 1) // 2]


def _unrecorded(folders: Sequence[str], runs: Sequence[StoredRun]) -> list[Path]:
    """Folders of runs that started but have no readable record."""
    recorded = {run.folder.path.resolve() for run in runs}
    unrecorded = set()
    for name in folders:
        for folder, subfolders, files in os.walk(at_home(name)):
            subfolders[:] = [child for child in subfolders if not child.startswith(".")]
            path = Path(folder).resolve()
            if "config.yaml" in files and path not in recorded:
                unrecorded.add(path)
    return sorted(unrecorded)
