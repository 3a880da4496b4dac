from itertools import pairwise

import pytest

from glt_cli.errors import UserError
from glt_cli.sweep.search.ladder import SIDES, ladder, said, words


def test_the_default_ladder_is_the_rounds_of_ugs() -> None:
    edges, weights, both = (ladder(side) for side in ("edges", "weights", "both"))
    assert len(edges) == len(weights) == len(both) == 30
    # Figures of UGS's tables (arXiv 2102.06790): rounds 4, 9, 13 and 17.
    for number, published in ((4, (18.55, 59.04)), (9, (36.98, 86.58)), (13, (48.67, 94.50))):
        assert both[number - 1] == tuple(round(share / 100, 4) for share in published)
    assert both == [(*e, *w) for e, w in zip(edges, weights, strict=True)]


@pytest.mark.parametrize("side", SIDES)
def test_every_rung_removes_more_and_never_all(side: str) -> None:
    for lower, upper in pairwise(ladder(side)):
        assert all(0 < a < b < 1 for a, b in zip(lower, upper, strict=True))


def test_rungs_of_ones_own() -> None:
    assert ladder("weights", "0.5, 0.8") == [(0.5,), (0.8,)]
    assert ladder("both", "0.1:0.5,0.1:0.8") == [(0.1, 0.5), (0.1, 0.8)]


@pytest.mark.parametrize(
    ("side", "text"),
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
def test_what_is_no_ladder_is_said_in_one_line(side: str, text: str) -> None:
    with pytest.raises(UserError) as error:
        ladder(side, text)
    assert "--ladder" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_rung_in_words() -> None:
    assert words("both", (0.05, 0.9985)) == ["sparsity.graph=0.05", "sparsity.weight=0.9985"]
    assert said("edges", (0.3366,)) == "edges 33.66%"
    assert said("both", (0.05, 0.2)) == "edges 5.00%, weights 20.00%"
