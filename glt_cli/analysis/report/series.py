"""Runs arranged for figures: cells of a grid, their settings, curves and dense baselines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from glt_cli.analysis.collect import StoredRun
from glt_cli.analysis.compare.fields import sort_key, targets_text, text
from glt_cli.analysis.compare.runs import compared_runs
from glt_cli.analysis.compare.statistics import SettingResult, compare
from glt_cli.config.methods import METHODS, MethodConfig


@dataclass(frozen=True)
class Setting:
    """Runs that differ only in their seed.

    Attributes:
        method: The label of the method, with the settings that distinguish it in this cell.
        runs: The finished runs, by seed.
        result: Their result.
    """

    method: str
    runs: list[StoredRun]
    result: SettingResult

    def values(self, field: str) -> NDArray[np.float64]:
        """A field of the records by seed; NaN where it is missing."""
        values = [getattr(run.record, field) for run in self.runs]
        return np.array([np.nan if value is None else value for value in values], float)

    def mean(self, field: str) -> float:
        """Mean of a field over seeds."""
        return float(self.values(field).mean())

    @property
    def seeds(self) -> list[int]:
        """Seeds of its runs."""
        return list(self.result.seeds)

    @property
    def targets(self) -> tuple[float, float]:
        """Target graph sparsity and target weight sparsity."""
        record = self.runs[0].record
        return record.graph_sparsity_target, record.weight_sparsity_target

    @property
    def is_distilled(self) -> bool:
        """Whether its tickets were trained on the dense model's outputs, not on labels alone."""
        return self.runs[0].record.distill > 0

    @property
    def is_control(self) -> bool:
        """Whether its tickets only tell what other tickets are worth."""
        schema = METHODS.get(self.runs[0].record.method)
        return self.runs[0].record.control != "none" or (schema is not None and schema.is_control)

    @property
    def is_smaller_model(self) -> bool:
        """Whether its tickets are whole models of another width."""
        schema = METHODS.get(self.runs[0].record.method)
        return schema is not None and schema.resized is not MethodConfig.resized

    @property
    def kept_macs(self) -> float:
        """Mean share of the dense model's multiply-adds that is left; NaN if it is not known."""
        return float((self.values("ticket_macs") / self.values("dense_macs")).mean())

    @property
    def order(self) -> tuple[object, ...]:
        """Sorts settings by method; distilled ones come last."""
        method = self.result.field_values["method"]
        return self.is_distilled, sort_key("method", method), self.method

    @property
    def name(self) -> str:
        """Its method and targets."""
        return f"{self.method}, {targets_text(self.targets)}"


@dataclass(frozen=True)
class Baseline:
    """A dense model: its scores by seed, and the methods that are compared with it."""

    methods: list[str]
    by_seed: dict[int, float]


@dataclass(frozen=True)
class GridCell:
    """A data set × backbone: settings that prune, dense baselines and dense settings."""

    dataset: str
    backbone: str
    metric: str
    settings: list[Setting]
    baselines: list[Baseline]
    dense: list[Setting]

    @property
    def key(self) -> tuple[str, str]:
        """Data set and backbone."""
        return self.dataset, self.backbone

    @property
    def name(self) -> str:
        """Its name in file names and anchors."""
        name = f"{self.dataset}-{self.backbone}"
        plain = re.sub(r"[^A-Za-z0-9_-]", "-", name)
        # Different names must stay different.
        return plain if plain == name else f"{plain}-{crc32(name.encode()):08x}"

    @property
    def methods(self) -> list[str]:
        """All methods, the simplest first."""
        ordered = sorted(self.settings, key=lambda setting: setting.order)
        return list(dict.fromkeys(setting.method for setting in ordered))

    @property
    def distilled(self) -> set[str]:
        """The methods whose tickets were trained on the dense model's outputs."""
        return {setting.method for setting in self.settings if setting.is_distilled}


