"""The runs that a search asks for: ordinary ones, found finished or done as a grid."""

from __future__ import annotations

from collections.abc import Sequence

from glt_cli.config.request import Point, Request
from glt_cli.errors import UserError
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, finished, read_record
from glt_cli.sweep.search.find_extreme import Runs, RunsFailedError
from glt_cli.sweep.search.ladder import Rung, said
from glt_cli.sweep.search.search_request import SearchRequest
from glt_cli.sweep.sweep import complete, with_folders


def runs_of(wanted: SearchRequest, combination: Point) -> Runs:
    """Find the runs of a rung finished, or do them: a grid like any other."""

    def runs(rung: Rung, seeds: Sequence[int]) -> list[Record]:
        done = finished_runs(wanted, combination, rung, seeds)
        return done if len(done) == len(seeds) else _completed(wanted, combination, rung, seeds)

    return runs


def finished_runs(
    wanted: SearchRequest, combination: Point, rung: Rung, seeds: Sequence[int]
) -> list[Record]:
    """Those runs of a rung that are finished."""
    points = [Point([], config) for config in wanted.configs(combination, rung, seeds)]
    found = [finished(RunFolder(path)) for _, path in with_folders(points)]
    return [record for record in found if record]


def _completed(
    wanted: SearchRequest, combination: Point, rung: Rung, seeds: Sequence[int]
) -> list[Record]:
    from glt_cli.sweep.summary import print_failure

    points = [Point([], config) for config in wanted.configs(combination, rung, seeds)]
    where = said(wanted.side, rung)
    try:
        folders, _ = complete(Request(points, is_grid=True, hydra=wanted.hydra))
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
