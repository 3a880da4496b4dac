from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from glt_cli.analysis.compare import fields
from glt_cli.analysis.compare.notes import notes_on_results, notes_on_unused, ranges
from glt_cli.analysis.compare.pivot import pivot
from glt_cli.analysis.compare.published import PublishedValue, closest_published, read_published
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.analysis.compare.statistics import Estimate, SettingResult, compare, estimate, verdict
from tests.experiment.test_tables import RECORD

SAME = {"backbone.name": "gcn", "backbone.hidden": 512, "dataset.name": "cora"}


def run_of(
    method: str = "fastglt",
    seed: int = 0,
    lost: float = 0.0,
    settings: Mapping[str, object] | None = None,
    **fields: object,
) -> ComparedRun:
    """A finished run that loses `lost` against dense."""
    given_fields = {
        "method": method,
        "seed": seed,
        "config_hash": method,
        "dense_test": 0.8,
        "ticket_test": 0.8 - lost,
        "device": "cpu (1 threads)",
        "find_seconds": 2.0,
        "find_epochs": 10,
    } | fields
    return ComparedRun(replace(RECORD, **given_fields), settings or SAME)  # type: ignore[arg-type]


def only_result(runs: list[ComparedRun], tolerance: float = 0.005) -> SettingResult:
    (result,) = compare(runs, ["method"], tolerance)
    return result


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=12))
def test_intervals_are_those_of_students_t(correct: list[int]) -> None:
    values = [count / 1000 for count in correct]
    result = estimate(values)
    assert result.lower is not None
    assert result.upper is not None
    if result.deviation:
        expected = stats.t.interval(0.95, len(values) - 1, stats.tmean(values), stats.sem(values))
        assert (result.lower, result.upper) == pytest.approx(expected, rel=1e-6, abs=1e-12)
    else:
        assert result.lower == result.mean == result.upper


def test_an_interval_by_hand() -> None:
    # 4.3027 is the 97.5 % quantile at 2 degrees of freedom, the deviation is 0.01.
    result = estimate([0.01, 0.02, 0.03])
    half = 4.302652729911275 * 0.01 / 3**0.5
    assert result.n == 3
    assert (result.mean, result.deviation) == pytest.approx((0.02, 0.01))
    assert (result.lower, result.upper) == pytest.approx((0.02 - half, 0.02 + half))
    assert estimate([0.5]) == Estimate(0.5)


@pytest.mark.parametrize(
    ("lost", "expected"),
    [
        ([0.005], "within tolerance on 1 seed"),
        ([0.0051], "outside tolerance on 1 seed"),
        ([0.005, 0.005], "wins"),
        ([0.005] * 3, "certified"),
        ([-0.1, 0.005, 0.005], "wins"),
        ([0.0051] * 3, "loses"),
        ([-0.02, -0.021, -0.019], "certified"),
    ],
)
def test_verdicts_count_the_tolerance_itself_as_within(lost: list[float], expected: str) -> None:
    result = only_result([run_of(seed=seed, lost=points) for seed, points in enumerate(lost)])
    assert result.verdict == expected


def test_a_lower_end_exactly_at_the_tolerance_certifies() -> None:
    assert verdict(Estimate(0.0, 0.1, 3, -0.005, 0.005), 0.005) == "certified"
    assert verdict(Estimate(0.0, 0.1, 3, -0.0051, 0.0051), 0.005) == "wins"
    assert verdict(Estimate(0.0, 0.1, 2, 0.0, 0.0), 0.005) == "wins", "two seeds certify nothing"


def test_differences_are_paired_before_they_are_averaged() -> None:
    runs = [
        run_of(seed=s, dense_test=d, ticket_test=d - 0.01) for s, d in enumerate((0.7, 0.8, 0.9))
    ]
    estimates = only_result(runs).estimates
    assert estimates["dense"].deviation == pytest.approx(0.1)
    assert estimates["difference"].deviation == pytest.approx(0.0)


