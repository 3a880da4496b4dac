"""Published results, shown next to ours: always labelled, never part of a mean."""

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

_FILE = Path(__file__).resolve().parent / "published.csv"
#: Stands for every backbone or data set.
_ANY = "*"


@dataclass(frozen=True)
class PublishedValue:
    """One published number.

    Attributes:
        source: Who published it, or who measured it with whose code.
        location: Where in the source it is, and how it was measured.
        method: Its method, by our name if we have it.
        backbone: Its backbone; `*` for a claim about all.
        dataset: Its data set; `*` for a claim about all.
        quantity: A name of METRICS (`macs` as a count, `memory_gb`); free text in a claim.
        targets: Graph and weight sparsity; None if the source does not give them.
        value: The value; scores and sparsities as fractions.
        deviation: Standard deviation over seeds.
        seeds: Number of seeds.
        note: What a reader must know.
    """

    source: str
    location: str
    method: str
    backbone: str
    dataset: str
    quantity: str
    targets: tuple[float, float] | None
    value: float
    deviation: float | None
    seeds: int | None
    note: str


def read_published() -> list[PublishedValue]:
    """Read the published values that come with the package."""
    with _FILE.open(newline="") as file:
        return [_parse(row) for row in csv.DictReader(file)]


def _parse(row: dict[str, str]) -> PublishedValue:
    graph, weight = row["graph_sparsity"], row["weight_sparsity"]
    return PublishedValue(
        **{key: row[key] for key in ("source", "location", "method", "backbone", "dataset")},
        quantity=row["quantity"],
        targets=(float(graph), float(weight)) if graph and weight else None,
        value=float(row["value"]),
        deviation=float(row["deviation"]) if row["deviation"] else None,
        seeds=int(row["seeds"]) if row["seeds"] else None,
        note=row["note"],
    )


def closest_published(
    ours: Sequence[SettingResult],
    group_by: Sequence[str],
    metrics: Sequence[str],
    values: Sequence[PublishedValue],
) -> list[SettingResult]:
    """Find published results for the same methods, backbones and data sets.

    Of each source, the results with the closest targets are chosen: first those that prune the
    same kinds of elements, then those with the closest sparsities. Methods that glt does not
    have match all of ours.

    Args:
        ours: Our results.
        group_by: Fields of the table; labels name the standard fields that are not among them.
        metrics: Metrics of the table.
        values: All published values.
    """
    by_source = _results_by_source(values, group_by)
    candidates = [pair for pair in by_source if {*metrics} & {*pair[1].estimates}]
    chosen: set[int] = set()
    for our in ours:
        with_targets: dict[tuple[str, object], list[int]] = defaultdict(list)
        for i, (source, published) in enumerate(candidates):
            if not _matches(published, our):
                continue
            if published.field_values[fields.TARGETS] is None:
                chosen.add(i)
            else:
                with_targets[source, published.field_values["method"]].append(i)
        for indices in with_targets.values():
            distances = {i: _distance(candidates[i][1], our) for i in indices}
            smallest = min(distances.values())
            chosen |= {i for i in indices if distances[i] == smallest}
    return [candidates[i][1] for i in sorted(chosen)]


def claim_notes(ours: Iterable[SettingResult], values: Iterable[PublishedValue]) -> list[str]:
    """List what sources claim about our methods in general, which fits no cell."""
    methods = {str(result.field_values["method"]) for result in ours}
    claims: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in values:
        if one.dataset == _ANY and one.method in methods:
            value = f"{one.value:g}×" if one.value >= 1 else f"{one.value:.2%}"
            # The two ends of a range are "abstract, least" and "abstract, most".
            location = one.location.partition(",")[0]
            subject = f"Published ({one.source}; {location}) of {one.method}"
            claims[subject, one.quantity, one.note].append(value)
    return [
        f"{subject}: {quantity} {' to '.join(ends)}, {note}."
        for (subject, quantity, note), ends in claims.items()
    ]


def published_notes(published: Sequence[SettingResult]) -> list[str]:
    """List the remarks on published results, each once per source."""
    subjects: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in published:
        values = ((name, result.field_values[name]) for name in fields.STANDARD_FIELDS)
        subject = ", ".join(fields.text(name, value) for name, value in values)
        for remark in result.remarks:
            subjects[result.published_label, remark].append(subject)
    lines = []
    for (label, remark), named in subjects.items():
        is_general = len(named) == sum(result.published_label == label for result in published)
        subject = "" if is_general else f", {' and '.join(named)}"
        lines.append(f"{label[0].upper()}{label[1:]}{subject}: {remark}.")
    return lines


def _matches(published: SettingResult, our: SettingResult) -> bool:
    def agrees(field: str) -> bool:
        return published.field_values[field] == our.field_values[field]

    is_foreign = published.field_values["method"] not in METHODS
    return agrees("backbone") and agrees("dataset") and (is_foreign or agrees("method"))


def _distance(published: SettingResult, our: SettingResult) -> tuple[bool, float]:
    targets = [result.field_values[fields.TARGETS] for result in (published, our)]
    first, second = (pair for pair in targets if isinstance(pair, tuple))
    prunes_other_kinds = [bool(share) for share in first] != [bool(share) for share in second]
    return prunes_other_kinds, round(sum(abs(a - b) for a, b in zip(first, second, strict=True)), 9)


def _results_by_source(
    values: Sequence[PublishedValue], group_by: Sequence[str]
) -> list[tuple[str, SettingResult]]:
    """Collect the values of one source and setting in one result; pairs of source and result."""
    groups: dict[tuple[object, ...], list[PublishedValue]] = defaultdict(list)
    for one in values:
        if one.dataset != _ANY:
            setting = (one.method, one.backbone, one.dataset, one.targets)
            groups[(one.source, one.location, *setting)].append(one)
    dense_macs = {
        (one.source, one.backbone, one.dataset): one.value
        for one in values
        if one.quantity == "macs" and one.targets == (0, 0)
    }
    return [
        (group[0].source, _published_result(group, group_by, dense_macs))
        for group in groups.values()
    ]


def _published_result(
    group: list[PublishedValue],
    group_by: Sequence[str],
    dense_macs: dict[tuple[str, str, str], float],
) -> SettingResult:
    first = group[0]
    field_values: dict[str, object] = dict.fromkeys(group_by)
    field_values |= {"method": first.method, "backbone": first.backbone, "dataset": first.dataset}
    field_values[fields.TARGETS] = first.targets
    estimates: dict[str, Estimate] = {}
    if first.targets:
        estimates = {
            "graph_sparsity": Estimate(first.targets[0], n=None),
            "weight_sparsity": Estimate(first.targets[1], n=None),
        }
    notes = list(dict.fromkeys(one.note for one in group if one.note))
    for one in group:
        name, value = one.quantity, one.value
        if name == "macs":
            notes.append(f"{value / 1e6:,.0f} M multiply-adds")
            value = 1 - value / dense_macs[one.source, one.backbone, one.dataset]
        if name == "memory_gb":
            name, value = "memory", value * 1e9 / 2**20
        assert name in METRICS
        estimates[name] = Estimate(value, one.deviation, one.seeds)
    hidden = [
        fields.text(name, field_values[name])
        for name in fields.STANDARD_FIELDS
        if name not in group_by
    ]
    location = "; ".join([first.location, *hidden])
    return SettingResult(
        field_values=field_values,
        estimates=estimates,
        published_label=f"published ({first.source}; {location})",
        remarks=tuple(notes),
    )
