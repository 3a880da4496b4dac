from itertools import pairwise

import pytest

from glt_cli.errors import UserError
from glt_cli.sweep.search.ladder import PRUNABLE, describe, ladder, rung_overrides


def test_the_default_ladder_is_the_rounds_of_ugs() -> None:
    edges, weights, both = (ladder(pruned) for pruned in ("edges", "weights", "both"))
    assert len(edges) == len(weights) == len(both) == 30
    # Figures of UGS's tables (arXiv 2102.06790): rounds 4, 9, 13 and 17.
    for number, published in ((4, (18.55, 59.04)), (9, (36.98, 86.58)), (13, (48.67, 94.50))):
        assert both[number - 1] == tuple(round(share / 100, 4) for share in published)
    assert both == [(*e, *w) for e, w in zip(edges, weights, strict=True)]


@pytest.mark.parametrize("pruned", PRUNABLE)
def test_every_rung_removes_more_and_never_all(pruned: str) -> None:
    for lower, upper in pairwise(ladder(pruned)):
        assert all(0 < a < b < 1 for a, b in zip(lower, upper, strict=True))


def test_rungs_of_ones_own() -> None:
    assert ladder("weights", "0.5, 0.8") == [(0.5,), (0.8,)]
    assert ladder("both", "0.1:0.5,0.1:0.8") == [(0.1, 0.5), (0.1, 0.8)]


@pytest.mark.parametrize(
    ("pruned", "text"),
    [
        ("edges", ""),
        ("edges", "0.1,,0.2"),
        ("edges", "0.2,0.1"),
        ("edges", "0.1,0.1"),
        ("edges", "0,0.1"),
        ("edges", "0.5,1"),
        ("edges", "nan"),
        ("edges", "much"),
        ("edges", "0.1:0.2"),
        ("both", "0.1,0.2"),
        ("both", "0.1:0.5,0.2:0.4"),
        ("both", "0.1:0.5:0.9"),
    ],
)
def test_what_is_no_ladder_is_said_in_one_line(pruned: str, text: str) -> None:
    with pytest.raises(UserError) as error:
        ladder(pruned, text)
    assert "--ladder" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_rung_in_words() -> None:
    assert rung_overrides("both", (0.05, 0.9985)) == [
        "sparsity.graph=0.05",
        "sparsity.weight=0.9985",
    ]
    assert describe("edges", (0.3366,)) == "graph sparsity 33.66%"
    assert describe("both", (0.05, 0.2)) == "graph sparsity 5.00%, weight sparsity 20.00%"