def test_what_prunes_nothing_has_no_verdict() -> None:
    result = only_result([run_of("dense", graph_sparsity_target=0.0, weight_sparsity_target=0.0)])
    assert result.verdict == "-"


def mixed() -> list[ComparedRun]:
    """Two settings of one method, and one of another that ran on another seed."""
    return [
        run_of(seed=0, config_hash="a", settings={**SAME, "method.alpha": 0.1}),
        run_of(seed=1, config_hash="a", settings={**SAME, "method.alpha": 0.1}),
        run_of(seed=0, config_hash="b", settings={**SAME, "method.alpha": 0.3}, lost=0.4),
        run_of("oneshot", seed=5),
    ]


def test_settings_that_differ_are_never_merged_and_are_named() -> None:
    table = pivot(compare(mixed(), fields.STANDARD_FIELDS, 0.005), ["method"], "dataset")
    assert [(row.field_values[0], row.label) for row in table.rows] == [
        ("oneshot", ""),
        ("fastglt", "method.alpha=0.1"),
        ("fastglt", "method.alpha=0.3"),
    ]
    notes = "\n".join(notes_on_results(table, ["test"]))
    assert "seeds 0-1 (fastglt method.alpha=0.1 on cora)" in notes
    assert "seed 5 (oneshot on cora)" in notes
    assert "in separate rows" in notes


def test_settings_that_differ_in_nothing_written_are_told_apart_by_hash() -> None:
    runs = [run_of(config_hash="a"), run_of(config_hash="b")]
    table = pivot(compare(runs, [], 0.005), ["method"], None)
    assert [row.label for row in table.rows] == ["hash a", "hash b"]


def test_missing_cells_and_hidden_differences_are_noted() -> None:
    runs = [
        run_of(),
        run_of("imp"),
        run_of(dataset="pubmed", config_hash="p", weight_sparsity_target=0.5),
        run_of(dataset="arxiv", config_hash="q", metric="roc_auc"),
    ]
    table = pivot(compare(runs, ["dataset"], 0.005), ["method"], "dataset")
    notes = "\n".join(notes_on_results(table, ["find"]))
    assert "Missing: imp on arxiv, imp on pubmed." in notes
    assert "Differs between cells: targets (35% / 50%, 35% / 90%)" in notes
    assert "accuracy (cora, pubmed); roc_auc (arxiv)" in notes


def test_runs_that_are_not_done_or_repeat_others_are_counted() -> None:
    runs = [
        run_of(finished="2026-01-01", ticket_test=0.1),
        run_of(finished="2026-01-02", ticket_test=0.2),
        run_of(status="failed"),
        run_of(status="interrupted"),
        run_of(ticket_test=None),
    ]
    result = only_result([run for run in runs if run.is_done])
    assert result.estimates["test"] == Estimate(0.2), "the latest counts, once"
    (unfinished, again) = notes_on_unused(runs, used=1)
    assert "1 failed, 1 incomplete, 1 interrupted" in unfinished
    assert "1 run repeats" in again


def speedup(*others: ComparedRun) -> Estimate | None:
    results = compare([run_of(), *others], [], 0.005)
    return next(o for o in results if o.field_values["method"] == "fastglt").estimates.get(
        "speedup"
    )


def test_speed_ups_are_over_imp_on_the_same_task_and_device() -> None:
    imp = run_of("imp", find_seconds=9.0)
    again = run_of("imp", seed=1, find_seconds=11.0)
    found = speedup(imp, again)
    assert found is not None
    assert found.mean == pytest.approx(5)
    assert speedup() is None
    assert speedup(run_of("imp", device="cpu (2 threads)")) is None
    assert speedup(run_of("imp", weight_sparsity_target=0.5)) is None
    assert speedup(run_of("imp", settings={**SAME, "backbone.hidden": 8})) is None
    assert speedup(imp, run_of("imp", config_hash="other")) is None, "which imp?"
    assert speedup(replace_epochs(imp)) is None, "nothing was searched"


