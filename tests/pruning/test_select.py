from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from glt_cli.pruning.select import largest, mask_of_largest, removed_count, smallest, tie_key
from tests.graphs import seeded

#: Scores with many ties.
scored = st.lists(st.sampled_from([-2.0, 0.0, 0.5, 1.0]), min_size=1, max_size=30)


@given(st.integers(0, 99), st.integers(0, 10**6))
def test_a_sparsity_is_read_as_a_decimal(hundredths: int, total: int) -> None:
    assert removed_count(hundredths / 100, total) == hundredths * total // 100


@pytest.mark.parametrize(
    ("sparsity", "total", "removed"),
    [
        (0.29, 100, 29),
        (0.57, 100, 57),
        (0.07, 100, 7),
        (0.985, 200, 197),
        (0.0, 7, 0),
        (1e-05, 10**5, 1),
    ],
)
def test_removed_counts(sparsity: float, total: int, removed: int) -> None:
    assert removed_count(sparsity, total) == removed


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 1000))
def test_removed_never_exceeds_the_sparsity(sparsity: float, total: int) -> None:
    removed = removed_count(sparsity, total)
    assert 0 <= removed <= Fraction(repr(sparsity)) * total < removed + 1


@given(scored, st.data())
def test_exactly_so_many_of_the_largest_and_smallest(
    values: list[float], data: st.DataObject
) -> None:
    scores = torch.tensor(values)
    count = data.draw(st.integers(0, len(values)))
    key = tie_key(scores, seeded(data.draw(st.integers(0, 9))))
    top, bottom = largest(scores, count, key), smallest(scores, count, key)
    assert len(set(top.tolist())) == len(set(bottom.tolist())) == count
    assert sorted(scores[top].tolist()) == sorted(values)[len(values) - count :]
    assert sorted(scores[bottom].tolist()) == sorted(values)[:count]


@given(scored, st.data())
def test_mask_of_largest(values: list[float], data: st.DataObject) -> None:
    scores = torch.tensor([values, values])
    count = data.draw(st.integers(0, scores.numel()))
    mask = mask_of_largest(scores, count, tie_key(scores, seeded(1)))
    assert mask.shape == scores.shape
    assert int(mask.sum()) == count
    if 0 < count < scores.numel():
        assert float(scores[mask].min()) >= float(scores[~mask].max())


def test_ties_are_not_taken_by_index() -> None:
    scores = torch.zeros(10)
    scores[4] = 1
    taken = torch.zeros(10)
    draws = 3000
    for seed in range(draws):
        taken[largest(scores, 4, tie_key(scores, seeded(seed)))] += 1
    assert taken[4] == draws
    others = torch.cat([taken[:4], taken[5:]])
    # Each of nine is one of three: six standard deviations of a binomial are 155.
    assert bool(((others - draws / 3).abs() < 155).all())


def test_the_smallest_tie_by_chance_as_well() -> None:
    scores = torch.ones(2)
    first = sum(int(smallest(scores, 1, tie_key(scores, seeded(s)))) for s in range(1000))
    assert 400 < first < 600


def test_a_seed_decides_ties() -> None:
    scores = torch.zeros(50)
    again = [mask_of_largest(scores, 20, tie_key(scores, seeded(s))) for s in (1, 1, 2)]
    assert torch.equal(again[0], again[1])
    assert not torch.equal(again[0], again[2])


@pytest.mark.gpu
def test_a_seed_decides_ties_alike_on_cuda() -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    scores = torch.randn(1000, generator=seeded(0))
    here = tie_key(scores, seeded(1))
    there = tie_key(scores.cuda(), seeded(1))
    assert torch.equal(here, there.cpu())
    assert torch.equal(
        mask_of_largest(scores, 300, here), mask_of_largest(scores.cuda(), 300, there).cpu()
    )
