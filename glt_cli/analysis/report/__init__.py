"""One page that shows what many runs come to: HTML that needs nothing beside it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glt_cli.analysis.collect import StoredRun, collect
from glt_cli.analysis.compare.filters import matching
from glt_cli.analysis.compare.runs import compared_runs
from glt_cli.analysis.report.drawing import Drawn
from glt_cli.analysis.report.figures import cell_figures
from glt_cli.analysis.report.page import page, part
from glt_cli.analysis.report.run_detail import tell
from glt_cli.analysis.report.run_detail_figures import story_figures
from glt_cli.analysis.report.series import GridCell, Setting, cells_of


@dataclass(frozen=True)
class Report:
    """A finished report: its page, the figures on it, and how many runs it covers."""

    html: str
    figures: list[Drawn]
    runs: int


def build(
    folders: Sequence[str],
    tolerance: float,
    data_root: str | None,
    again: Sequence[str],
    where: Sequence[str] = (),
) -> Report:
    """Read runs and make the report of them; the same runs give the same bytes.

    Args:
        folders: Where the runs are.
        tolerance: What a winning ticket may lose, as a fraction.
        data_root: Folder with data sets, for class labels.
        again: Words after `glt report` that make it anew.
        where: Conditions that its runs meet.

    Raises:
        UserError: There are no runs, or a condition can't be read.
    """
    everything = sorted(collect(folders), key=lambda run: run.folder.path.name)
    chosen = {entry.place for entry in matching(compared_runs(everything), where)}
    runs = [run for run in everything if str(run.folder.path.resolve()) in chosen]
    cells = cells_of(runs, tolerance)
    parts, drawn = [], []
    for cell in cells:
        figures, stories = cell_figures(cell), []
        story = None
        if run := _best_documented(cell):
            story = tell(run, data_root)
            stories = story_figures(story, f"{cell.name}-story")
        of_cell = [r for r in runs if (r.record.dataset, r.record.backbone) == cell.key]
        parts.append(part(cell, of_cell, figures, story, stories, tolerance))
        drawn += [*figures, *stories]
    unrecorded = [] if where else _unrecorded(folders, runs)
    whole = page(runs, cells, parts, unrecorded, tolerance, again)
    return Report(whole.render(), drawn, len(runs))


def _best_documented(cell: GridCell) -> StoredRun | None:
    """The median seed by validation of the best setting by validation, among those on most seeds.

    A setting that was retrained in the ordinary way, searched, and removed edges goes before
    others.
    """

    def worth(setting: Setting) -> tuple[bool, int, bool, bool, float]:
        plain = setting.runs[0].record.control == "none"
        searched = setting.mean("find_epochs") > 0
        has_cut = setting.targets[0] > 0
        return plain, len(setting.runs), searched, has_cut, setting.mean("ticket_val")

    if not (settings := cell.settings or cell.dense):
        return None
    best = max(settings, key=worth)
    in_order = sorted(best.runs, key=lambda run: (run.record.ticket_val or 0, run.record.seed))
    return in_order[(len(in_order) - 1) // 2]


def _unrecorded(folders: Sequence[str], runs: Sequence[StoredRun]) -> list[Path]:
    """Folders of runs that began and left no record that can be read."""
    known = {run.folder.path.resolve() for run in runs}
    found = set()
    for name in folders:
        for place, inner, files in os.walk(Path(name).expanduser()):
            inner[:] = [folder for folder in inner if not folder.startswith(".")]
            path = Path(place).resolve()
            if "config.yaml" in files and path not in known:
                found.add(path)
    return sorted(found)
