"""Figures that others published, to stand beside ours: never part of a mean, always labelled."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.measures import METRICS
from glt_cli.analysis.compare.statistics import Estimate, SettingResult
from glt_cli.config.methods import METHODS

_FILE = Path(__file__).resolve().parent.parent / "published.csv"
#: What stands for every backbone, or data set.
_EVERY = "*"

Targets = tuple[float, float]


@dataclass(frozen=True)
class Published:
    """One figure.

    Attributes:
        source: Who published it, or measured it with whose code.
        where: Where it stands, and what kind of figure it is.
        method: Its method, by our name where we have it.
        backbone: Its backbone; `*` for a claim about all.
        dataset: Its data set; `*` likewise.
        quantity: A name of METRICS (`macs` as a count, `memory_gb`), or words in a claim.
        targets: Shares of edges and weights removed; None where the source doesn't say.
        value: Scores and sparsities as fractions.
        deviation: Over seeds.
        seeds: How many.
        note: What a reader must know.
    """

    source: str
    where: str
    method: str
    backbone: str
    dataset: str
    quantity: str
    targets: Targets | None
    value: float
    deviation: float | None
    seeds: int | None
    note: str


def read() -> list[Published]:
    """Read the package's file of them."""
    with _FILE.open(newline="") as file:
        return [_parse(row) for row in csv.DictReader(file)]


def _parse(row: dict[str, str]) -> Published:
    graph, weight = row["graph_sparsity"], row["weight_sparsity"]
    return Published(
        **{key: row[key] for key in ("source", "where", "method", "backbone", "dataset")},
        quantity=row["quantity"],
        targets=(float(graph), float(weight)) if graph and weight else None,
        value=float(row["value"]),
        deviation=float(row["deviation"]) if row["deviation"] else None,
        seeds=int(row["seeds"]) if row["seeds"] else None,
        note=row["note"],
    )


def beside(
    ours: Sequence[SettingResult],
    by: Sequence[str],
    metrics: Sequence[str],
    figures: list[Published],
) -> list[SettingResult]:
    """Find what was published about the same methods, backbones and data sets.

    Of each source that with the nearest kind of target: the same sides pruned before other
    sides, then the nearest shares. Methods that glt doesn't have stand beside all of ours.

    Args:
        ours: What it shall stand beside.
        by: Keys of the table; a label names what they leave out.
        metrics: Figures of the table.
        figures: All that was published.
    """
    shown = set(metrics)
    gathered = [pair for pair in _gather(figures, by) if shown & set(pair[1].figures)]
    chosen: set[int] = set()
    for outcome in ours:
        near: dict[tuple[str, object], list[int]] = defaultdict(list)
        for i, (source, one) in enumerate(gathered):
            if not _matches(one, outcome):
                continue
            if one.facts[fields.TARGETS] is None:
                chosen.add(i)
            else:
                near[source, one.facts["method"]].append(i)
        for places in near.values():
            distances = {i: _distance(gathered[i][1], outcome) for i in places}
            nearest = min(distances.values())
            chosen |= {i for i in places if distances[i] == nearest}
    return [gathered[i][1] for i in sorted(chosen)]


def claims(ours: Iterable[SettingResult], figures: Iterable[Published]) -> list[str]:
    """Say what sources claim of our methods as a whole, which no cell can hold."""
    methods = {str(outcome.facts["method"]) for outcome in ours}
    values: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in figures:
        if one.dataset == _EVERY and one.method in methods:
            value = f"{one.value:g}×" if one.value >= 1 else f"{one.value:.2%}"
            # The ends of a range: "abstract, least" and "abstract, most".
            where = one.where.partition(",")[0]
            about = f"Published ({one.source}; {where}) of {one.method}"
            values[about, one.quantity, one.note].append(value)
    return [
        f"{about}: {quantity} {' to '.join(ends)}, {note}."
        for (about, quantity, note), ends in values.items()
    ]


def remarks(theirs: Sequence[SettingResult]) -> list[str]:
    """Say what a reader must know of published figures, each thing once for each source."""
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in theirs:
        about = ", ".join(fields.text(key, one.facts[key]) for key in fields.STANDARD)
        for remark in one.remarks:
            said[one.published, remark].append(about)
    lines = []
    for (label, remark), abouts in said.items():
        of_all = len(abouts) == sum(one.published == label for one in theirs)
        which = "" if of_all else f", {' and '.join(abouts)}"
        lines.append(f"{label[0].upper()}{label[1:]}{which}: {remark}.")
    return lines


def _matches(one: SettingResult, ours: SettingResult) -> bool:
    same = all(one.facts[key] == ours.facts[key] for key in ("backbone", "dataset"))
    is_foreign = str(one.facts["method"]) not in METHODS
    return same and (is_foreign or one.facts["method"] == ours.facts["method"])


def _distance(one: SettingResult, ours: SettingResult) -> tuple[bool, float]:
    theirs, mine = one.facts[fields.TARGETS], ours.facts[fields.TARGETS]
    assert isinstance(theirs, tuple)
    assert isinstance(mine, tuple)
    other_kind = [bool(share) for share in theirs] != [bool(share) for share in mine]
    return other_kind, round(sum(abs(a - b) for a, b in zip(theirs, mine, strict=True)), 9)


def _gather(figures: list[Published], by: Sequence[str]) -> list[tuple[str, SettingResult]]:
    """Put the figures of one source about one setting together; says whose they are."""
    groups: dict[tuple[object, ...], list[Published]] = defaultdict(list)
    for one in figures:
        if one.dataset != _EVERY:
            facts = (one.method, one.backbone, one.dataset, one.targets)
            groups[(one.source, one.where, *facts)].append(one)
    dense = {
        (one.source, one.backbone, one.dataset): one.value
        for one in figures
        if one.quantity == "macs" and one.targets == (0, 0)
    }
    return [(group[0].source, _outcome(group, by, dense)) for group in groups.values()]


def _outcome(
    group: list[Published], by: Sequence[str], dense: dict[tuple[str, str, str], float]
) -> SettingResult:
    first = group[0]
    facts: dict[str, object] = dict.fromkeys(by)
    facts |= {"method": first.method, "backbone": first.backbone, "dataset": first.dataset}
    facts[fields.TARGETS] = first.targets
    found: dict[str, Estimate] = {}
    if first.targets:
        found = {
            "graph_sparsity": Estimate(first.targets[0], n=None),
            "weight_sparsity": Estimate(first.targets[1], n=None),
        }
    notes = list(dict.fromkeys(one.note for one in group if one.note))
    for one in group:
        name, value = one.quantity, one.value
        if name == "macs":
            notes.append(f"{value / 1e6:,.0f} M multiply-adds")
            value = 1 - value / dense[one.source, one.backbone, one.dataset]
        if name == "memory_gb":
            name, value = "memory", value * 1e9 / 2**20
        assert name in METRICS
        found[name] = Estimate(value, one.deviation, one.seeds)
    hidden = [fields.text(key, facts[key]) for key in fields.STANDARD if key not in by]
    where = "; ".join([first.where, *hidden])
    label = f"published ({first.source}; {where})"
    return SettingResult(facts=facts, figures=found, published=label, remarks=tuple(notes))
