"""`glt search`: a search for each combination of the words, and a table of what they came to."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from glt_cli.comparing.formats import draw
from glt_cli.comparing.sheet import NOTHING, Cell, Sheet
from glt_cli.errors import UserError
from glt_cli.extremes.asking import Asked, ask
from glt_cli.extremes.bisection import most_trials
from glt_cli.extremes.ladder import SIDES, Rung, said, shares
from glt_cli.extremes.seeking import Answer, Runs, RunsFailedError, seek
from glt_cli.extremes.writing import Result, as_sheet, progress, shown_sides, writer_for
from glt_cli.front import check_usable, complete, is_finished, look_around, named
from glt_cli.paths import RunFolder, write_output
from glt_cli.records import Record, finished, read_record
from glt_cli.request import Point, Request, read
from glt_cli.terminal import console


def search(known: argparse.Namespace, rest: Sequence[str]) -> int:
    """Do what `glt search` asks for; returns the exit code."""
    asked, write = _checked(known, rest)
    if known.dry_run:
        _print_plan(asked)
        return 0
    for _, folder in look_around(Request(asked.combinations, is_grid=True)):
        if not is_finished(folder):
            check_usable(folder)

    aside = console(quiet=any(point.config.quiet for point in asked.combinations))
    results = []
    for point, varied in zip(asked.combinations, _varied(asked), strict=True):

        def tell(answer: Answer, point: Point = point, varied: dict[str, str] = varied) -> None:
            line = progress(asked.side, Result(point.config, varied, answer))
            aside.print(line, markup=False, soft_wrap=True)

        answer = _seek(asked, _completing(asked, point), tell)
        results.append(Result(point.config, varied, answer))
        if answer.failure:
            print(f"glt: {results[-1].title}: stopped: {answer.failure}", file=sys.stderr)

    show = console()
    draw(as_sheet(asked, results), show)
    for place in dict.fromkeys(point.config.output_dir for point in asked.combinations):
        show.print(f"Results: {place}", markup=False, soft_wrap=True)
    if write:
        write_output(known.output, write(asked, results))
        show.print(f"Table: {known.output}", markup=False, soft_wrap=True)
    return 1 if any(result.answer.failure for result in results) else 0


def _checked(
    known: argparse.Namespace, rest: Sequence[str]
) -> tuple[Asked, Callable[[Asked, Sequence[Result]], str] | None]:
    """Check flags and words together, so that all that is wrong is said at once."""
    problems: list[str] = []
    write = None
    try:
        write = writer_for(known.output) if known.output else None
    except UserError as error:
        problems.append(str(error))
    try:
        asked = ask(known, rest)
    except UserError as error:
        problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    return asked, write


def _seek(asked: Asked, runs: Runs, tell: Callable[[Answer], None]) -> Answer:
    return seek(asked.rungs, asked.seeds, asked.test_seeds, asked.tolerance, runs, tell)


def _varied(asked: Asked) -> list[dict[str, str]]:
    """What sets searches apart beside the columns that their table has anyway."""
    from glt_cli.summary import what_varies

    shown = ("method", "backbone", "dataset", "sparsity.graph", "sparsity.weight", "seed")
    return what_varies(asked.combinations, shown)


def _completing(asked: Asked, combination: Point) -> Runs:
    """Find the runs of a rung finished, or do them: a grid like any other."""

    def runs(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        done = _finished(asked, combination, rung, seeds)
        return done if len(done) == len(seeds) else _completed(asked, combination, rung, seeds)

    return runs


def _finished(asked: Asked, combination: Point, rung: Rung, seeds: Sequence[int]) -> list[Record]:
    """Those runs of a rung that are finished."""
    points = [Point([], config) for config in asked.configs(combination, rung, seeds)]
    found = [finished(RunFolder(path)) for _, path in named(Request(points, is_grid=True))]
    return [record for record in found if record]


def _completed(asked: Asked, combination: Point, rung: Rung, seeds: Sequence[int]) -> list[Record]:
    from glt_cli.summary import print_failure

    words = asked.words(combination, rung, seeds)
    where = said(asked.side, rung)
    try:
        request = read(words, True, asked.config_dir)
        folders, _ = complete(request, words, True, asked.config_dir)
    except UserError as error:
        raise RunsFailedError(f"{where}: {'; '.join(str(error).splitlines())}") from error
    done, failed = [], []
    for _, folder in folders:
        record = read_record(RunFolder(folder))
        if record and record.status == "done":
            done.append(record)
            continue
        print_failure(folder, record)
        failed.append(record.error if record and record.error else "left no record")
    if failed:
        reasons = "; ".join(dict.fromkeys(failed))
        raise RunsFailedError(f"{where}: {len(failed)} of {len(folders)} runs failed ({reasons})")
    return done


class _NotFinishedError(Exception):
    """Not all runs of a rung with some seeds are finished."""

    def __init__(self, rung: Rung, seeds: Sequence[int], done: int) -> None:
        super().__init__()
        self.rung, self.seeds, self.done = rung, seeds, done


def _print_plan(asked: Asked) -> None:
    """Print the searches, how far finished runs take each, and what they may cost at most."""
    varied = _varied(asked)
    removed = shown_sides(asked, [point.config for point in asked.combinations])
    others = [heading for heading, key in removed.items() if key not in SIDES[asked.side]]
    rows, names = [], []
    for point, further in zip(asked.combinations, varied, strict=True):
        result = Result(point.config, further, Answer())
        names = [*result.names, *others]
        targets = [f"{result.removed(removed[key], asked.side):.2%}" for key in others]
        rows.append([Cell(t) for t in (*result.names.values(), *targets, *_next(asked, point))])
    trials = most_trials(len(asked.rungs))
    each = trials * len(asked.seeds) + len(asked.test_seeds)
    count = len(rows)
    notes = [
        f"Ladder of {asked.side}, {len(asked.rungs)} rungs: "
        f"{', '.join(shares(rung) for rung in asked.rungs)}.",
        f"At most {count * each} runs: for each search {trials} rungs × {len(asked.seeds)} seeds, "
        f"and {len(asked.test_seeds)} test seeds at what is found. Finished ones are used again; "
        "missing dense baselines are not counted.",
    ]
    headings = [*names, "next rung", "for", "finished runs of it"]
    title = f"{count} {'search' if count == 1 else 'searches'}"
    draw(Sheet(title, headings, len(names), rows, notes), console())


def _next(asked: Asked, combination: Point) -> list[str]:
    """The first rung that finished runs leave open: where it is, for what, and how far."""

    def runs(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        done = _finished(asked, combination, rung, seeds)
        if len(done) < len(seeds):
            raise _NotFinishedError(rung, seeds, len(done))
        return done

    try:
        _seek(asked, runs, lambda _: None)
    except _NotFinishedError as left:
        what = "test" if left.seeds == asked.test_seeds else "validation"
        return [shares(left.rung), what, f"{left.done} of {len(left.seeds)}"]
    return [NOTHING, "answered", "all"]
