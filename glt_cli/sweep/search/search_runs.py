"""The runs of a search: ordinary runs, already finished or run as a grid."""

from __future__ import annotations

from collections.abc import Sequence

from glt_cli.config.request import Point, Request
from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, finished, read_record
from glt_cli.sweep.progress import WholeSearch
from glt_cli.sweep.search.find_extreme import RungRunner, RunsFailedError
from glt_cli.sweep.search.ladder import Rung, describe
from glt_cli.sweep.search.search_request import SearchRequest
from glt_cli.sweep.sweep import complete, with_folders


def rung_runner(search: SearchRequest, combination: Point, whole: WholeSearch) -> RungRunner:
    """Make a function that runs a rung as a grid, unless its runs are finished, and counts them."""

    def run(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        done = finished_runs(search, combination, rung, seeds)
        if len(done) < len(seeds):
            done = _completed(search, combination, rung, seeds, whole)
        whole.ended += len(seeds)
        return done

    return run


def finished_runs(
    search: SearchRequest, combination: Point, rung: Rung, seeds: Sequence[int]
) -> list[Record]:
    """The records of the finished runs of a rung."""
    points = [Point([], config) for config in search.configs(combination, rung, seeds)]
    found = [finished(RunFolder(path)) for _, path in with_folders(points)]
    return [record for record in found if record]


def _completed(
    search: SearchRequest,
    combination: Point,
    rung: Rung,
    seeds: Sequence[int],
    whole: WholeSearch,
) -> list[Record]:
    from glt_cli.sweep.summary import print_failure

    points = [Point([], config) for config in search.configs(combination, rung, seeds)]
    name = describe(search.pruned, rung)
    try:
        folders, _ = complete(Request(points, is_grid=True, hydra=search.hydra), whole)
    except UserError as error:
        raise RunsFailedError(f"{name}: {'; '.join(str(error).splitlines())}") from error
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
        raise RunsFailedError(f"{name}: {len(failed)} of {len(folders)} runs failed ({reasons})")
    return done
