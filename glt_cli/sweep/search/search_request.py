"""Parse and check the arguments of `glt search`, before anything is run or written."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from glt_cli.analysis.compare.statistics import parse_tolerance
from glt_cli.config import Config, SparsityConfig
from glt_cli.config.request import Point, Request, read
from glt_cli.errors import UserError
from glt_cli.sweep.search.bisection import first_tried, most_trials
from glt_cli.sweep.search.ladder import (
    GRAPH_SPARSITY,
    PRUNABLE,
    WEIGHT_SPARSITY,
    Rung,
    ladder,
    rung_overrides,
)

#: The number of test seeds by default.
_TEST_SEEDS = 5
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class SearchRequest:
    """The searches that a command line asks for.

    Attributes:
        pruned: What is pruned along the ladder, a key of PRUNABLE.
        rungs: The ladder.
        seeds: Seeds of the trials, which decide on validation.
        test_seeds: Fresh seeds for the test.
        tolerance: What a winning ticket may lose, as a fraction.
        combinations: One for each search, at the rung that is tried first.
        dependent: Combinations in which other settings depend on the sparsities or the seed.
        config_dir: A folder with the user's own options.
        hydra: Hydra's own settings, which name the launcher.
    """

    pruned: str
    rungs: list[Rung]
    seeds: tuple[int, ...]
    test_seeds: tuple[int, ...]
    tolerance: float
    combinations: list[Point]
    dependent: list[Point]
    config_dir: str | None
    hydra: dict[str, Any] | None

    @property
    def most_runs(self) -> int:
        """How many runs one search takes at most, besides dense baselines."""
        return most_trials(len(self.rungs)) * len(self.seeds) + len(self.test_seeds)

    def overrides(self, combination: Point, rung: Rung, seeds: Sequence[int]) -> list[str]:
        """The overrides of `glt run -m` for a rung."""
        own_keys = (*PRUNABLE[self.pruned], "seed")
        others = [word for word in combination.overrides if _key(word) not in own_keys]
        return [*others, *rung_overrides(self.pruned, rung), f"seed={','.join(map(str, seeds))}"]

    def configs(self, combination: Point, rung: Rung, seeds: Sequence[int]) -> list[Config]:
        """The configurations of a rung's runs; composed only if necessary, as that is slow."""
        if combination not in self.dependent:
            return [_at_rung(combination.config, self.pruned, rung, seed) for seed in seeds]
        words = self.overrides(combination, rung, seeds)
        return [point.config for point in read(words, True, self.config_dir).points]


def read_search_request(flags: argparse.Namespace, words: Sequence[str]) -> SearchRequest:
    """Parse and check everything.

    Args:
        flags: The flags of `glt search`.
        words: Its other arguments: what is pruned, and overrides.

    Raises:
        UserError: With all problems, one per line.
    """
    pruned, overrides = _pruned_and_overrides(words)
    problems: list[str] = []

    def checked(check: Callable[[], Any]) -> Any:
        try:
            return check()
        except UserError as error:
            problems.extend(str(error).splitlines())
            return None

    rungs = checked(lambda: ladder(pruned, flags.ladder))
    seeds = checked(lambda: _seeds("--seeds", flags.seeds))
    test_seeds = seeds and checked(lambda: _test_seeds(flags.test_seeds, seeds))
    tolerance = checked(lambda: parse_tolerance(flags.tolerance))
    problems += [problem for word in overrides if (problem := _reserved(word, pruned))]
    found = Request([], is_grid=True)
    if rungs and seeds and not any(_key(word) in PRUNABLE[pruned] for word in overrides):
        first_run = [*rung_overrides(pruned, first_tried(rungs)), f"seed={seeds[0]}"]
        found = checked(partial(_combinations, overrides, first_run, pruned, flags.config_dir))
    else:
        # Check the overrides all the same, to report all problems at once.
        checked(lambda: read(overrides, True, flags.config_dir))
    if problems:
        raise UserError("\n".join(dict.fromkeys(problems)))
    for line in found.remarks:
        print(f"glt: {line}", file=sys.stderr)
    request = SearchRequest(
        pruned,
        rungs,
        seeds,
        test_seeds,
        tolerance,
        found.points,
        [],
        flags.config_dir,
        found.hydra,
    )
    return replace(request, dependent=_dependent(request))


