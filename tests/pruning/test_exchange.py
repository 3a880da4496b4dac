from __future__ import annotations

from dataclasses import dataclass

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from glt_cli.pruning.exchange import choose
from tests.graphs import seeded


@dataclass(frozen=True)
class Exchange:
    """Arguments of `choose`."""

    kept: Tensor
    pruned: Tensor
    saliency: Tensor
    growth: Tensor
    leave: int
    enter: int

    def chosen(self) -> tuple[Tensor, Tensor]:
        """Flat indices of those that leave and of those that enter."""
        leaving, entering = choose(
            self.kept, self.pruned, self.saliency, self.growth, self.leave, self.enter
        )
        return self.kept[leaving], self.pruned[entering]


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """Matrices with ties and infinite potentials; as many enter as leave, or fewer."""
    columns = draw(st.integers(1, 3))
    size = columns * draw(st.integers(1, 8))
    order = torch.tensor(draw(st.permutations(range(size))))
    number = draw(st.integers(0, size))
    saliency = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=size, max_size=size))
    often = st.sampled_from([0.0, 0.5, torch.inf])
    growth = draw(st.lists(often, min_size=size, max_size=size))
    leave = draw(st.integers(0, number))
    return Exchange(
        kept=order[:number],
        pruned=order[number:],
        saliency=torch.tensor(saliency).view(-1, columns),
        growth=torch.tensor(growth).view(-1, columns),
        leave=leave,
        enter=draw(st.integers(0, min(leave, size - number))),
    )


@given(exchanges())
def test_who_leaves_and_who_enters(case: Exchange) -> None:
    leaving, entering = case.chosen()
    assert len(set(leaving.tolist())) == case.leave
    assert len(set(entering.tolist())) == case.enter
    assert set(leaving.tolist()) <= set(case.kept.tolist())
    assert set(entering.tolist()) <= set(case.pruned.tolist())
    saliency, growth = case.saliency.flatten(), case.growth.flatten()
    assert sorted(saliency[leaving].tolist()) == sorted(saliency[case.kept].tolist())[: case.leave]
    largest = sorted(growth[case.pruned].tolist(), reverse=True)
    assert sorted(growth[entering].tolist(), reverse=True) == largest[: case.enter]


def test_infinite_potentials_enter_first() -> None:
    kept, pruned = torch.tensor([2, 0, 1]), torch.tensor([6, 5, 3, 4])
    saliency = torch.tensor([0.3, 0.1, 0.2, 0, 0, 0, 0])
    growth = torch.tensor([torch.inf, 9, 9, 5, torch.inf, 7, torch.inf])
    leaving, entering = Exchange(kept, pruned, saliency, growth, 3, 3).chosen()
    assert set(leaving.tolist()) == {0, 1, 2}
    assert set(entering.tolist()) == {4, 5, 6}
    leaving, entering = Exchange(kept, pruned, saliency, growth, 2, 2).chosen()
    assert set(leaving.tolist()) == {1, 2}
    assert set(entering.tolist()) == {4, 6}


def test_the_little_that_is_pruned_all_enters() -> None:
    saliency = torch.arange(10.0).flip(0)
    case = Exchange(torch.arange(9), torch.tensor([9]), saliency, torch.zeros(10), 1, 1)
    leaving, entering = case.chosen()
    assert leaving.tolist() == [8]
    assert entering.tolist() == [9]


def test_ties_are_decided_by_the_order_of_the_lists_not_by_index() -> None:
    flat = torch.ones(40)
    left = torch.zeros(40)
    entered = torch.zeros(40)
    for seed in range(1000):
        order = torch.randperm(40, generator=seeded(seed))
        kept, pruned = order[order < 20], order[order >= 20]
        leaving, entering = Exchange(kept, pruned, flat, flat, 10, 10).chosen()
        left[leaving] += 1
        entered[entering] += 1
    # One in two of a thousand: six standard deviations are 95.
    assert bool(((left[:20] - 500).abs() < 95).all())
    assert bool(((entered[20:] - 500).abs() < 95).all())
