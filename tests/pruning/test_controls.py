import torch
from hypothesis import given
from hypothesis import strategies as st

from glt_cli.pruning.controls import shuffled
from tests.graphs import seeded


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 9))
def test_as_many_are_kept_elsewhere(kept: list[bool], seed: int) -> None:
    masks = {"edge": torch.tensor(kept, dtype=torch.bool), "w": torch.eye(6, dtype=torch.bool)}
    mixed = shuffled(masks, seeded(seed))
    for name, mask in masks.items():
        assert mixed[name].shape == mask.shape
        assert int(mixed[name].sum()) == int(mask.sum())
    assert not torch.equal(mixed["w"], masks["w"])
    assert torch.equal(shuffled(masks, seeded(seed))["w"], mixed["w"])