def replace_epochs(run: ComparedRun) -> ComparedRun:
    return replace(run, record=replace(run.record, find_epochs=0))


def test_where_nothing_was_searched_there_is_no_find_time() -> None:
    assert "find" in only_result([run_of()]).estimates
    assert "find" not in only_result([run_of("random", find_epochs=0)]).estimates


def test_methods_stand_in_the_order_of_the_package_then_by_name() -> None:
    names = ["zeta", "teddy", "imp", "alpha", "fastglt", "oneshot", "random", "dense"]
    runs = [run_of(name) for name in names]
    table = pivot(compare(runs, [], 0.005), ["method"], None)
    assert [row.field_values[0] for row in table.rows] == [
        *["dense", "random", "oneshot", "fastglt", "imp", "teddy", "alpha", "zeta"]
    ]


@given(st.permutations([*mixed(), run_of("imp", seed=0), run_of("imp", seed=1, lost=0.123)]))
def test_the_order_of_runs_changes_nothing(runs: list[ComparedRun]) -> None:
    expected = [*mixed(), run_of("imp", seed=0), run_of("imp", seed=1, lost=0.123)]
    assert compare(runs, ["seed"], 0.005) == compare(expected, ["seed"], 0.005)
    tables = [pivot(compare(r, [], 0.005), ["method"], "dataset") for r in (runs, expected)]
    assert tables[0] == tables[1]


def test_seeds_are_written_briefly() -> None:
    assert ranges([4, 0, 1, 2, 7]) == "seeds 0-2, 4, 7"
    assert ranges([3]) == "seed 3"


def test_the_package_has_the_published_figures() -> None:
    figures = read_published()
    places = [replace(one, value=0, deviation=None, note="") for one in figures]
    assert len(set(places)) == len(places), "a source says one thing about one place"
    for one in figures:
        is_share = one.quantity in ("test", "graph_sparsity", "weight_sparsity")
        assert not is_share or 0 < one.value < 1, one
        assert one.source, one
    unreal = [
        one
        for one in figures
        if one.backbone in ("gat", "resgcn")
        and (one.quantity == "graph_sparsity" or (one.targets and one.targets[0]))
    ]
    assert unreal
    assert all("not comparable" in one.note for one in unreal)


def test_published_figures_are_those_of_the_nearest_kind_of_target() -> None:
    def figure_at(graph: float, weight: float, method: str = "fastglt") -> PublishedValue:
        facts = ("published", "source", "table 1", method, "gcn", "cora", "test")
        return PublishedValue(*facts, (graph, weight), 0.5, None, None, "")

    figures = [
        figure_at(0.35, 0),
        figure_at(0, 0.93),
        figure_at(0.1, 0.1),
        figure_at(0.3, 0.3),
        figure_at(0.35, 0.9, "imp"),
        figure_at(0.2, 0.2, "ace"),
    ]
    ours = [only_result([run_of()])]
    found = closest_published(ours, fields.STANDARD_FIELDS, ["test"], figures).apart
    # Both sides, nearest; another method's not, one that glt doesn't have too.
    assert [o.field_values["method"] for o in found] == ["fastglt", "ace"]
    assert found[0].field_values[fields.TARGETS] == (0.3, 0.3)
    weights = [only_result([run_of(graph_sparsity_target=0.0)])]
    found = closest_published(weights, fields.STANDARD_FIELDS, ["test"], figures).apart
    assert found[0].field_values[fields.TARGETS] == (0, 0.93)
    # At the same targets it stands beside ours, under a number.
    same = [*figures, figure_at(0.352, 0.897)]
    others = closest_published(ours, fields.STANDARD_FIELDS, ["test"], same)
    assert [o.published_label for o in others.beside] == ["published [1]"]
    assert others.beside[0].field_values[fields.TARGETS] == (0.352, 0.897)
    assert [o.field_values["method"] for o in others.apart] == ["ace"]
    none = closest_published(ours, fields.STANDARD_FIELDS, ["find"], figures)
    assert not none.beside
    assert not none.apart
