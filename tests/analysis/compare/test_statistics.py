from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from glt_cli.analysis.compare import fields, published
from glt_cli.analysis.compare.notes import about, left_out, ranges
from glt_cli.analysis.compare.pivot import pivot
from glt_cli.analysis.compare.published import Published
from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.analysis.compare.statistics import Estimate, SettingResult, compare, estimate, verdict
from tests.experiment.test_tables import RECORD

SAME = {"backbone.name": "gcn", "backbone.hidden": 512, "dataset.name": "cora"}


def entry(
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
    } | fields
    return ComparedRun(replace(RECORD, **given_fields), settings or SAME)  # type: ignore[arg-type]


def one(compared_runs: list[ComparedRun], tolerance: float = 0.005) -> SettingResult:
    (outcome,) = compare(compared_runs, ["method"], tolerance)
    return outcome


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=12))
def test_intervals_are_those_of_students_t(correct: list[int]) -> None:
    values = [count / 1000 for count in correct]
    made = estimate(values)
    assert made.lower is not None
    assert made.upper is not None
    if made.deviation:
        expected = stats.t.interval(0.95, len(values) - 1, stats.tmean(values), stats.sem(values))
        assert (made.lower, made.upper) == pytest.approx(expected, rel=1e-6, abs=1e-12)
    else:
        assert made.lower == made.mean == made.upper


def test_an_interval_by_hand() -> None:
    # 4.3027 is the 97.5 % quantile at 2 degrees of freedom, the deviation is 0.01.
    made = estimate([0.01, 0.02, 0.03])
    half = 4.302652729911275 * 0.01 / 3**0.5
    assert made.n == 3
    assert (made.mean, made.deviation) == pytest.approx((0.02, 0.01))
    assert (made.lower, made.upper) == pytest.approx((0.02 - half, 0.02 + half))
    assert estimate([0.5]) == Estimate(0.5)