def cells_of(runs: Sequence[StoredRun], tolerance: float) -> list[GridCell]:
    """Group finished runs by data set and backbone."""
    all_runs = compared_runs(runs)
    stored = {run.folder: stored for run, stored in zip(all_runs, runs, strict=True)}
    done = [run for run in all_runs if run.is_done]
    cells: dict[tuple[str, str], list[Setting]] = {}
    for result in compare(done, [], tolerance):
        latest = {
            run.record.seed: stored[run.folder]
            for run in sorted(done, key=lambda run: (run.record.finished, run.folder))
            if run.record.config_hash == result.config_hash
        }
        values = result.field_values
        setting = Setting(str(values["method"]), [latest[seed] for seed in result.seeds], result)
        key = str(values["dataset"]), str(values["backbone"])
        cells.setdefault(key, []).append(setting)
    return [_cell(*key, settings) for key, settings in sorted(cells.items())]


def _cell(dataset: str, backbone: str, settings: list[Setting]) -> GridCell:
    dense = [setting for setting in settings if setting.method == "dense"]
    pruned = _distinguished([setting for setting in settings if setting.method != "dense"])
    metric = settings[0].result.metric
    return GridCell(dataset, backbone, metric, pruned, _baselines(pruned or dense), dense)


#: Settings that targets and the method's label show.
_SHOWN = ("sparsity.", "retrain.")


def _distinguished(settings: list[Setting]) -> list[Setting]:
    """Add to each method the settings in which its runs differ; sort by targets and method."""
    distinguished = []
    for setting in settings:
        same_method = [
            other.result.settings for other in settings if other.method == setting.method
        ]
        differing = [
            f"{key.rpartition('.')[2]} {text(key, value)}"
            for key, value in sorted(setting.result.settings.items())
            if not key.startswith(_SHOWN)
            and any(repr(other.get(key, value)) != repr(value) for other in same_method)
        ]
        if differing:
            setting = replace(setting, method=f"{setting.method} [{', '.join(differing)}]")
        distinguished.append(setting)
    return sorted(distinguished, key=lambda setting: (setting.targets, setting.order))


def _baselines(settings: list[Setting]) -> list[Baseline]:
    """Find the distinct dense models by their scores: methods may train theirs differently.

    The model that most methods share comes first.
    """
    baselines: list[Baseline] = []
    for setting in settings:
        scores = dict(zip(setting.seeds, setting.values("dense_test"), strict=True))
        _add_scores(baselines, scores, setting.method)
    return sorted(baselines, key=lambda baseline: -len(baseline.methods))


def _add_scores(baselines: list[Baseline], scores: dict[int, float], method: str) -> None:
    for baseline in baselines:
        known = baseline.by_seed
        if all(known.get(seed, score) == score for seed, score in scores.items()):
            known.update(scores)
            if method not in baseline.methods:
                baseline.methods.append(method)
            return
    baselines.append(Baseline([method], scores))


@dataclass(frozen=True)
class CurvePoint:
    """A point of a curve: mean sparsities, and a score for each seed."""

    graph_sparsity: float
    weight_sparsity: float
    seeds: list[int]
    scores: list[float]
    round: int | None = None


def curve_points(setting: Setting) -> list[CurvePoint]:
    """Points of a setting: its earlier rounds, if they were retrained, then its tickets."""
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
    final = CurvePoint(
        setting.mean("graph_sparsity"),
        setting.mean("weight_sparsity"),
        setting.seeds,
        list(setting.values("ticket_test")),
    )
    return [*points, final]


def _rounds(run: StoredRun) -> list[tuple[int, float, float, float]]:
    columns = ["round", "graph_sparsity", "weight_sparsity", "test"]
    try:
        table = pd.read_csv(run.folder.rounds_table)[columns].astype(float)
    except (OSError, ValueError, KeyError):
        return []
    return [(int(row[0]), row[1], row[2], row[3]) for row in table.to_numpy()]
