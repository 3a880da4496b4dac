"""Runs as figures need them: cells, settings in them, curves over sparsities, dense baselines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glt_cli.analysis.collect import StoredRun
from glt_cli.analysis.compare.fields import rank, targets_text, text
from glt_cli.analysis.compare.runs import compared_runs
from glt_cli.analysis.compare.statistics import SettingResult, compare


@dataclass(frozen=True)
class Setting:
    """Runs that differ in their seed alone.

    Attributes:
        method: The method as tables call it, with what tells it from its like in this cell.
        runs: Finished, by seed.
        outcome: What they come to.
    """

    method: str
    runs: list[StoredRun]
    outcome: SettingResult

    def values(self, field: str) -> NDArray[np.float64]:
        """A figure of the records, seed by seed; NaN where a record lacks it."""
        given = [getattr(run.record, field) for run in self.runs]
        return np.array([np.nan if value is None else value for value in given], float)

    def mean(self, field: str) -> float:
        """Mean over seeds."""
        return float(self.values(field).mean())

    @property
    def seeds(self) -> list[int]:
        """Seeds of its runs."""
        return list(self.outcome.seeds)

    @property
    def targets(self) -> tuple[float, float]:
        """Shares of edges and weights to remove."""
        record = self.runs[0].record
        return record.graph_sparsity_target, record.weight_sparsity_target

    @property
    def rank(self) -> tuple[object, ...]:
        """Where its method stands among others."""
        return rank("method", self.outcome.facts["method"]), self.method

    @property
    def name(self) -> str:
        """Method and targets."""
        return f"{self.method}, {targets_text(self.targets)}"


@dataclass(frozen=True)
class Baseline:
    """One dense model: its score by seed, and the methods that are compared with it."""

    methods: list[str]
    by_seed: dict[int, float]


@dataclass(frozen=True)
class GridCell:
    """A data set × backbone: its settings, apart from the dense baseline, and the latter."""

    dataset: str
    backbone: str
    metric: str
    settings: list[Setting]
    baselines: list[Baseline]
    dense: list[Setting]

    @property
    def key(self) -> tuple[str, str]:
        """What its records have in common."""
        return self.dataset, self.backbone

    @property
    def name(self) -> str:
        """Of files and anchors."""
        text = f"{self.dataset}-{self.backbone}"
        plain = re.sub(r"[^A-Za-z0-9_-]", "-", text)
        # Two names must not become one.
        return plain if plain == text else f"{plain}-{crc32(text.encode()):08x}"

    @property
    def methods(self) -> list[str]:
        """Names of all methods, the simplest first."""
        ordered = sorted(self.settings, key=lambda setting: setting.rank)
        return list(dict.fromkeys(setting.method for setting in ordered))


def cells_of(runs: Sequence[StoredRun], tolerance: float) -> list[GridCell]:
    """Sort finished runs into cells."""
    whole = compared_runs(runs)
    by_place = {entry.place: run for entry, run in zip(whole, runs, strict=True)}
    done = [entry for entry in whole if entry.is_done]
    cells: dict[tuple[str, str], list[Setting]] = {}
    for outcome in compare(done, [], tolerance):
        members = {
            entry.record.seed: by_place[entry.place]
            for entry in sorted(done, key=lambda entry: (entry.record.finished, entry.place))
            if entry.record.config_hash == outcome.setting
        }
        runs_by_seed = [members[seed] for seed in outcome.seeds]
        setting = Setting(str(outcome.facts["method"]), runs_by_seed, outcome)
        key = str(outcome.facts["dataset"]), str(outcome.facts["backbone"])
        cells.setdefault(key, []).append(setting)
    return [_cell(*key, settings) for key, settings in sorted(cells.items())]


def _cell(dataset: str, backbone: str, settings: list[Setting]) -> GridCell:
    dense = [setting for setting in settings if setting.method == "dense"]
    others = _named([setting for setting in settings if setting.method != "dense"])
    metric = settings[0].outcome.metric
    return GridCell(dataset, backbone, metric, others, _baselines(others or dense), dense)


#: Settings that stand in their own columns.
_SHOWN = ("sparsity.", "retrain.")


def _named(settings: list[Setting]) -> list[Setting]:
    """Where one method was set in several ways, say in which; order by method and targets."""
    named = []
    for setting in settings:
        alike = [other.outcome.settings for other in settings if other.method == setting.method]
        differing = [
            f"{key.rpartition('.')[2]} {text(key, value)}"
            for key, value in sorted(setting.outcome.settings.items())
            if not key.startswith(_SHOWN)
            and any(repr(other.get(key, value)) != repr(value) for other in alike)
        ]
        if differing:
            setting = replace(setting, method=f"{setting.method} [{', '.join(differing)}]")
        named.append(setting)
    return sorted(named, key=lambda setting: (setting.targets, setting.rank))


def _baselines(settings: list[Setting]) -> list[Baseline]:
    """Tell the dense models apart by their scores: methods may train theirs differently.

    The one that most methods share comes first.
    """
    found: list[Baseline] = []
    for setting in settings:
        scores = dict(zip(setting.seeds, setting.values("dense_test"), strict=True))
        _enter(found, scores, setting.method)
    return sorted(found, key=lambda baseline: -len(baseline.methods))


def _enter(found: list[Baseline], scores: dict[int, float], method: str) -> None:
    for baseline in found:
        known = baseline.by_seed
        if all(known.get(seed, score) == score for seed, score in scores.items()):
            known.update(scores)
            if method not in baseline.methods:
                baseline.methods.append(method)
            return
    found.append(Baseline([method], scores))


@dataclass(frozen=True)
class CurvePoint:
    """One place on a curve: graph and weight sparsity, and a score for each seed."""

    graph: float
    weight: float
    seeds: list[int]
    scores: list[float]
    round: int | None = None


def points_of(setting: Setting) -> list[CurvePoint]:
    """A setting's own point, after those of its earlier rounds where they were retrained."""
    rounds: dict[int, list[tuple[int, float, float, float]]] = {}
    for run in setting.runs:
        for number, graph, weight, test in _rounds(run):
            rounds.setdefault(number, []).append((run.record.seed, graph, weight, test))
    points = [
        CurvePoint(
            float(np.mean([row[1] for row in rows])),
            float(np.mean([row[2] for row in rows])),
            [row[0] for row in rows],
            [row[3] for row in rows],
            number,
        )
        for number, rows in sorted(rounds.items())
    ]
    own = CurvePoint(
        setting.mean("graph_sparsity"),
        setting.mean("weight_sparsity"),
        setting.seeds,
        list(setting.values("ticket_test")),
    )
    return [*points, own]


def _rounds(run: StoredRun) -> list[tuple[int, float, float, float]]:
    columns = ["round", "graph_sparsity", "weight_sparsity", "test"]
    try:
        table = pd.read_csv(run.folder.rounds_table)[columns].astype(float)
    except (OSError, ValueError, KeyError):
        return []
    return [(int(row[0]), row[1], row[2], row[3]) for row in table.to_numpy()]
