"""Results that aren't ours, shown next to ours: always labelled, never part of a mean.

Three words keep apart where a figure is from: *ours*, a *rerun* of the authors' code, *published*.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.measures import METRICS
from glt_cli.analysis.compare.statistics import Estimate, SettingResult
from glt_cli.config.methods import METHODS

_FILE = Path(__file__).resolve().parent / "published.csv"
#: Stands for every backbone or data set.
_ANY = "*"
_WORDS = ("origin", "source", "location", "method", "backbone", "dataset")


@dataclass(frozen=True)
class PublishedValue:
    """One published number.

    Attributes:
        origin: `published`, or `rerun`: measured with the authors' code.
        source: Who published it, or whose code it is.
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

    origin: str
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


#: What the words of the tables mean.
LEGEND = (
    "Rows without a label are ours. Rerun: the authors' code, run on our machine. Published: as "
    "the source prints it."
)
#: Most that targets may differ where results stand beside each other: published ones are rounded.
_ROUNDED = 0.005


@dataclass(frozen=True)
class Others:
    """Results that aren't ours.

    Attributes:
        beside: Those at the same targets, for the table.
        apart: Those at other targets, or whose source doesn't give them.
    """

    beside: list[SettingResult]
    apart: list[SettingResult]


def read_published() -> list[PublishedValue]:
    """Read the published values that come with the package."""
    with _FILE.open(newline="") as file:
        return [_parse(row) for row in csv.DictReader(file)]


def _parse(row: dict[str, str]) -> PublishedValue:
    graph, weight = row["graph_sparsity"], row["weight_sparsity"]
    return PublishedValue(
        **{key: row[key] for key in _WORDS},
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
) -> Others:
    """Find what others have for the same methods, backbones and data sets, numbered by source.

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
    same: set[int] = set()
    for our in ours:
        with_targets: dict[tuple[str, object], list[int]] = defaultdict(list)
        for i, (source, published) in enumerate(candidates):
            if not _matches(published, our):
                continue
            if published.field_values[fields.TARGETS] is None:
                chosen.add(i)
            else:
                same |= {i} if _at_same_targets(published, our) else set()
                with_targets[source, published.field_values["method"]].append(i)
        for indices in with_targets.values():
            distances = {i: _distance(candidates[i][1], our) for i in indices}
            smallest = min(distances.values())
            chosen |= {i for i in indices if distances[i] == smallest}
    found = _numbered([(i in same, candidates[i][1]) for i in sorted(chosen)])
    return Others(
        beside=[result for is_same, result in found if is_same],
        apart=[result for is_same, result in found if not is_same],
    )


def _numbered(found: Sequence[tuple[bool, SettingResult]]) -> list[tuple[bool, SettingResult]]:
    """Number the results by their citations, those that stand beside ours first."""
    in_order = sorted(found, key=lambda pair: not pair[0])
    numbers: dict[str, int] = {}
    for _, result in in_order:
        numbers.setdefault(result.citation, len(numbers) + 1)
    return [
        (same, replace(each, published_label=f"{each.published_label} [{numbers[each.citation]}]"))
        for same, each in in_order
    ]


def _at_same_targets(published: SettingResult, our: SettingResult) -> bool:
    targets = [result.field_values[fields.TARGETS] for result in (published, our)]
    first, second = (pair for pair in targets if isinstance(pair, tuple))
    return all(abs(a - b) <= _ROUNDED for a, b in zip(first, second, strict=True))


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


def notes_on_others(others: Others, metrics: Sequence[str]) -> list[str]:
    """The legend, the results that don't stand beside ours, and each source with its remarks."""
    notes = [LEGEND] if others.beside else []
    if others.apart:
        apart = "; ".join(_in_words(each, metrics) for each in others.apart)
        notes.append(f"At other targets than ours, so not beside them: {apart}.")
    cited: dict[str, list[SettingResult]] = defaultdict(list)
    for result in (*others.beside, *others.apart):  # in the order of their numbers
        cited[result.citation].append(result)
    for citation, results in cited.items():
        number = results[0].published_label.split(" ")[1]
        remarks = dict.fromkeys(remark for result in results for remark in result.remarks)
        notes.append(f"{number} {citation}{': ' if remarks else ''}{'; '.join(remarks)}.")
    return notes


def _in_words(result: SettingResult, metrics: Sequence[str]) -> str:
    """A result that has no row, by the first of the table's metrics that it has."""
    name = next(name for name in metrics if name in result.estimates)
    values = ((field, result.field_values[field]) for field in fields.STANDARD_FIELDS)
    subject = ", ".join(fields.text(field, value) for field, value in values)
    metric = METRICS[name]
    figure = metric.format_mean(result.estimates[name].mean)
    return f"{subject}: {metric.heading} {figure}, {result.published_label}"


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
            groups[(one.origin, one.source, one.location, *setting)].append(one)
    dense_macs = {
        (one.source, one.backbone, one.dataset): one.value
        for one in values
        if one.quantity == "macs" and one.targets == (0, 0)
    }
    return [
        (
            f"{group[0].origin} {group[0].source}",
            _published_result(group, group_by, dense_macs),
        )
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
        published_label=first.origin,
        citation=f"{first.source}; {location}",
        remarks=tuple(notes),
    )
