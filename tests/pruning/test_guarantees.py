"""The guarantees of every ticket, whatever method found it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from glt_cli.pruning.guarantees import BrokenGuaranteeError, check_masks, check_repeatable
from glt_cli.pruning.masks import EDGE, Masks, Targets, random_masks
from tests.graphs import seeded

TARGETS = Targets(0.35, 0.93)
TENSORS: dict[str, Tensor] = {
    EDGE: torch.ones(101),
    "a.weight": torch.ones(13, 7),
    "b.weight": torch.ones(7, 3),
}


def masks(allocation: str = "uniform", targets: Targets = TARGETS) -> Masks:
    return random_masks(TENSORS, targets, allocation, seeded(0))


@given(
    st.sampled_from(["uniform", "global"]),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
)
def test_exact_masks_meet_every_guarantee(allocation: str, graph: float, weight: float) -> None:
    targets = Targets(graph, weight)
    check_masks(masks(allocation, targets), TENSORS, targets, allocation)
    check_masks(masks(allocation, targets), TENSORS, targets, None)


@pytest.mark.parametrize("allocation", ["global", None])
def test_weights_count_all_together_where_the_threshold_is_one(allocation: str | None) -> None:
    wrong = masks("global")
    place = wrong["a.weight"].flatten().nonzero()[0]
    wrong["a.weight"].view(-1)[place] = False
    with pytest.raises(BrokenGuaranteeError, match="105 of 112 weights are removed"):
        check_masks(wrong, TENSORS, TARGETS, allocation)


@pytest.mark.parametrize("name", list(TENSORS))
def test_one_element_too_few_or_too_many_is_a_breach(name: str) -> None:
    for value in (True, False):
        wrong = masks()
        place = (wrong[name].flatten() != value).nonzero()[0]
        wrong[name].view(-1)[place] = value
        with pytest.raises(BrokenGuaranteeError, match=r"(edges|weights of .*) are removed"):
            check_masks(wrong, TENSORS, TARGETS, "uniform")


def test_the_message_says_what_is_wrong_and_what_would_be_right() -> None:
    wrong = masks()
    wrong[EDGE] = torch.arange(101) >= 50
    with pytest.raises(BrokenGuaranteeError) as caught:
        check_masks(wrong, TENSORS, TARGETS, "uniform")
    message = "50 of 101 edges are removed (49.50%); a target of 35.00% is 35"
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({EDGE: torch.ones(101)}, "the mask of edge must be bool [101]; it is float32 [101]"),
        (
            {"a.weight": torch.ones(7, 13, dtype=torch.bool)},
            "the mask of a.weight must be bool [13, 7]; it is bool [7, 13]",
        ),
        ({"c.weight": torch.ones(1, dtype=torch.bool)}, "unknown: c.weight"),
    ],
)
def test_masks_are_binary_and_of_the_right_shapes(change: Masks, message: str) -> None:
    with pytest.raises(BrokenGuaranteeError) as caught:
        check_masks(masks() | change, TENSORS, TARGETS, None)
    assert message in str(caught.value)


def test_a_missing_mask_is_named() -> None:
    some = masks()
    del some["b.weight"]
    with pytest.raises(BrokenGuaranteeError, match=r"b\.weight"):
        check_masks(some, TENSORS, TARGETS, None)


def test_other_masks_the_second_time_are_a_breach() -> None:
    check_repeatable(masks(), masks())
    other = random_masks(TENSORS, TARGETS, "uniform", seeded(1))
    with pytest.raises(BrokenGuaranteeError, match="the same seed gave different masks of edge"):
        check_repeatable(masks(), other)
