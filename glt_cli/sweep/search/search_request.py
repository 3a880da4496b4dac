"""From the words and flags of `glt search` to checked searches, before anything is made."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from glt_cli.analysis.compare.statistics import tolerance_of
from glt_cli.config import Config, SparsityConfig
from glt_cli.config.request import Point, Request, read
from glt_cli.errors import UserError
from glt_cli.sweep.search.bisection import first_tried
from glt_cli.sweep.search.ladder import EDGES, SIDES, WEIGHTS, Rung, ladder, words

#: As many as the search has by default.
_TEST_SEEDS = 5
_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class SearchRequest:
    """What a command line asks for.

    Attributes:
        side: What is pruned along the ladder, one of SIDES.
        rungs: The ladder.
        seeds: Seeds of the runs that decide at a rung, on validation.
        test_seeds: Fresh ones, for the test of what was found.
        tolerance: What a winning ticket may lose, as a fraction.
        combinations: One for each search, at the rung that is tried first.
        varying: Those in which further settings follow the shares or the seed.
        config_dir: A folder of the user's own options.
        hydra: Hydra's own settings, which name the launcher.
    """

    side: str
    rungs: list[Rung]
    seeds: tuple[int, ...]
    test_seeds: tuple[int, ...]
    tolerance: float
    combinations: list[Point]
    varying: list[Point]
    config_dir: str | None
    hydra: dict[str, Any] | None

    def words(self, combination: Point, rung: Rung, seeds: Sequence[int]) -> list[str]:
        """The multirun of a rung, as `glt run -m` takes it."""
        set_here = (*SIDES[self.side], "seed")
        others = [word for word in combination.overrides if _key(word) not in set_here]
        return [*others, *words(self.side, rung), f"seed={','.join(map(str, seeds))}"]

    def configs(self, combination: Point, rung: Rung, seeds: Sequence[int]) -> list[Config]:
        """The settings of a rung's runs, composed only where they must be: that takes long."""
        if combination not in self.varying:
            return [_at(combination.config, self.side, rung, seed) for seed in seeds]
        words = self.words(combination, rung, seeds)
        return [point.config for point in read(words, True, self.config_dir).points]


def read_search_request(known: argparse.Namespace, rest: Sequence[str]) -> SearchRequest:
    """Read and check everything.

    Raises:
        UserError: With everything that is wrong, a line each.
    """
    side, given = _side(rest)
    problems: list[str] = []

    def checked(check: Callable[[], Any]) -> Any:
        try:
            return check()
        except UserError as error:
            problems.extend(str(error).splitlines())
            return None

    rungs = checked(lambda: ladder(side, known.ladder))
    seeds = checked(lambda: _seeds("--seeds", known.seeds))
    test_seeds = seeds and checked(lambda: _test_seeds(known.test_seeds, seeds))
    tolerance = checked(lambda: tolerance_of(known.tolerance))
    problems += [problem for word in given if (problem := _not_here(word, side))]
    found = Request([], is_grid=True)
    if rungs and seeds and not any(_key(word) in SIDES[side] for word in given):
        set_here = [*words(side, first_tried(rungs)), f"seed={seeds[0]}"]
        found = checked(partial(_combinations, given, set_here, side, known.config_dir))
    else:
        # The words are checked all the same, so that all that is wrong is said at once.
        checked(lambda: read(given, True, known.config_dir))
    if problems:
        raise UserError("\n".join(dict.fromkeys(problems)))
    wanted = SearchRequest(
        side, rungs, seeds, test_seeds, tolerance, found.points, [], known.config_dir, found.hydra
    )
    return replace(wanted, varying=_varying(wanted))


def _varying(wanted: SearchRequest) -> list[Point]:
    """Compose each combination once more, at another rung and seed, and compare.

    Options of the user's own may follow them, as in `dataset.data_seed: ${seed}`.
    """
    tried, seed = first_tried(wanted.rungs), wanted.test_seeds[0]
    rung = wanted.rungs[-1] if wanted.rungs[-1] != tried else wanted.rungs[0]
    varying = []
    for combination in wanted.combinations:
        words = wanted.words(combination, rung, [seed])
        [composed] = read(words, True, wanted.config_dir).points
        if composed.config != _at(combination.config, wanted.side, rung, seed):
            varying.append(combination)
    return varying


def _at(config: Config, side: str, rung: Rung, seed: int) -> Config:
    """Put other shares and another seed into a configuration."""
    shares = dict(zip(SIDES[side], rung, strict=True))
    graph = shares.get(EDGES, config.sparsity.graph)
    weight = shares.get(WEIGHTS, config.sparsity.weight)
    return replace(config, sparsity=SparsityConfig(graph, weight), seed=seed)


def _side(rest: Sequence[str]) -> tuple[str, list[str]]:
    if flags := [word for word in rest if word.startswith("-")]:
        raise UserError(f"glt search does not take {' '.join(flags)}; see glt search --help")
    sides = [word for word in rest if word in SIDES]
    if len(sides) != 1:
        raise UserError(
            "say once what is pruned along the ladder: glt search edges, glt search weights or "
            "glt search both; see glt search --help"
        )
    return sides[0], [word for word in rest if word not in SIDES]


def _combinations(
    given: Sequence[str], set_here: Sequence[str], side: str, config_dir: str | None
) -> Request:
    """Compose each combination of the words at the rung that is tried first."""
    request = read(given, True, config_dir)
    named = {_key(word) for point in request.points for word in point.overrides}
    # What is not pruned along the ladder stays whole, unless somebody asks for more: the shares of
    # presets are for tickets of one sparsity.
    whole = [
        f"{key}=0.0" for key in (EDGES, WEIGHTS) if key not in SIDES[side] and key not in named
    ]
    request = read([*given, *whole, *set_here], True, config_dir)
    points = request.points
    problems = []
    if "sparsity" in named:
        problems.append(_NO_GROUP)
    if any(point.config.force for point in points):
        problems.append("force=true: a search uses finished runs again; glt run forces single ones")
    problems += [
        f"method={point.config.method.name}: prunes nothing, so there is no extreme to find"
        for point in points
        if not point.config.method.prunes
    ]
    if problems:
        raise UserError("\n".join(problems))
    return request


_NO_GROUP = (
    "sparsity=: leave it out; glt search edges, weights or both says what is pruned, and "
    "sparsity.graph= or sparsity.weight= sets the other side"
)


def _not_here(word: str, side: str) -> str | None:
    """Say what is wrong with a word that `glt run` would take, if it is."""
    key = _key(word)
    if key == "seed":
        return f"{word}: leave it out; --seeds and --test-seeds set the seeds of a search"
    if key in SIDES[side]:
        return f"{word}: leave it out; the ladder sets it (--ladder gives your own)"
    if key == "sparsity":
        return _NO_GROUP
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
        raise UserError(f"{flag} {text}: a seed stands there twice, and is no second sample")
    return seeds


def _test_seeds(text: str | None, seeds: Sequence[int]) -> tuple[int, ...]:
    first = max(seeds) + 1
    fresh = ",".join(map(str, range(first, first + _TEST_SEEDS)))
    found = _seeds("--test-seeds", fresh if text is None else text)
    if shared := sorted(set(found) & set(seeds)):
        raise UserError(
            f"--test-seeds: {','.join(map(str, shared))} decided the search already; a test "
            "needs fresh seeds"
        )
    return found