@pytest.mark.parametrize(
    ("lost", "said"),
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
def test_verdicts_count_the_tolerance_itself_as_within(lost: list[float], said: str) -> None:
    made = one([entry(seed=seed, lost=points) for seed, points in enumerate(lost)])
    assert made.verdict == said


def test_a_lower_end_exactly_at_the_tolerance_certifies() -> None:
    assert verdict(Estimate(0.0, 0.1, 3, -0.005, 0.005), 0.005) == "certified"
    assert verdict(Estimate(0.0, 0.1, 3, -0.0051, 0.0051), 0.005) == "wins"
    assert verdict(Estimate(0.0, 0.1, 2, 0.0, 0.0), 0.005) == "wins", "two seeds certify nothing"


def test_differences_are_paired_before_they_are_averaged() -> None:
    runs = [
        entry(seed=s, dense_test=d, ticket_test=d - 0.01) for s, d in enumerate((0.7, 0.8, 0.9))
    ]
    made = one(runs).figures
    assert made["dense"].deviation == pytest.approx(0.1)
    assert made["difference"].deviation == pytest.approx(0.0)


def test_what_prunes_nothing_has_no_verdict() -> None:
    made = one([entry("dense", graph_sparsity_target=0.0, weight_sparsity_target=0.0)])
    assert made.verdict == "-"


def mixed() -> list[ComparedRun]:
    """Two settings of one method, and one of another that ran on another seed."""
    return [
        entry(seed=0, config_hash="a", settings={**SAME, "method.alpha": 0.1}),
        entry(seed=1, config_hash="a", settings={**SAME, "method.alpha": 0.1}),
        entry(seed=0, config_hash="b", settings={**SAME, "method.alpha": 0.3}, lost=0.4),
        entry("oneshot", seed=5),
    ]


def test_settings_that_differ_are_never_merged_and_are_named() -> None:
    layout = pivot(compare(mixed(), fields.STANDARD, 0.005), ["method"], "dataset")
    assert [(line.facts[0], line.label) for line in layout.lines] == [
        ("oneshot", ""),
        ("fastglt", "method.alpha=0.1"),
        ("fastglt", "method.alpha=0.3"),
    ]
    notes = "\n".join(about(layout, ["test"]))
    assert "seeds 0-1 (fastglt method.alpha=0.1 on cora)" in notes
    assert "seed 5 (oneshot on cora)" in notes
    assert "rows of their own" in notes


def test_settings_that_differ_in_nothing_written_are_told_apart_by_hash() -> None:
    runs = [entry(config_hash="a"), entry(config_hash="b")]
    layout = pivot(compare(runs, [], 0.005), ["method"], None)
    assert [line.label for line in layout.lines] == ["hash a", "hash b"]


def test_missing_cells_and_hidden_differences_are_said() -> None:
    runs = [
        entry(),
        entry("imp"),
        entry(dataset="pubmed", config_hash="p", weight_sparsity_target=0.5),
        entry(dataset="arxiv", config_hash="q", metric="roc_auc"),
    ]
    layout = pivot(compare(runs, ["dataset"], 0.005), ["method"], "dataset")
    notes = "\n".join(about(layout, ["find"]))
    assert "Missing: imp on arxiv, imp on pubmed." in notes
    assert "targets (35% / 50%, 35% / 90%)" in notes
    assert "accuracy (cora, pubmed); roc_auc (arxiv)" in notes


def test_runs_that_are_not_done_or_repeat_others_are_counted() -> None:
    runs = [
        entry(finished="2026-01-01", ticket_test=0.1),
        entry(finished="2026-01-02", ticket_test=0.2),
        entry(status="failed"),
        entry(status="interrupted"),
        entry(ticket_test=None),
    ]
    made = one([run for run in runs if run.is_done])
    assert made.figures["test"] == Estimate(0.2), "the latest counts, once"
    (unfinished, again) = left_out(runs, used=1)
    assert "1 failed, 1 incomplete, 1 interrupted" in unfinished
    assert "1 run repeats" in again


def speedup(*others: ComparedRun) -> Estimate | None:
    made = compare([entry(), *others], [], 0.005)
    return next(o for o in made if o.facts["method"] == "fastglt").figures.get("speedup")


def test_speed_ups_are_over_imp_on_the_same_task_and_device() -> None:
    imp = entry("imp", find_seconds=9.0)
    again = entry("imp", seed=1, find_seconds=11.0)
    found = speedup(imp, again)
    assert found is not None
    assert found.mean == pytest.approx(5)
    assert speedup() is None
    assert speedup(entry("imp", device="cpu (2 threads)")) is None
    assert speedup(entry("imp", weight_sparsity_target=0.5)) is None
    assert speedup(entry("imp", settings={**SAME, "backbone.hidden": 8})) is None
    assert speedup(imp, entry("imp", config_hash="other")) is None, "which imp?"


def test_methods_stand_in_the_order_of_the_package_then_by_name() -> None:
    names = ["zeta", "teddy", "imp", "alpha", "fastglt", "oneshot", "random", "dense"]
    runs = [entry(name) for name in names]
    layout = pivot(compare(runs, [], 0.005), ["method"], None)
    assert [line.facts[0] for line in layout.lines] == [
        *["dense", "random", "oneshot", "fastglt", "imp", "teddy", "alpha", "zeta"]
    ]


@given(st.permutations([*mixed(), entry("imp", seed=0), entry("imp", seed=1, lost=0.123)]))
def test_the_order_of_runs_changes_nothing(runs: list[ComparedRun]) -> None:
    expected = [*mixed(), entry("imp", seed=0), entry("imp", seed=1, lost=0.123)]
    assert compare(runs, ["seed"], 0.005) == compare(expected, ["seed"], 0.005)
    layouts = [pivot(compare(r, [], 0.005), ["method"], "dataset") for r in (runs, expected)]
    assert layouts[0] == layouts[1]


def test_seeds_are_written_briefly() -> None:
    assert ranges([4, 0, 1, 2, 7]) == "seeds 0-2, 4, 7"
    assert ranges([3]) == "seed 3"


def test_the_package_has_the_published_figures() -> None:
    figures = published.read()
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
    def figure_at(graph: float, weight: float, method: str = "fastglt") -> Published:
        facts = ("source", "table 1", method, "gcn", "cora", "test")
        return Published(*facts, (graph, weight), 0.5, None, None, "")

    figures = [
        figure_at(0.35, 0),
        figure_at(0, 0.93),
        figure_at(0.1, 0.1),
        figure_at(0.3, 0.3),
        figure_at(0.35, 0.9, "imp"),
        figure_at(0.2, 0.2, "ace"),
    ]
    ours = [one([entry()])]
    found = published.beside(ours, fields.STANDARD, ["test"], figures)
    # Both sides, nearest; another method's not, one that glt doesn't have too.
    assert [o.facts["method"] for o in found] == ["fastglt", "ace"]
    assert found[0].facts[fields.TARGETS] == (0.3, 0.3)
    weights = [one([entry(graph_sparsity_target=0.0)])]
    found = published.beside(weights, fields.STANDARD, ["test"], figures)
    assert found[0].facts[fields.TARGETS] == (0, 0.93)
    assert not published.beside(ours, fields.STANDARD, ["find"], figures)