def _dependent(request: SearchRequest) -> list[Point]:
    """Find combinations with other settings that depend on the sparsities or the seed.

    Users' own options may contain, for example, `dataset.data_seed: ${seed}`. To find them, each
    combination is composed once more, with another rung and seed.
    """
    first, seed = first_tried(request.rungs), request.test_seeds[0]
    rung = request.rungs[-1] if request.rungs[-1] != first else request.rungs[0]
    dependent = []
    for combination in request.combinations:
        words = request.overrides(combination, rung, [seed])
        [composed] = read(words, True, request.config_dir).points
        if composed.config != _at_rung(combination.config, request.pruned, rung, seed):
            dependent.append(combination)
    return dependent


def _at_rung(config: Config, pruned: str, rung: Rung, seed: int) -> Config:
    """Set the sparsities of a rung and a seed in a configuration."""
    sparsities = dict(zip(PRUNABLE[pruned], rung, strict=True))
    graph = sparsities.get(GRAPH_SPARSITY, config.sparsity.graph)
    weight = sparsities.get(WEIGHT_SPARSITY, config.sparsity.weight)
    return replace(config, sparsity=SparsityConfig(graph, weight), seed=seed)


def _pruned_and_overrides(words: Sequence[str]) -> tuple[str, list[str]]:
    if unknown := [word for word in words if word.startswith("-")]:
        raise UserError(f"glt search does not take {' '.join(unknown)}; see glt search --help")
    pruned = [word for word in words if word in PRUNABLE]
    if len(pruned) != 1:
        raise UserError(
            "say once what is pruned along the ladder: glt search edges, glt search weights or "
            "glt search both; see glt search --help"
        )
    return pruned[0], [word for word in words if word not in PRUNABLE]


def _combinations(
    overrides: Sequence[str], first_run: Sequence[str], pruned: str, config_dir: str | None
) -> Request:
    """Compose each combination of the overrides at the rung that is tried first."""
    request = read(overrides, True, config_dir)
    given = {_key(word) for point in request.points for word in point.overrides}
    # What the ladder does not prune is kept whole by default: the sparsities of presets are meant
    # for single tickets.
    unpruned = [
        f"{key}=0.0"
        for key in (GRAPH_SPARSITY, WEIGHT_SPARSITY)
        if key not in PRUNABLE[pruned] and key not in given
    ]
    request = read([*overrides, *unpruned, *first_run], True, config_dir)
    points = request.points
    problems = []
    if "sparsity" in given:
        problems.append(_NO_SPARSITY_GROUP)
    if any(point.config.force for point in points):
        problems.append("force=true: a search reuses finished runs; glt run repeats single ones")
    problems += [
        f"method={point.config.method.name}: prunes nothing, so there is no extreme to find"
        for point in points
        if not point.config.method.prunes
    ]
    if problems:
        raise UserError("\n".join(problems))
    return request


_NO_SPARSITY_GROUP = (
    "sparsity=: leave it out; glt search edges, weights or both says what is pruned, and "
    "sparsity.graph= or sparsity.weight= sets the other sparsity"
)


def _reserved(word: str, pruned: str) -> str | None:
    """Explain what replaces an override that `glt run` takes and a search does not."""
    key = _key(word)
    if key == "seed":
        return f"{word}: leave it out; --seeds and --test-seeds set the seeds of a search"
    if key in PRUNABLE[pruned]:
        return f"{word}: leave it out; the ladder sets it (--ladder gives your own)"
    if key == "sparsity":
        return _NO_SPARSITY_GROUP
    if key == "tolerance":
        return f"{word}: leave it out; --tolerance sets it"
    return None


def _key(word: str) -> str:
    return word.partition("=")[0]


def _seeds(flag: str, text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) <= _LARGEST_SEED for part in parts):
        raise UserError(
            f"{flag} {text}: must be whole numbers from 0 to {_LARGEST_SEED}, as in 0,1,2"
        )
    seeds = tuple(map(int, parts))
    if len(set(seeds)) < len(seeds):
        raise UserError(f"{flag} {text}: a seed is given twice, but is only one sample")
    return seeds


def _test_seeds(text: str | None, seeds: Sequence[int]) -> tuple[int, ...]:
    first = max(seeds) + 1
    default = ",".join(map(str, range(first, first + _TEST_SEEDS)))
    test_seeds = _seeds("--test-seeds", default if text is None else text)
    if shared := sorted(set(test_seeds) & set(seeds)):
        raise UserError(
            f"--test-seeds: {','.join(map(str, shared))} decided the search already; a test "
            "needs fresh seeds"
        )
    return test_seeds
