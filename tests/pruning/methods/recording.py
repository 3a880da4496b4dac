"""What a search looked like after each epoch, and what it exchanged."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from torch import Tensor

from glt_cli.pruning.masks import EDGE, Masks, clone
from glt_cli.pruning.scores import EdgeEvidence, edge_growth, weight_growth
from glt_cli.pruning.sparse_parameters import SparseParameters


@dataclass
class Recording:
    """By epoch: masks and dense gradients. After so many epochs: exchanges and their evidence."""

    masks: list[Masks] = field(default_factory=list)
    gradients: list[dict[str, Tensor]] = field(default_factory=list)
    swaps: list[tuple[int, str, int]] = field(default_factory=list)
    scored: list[tuple[int, str, Tensor]] = field(default_factory=list)


def record(monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Listen to every search from now on; fails at once where a pruned element is not 0."""
    recording = Recording()
    told, exchange = SparseParameters.sparsities, SparseParameters.exchange

    def sparsities(self: SparseParameters) -> tuple[float, float]:
        for name, value in self.values.items():
            assert bool((value.detach()[~self.masks[name]] == 0).all())
            assert self.counts[name] == int(self.masks[name].sum())
        assert bool((self.values[EDGE].detach() >= 0).all())
        recording.masks.append(clone(self.masks))
        recording.gradients.append(dict(self.gradients))
        return told(self)

    def listening_exchange(
        self: SparseParameters, name: str, leaving: Tensor, entering: Tensor
    ) -> None:
        assert entering.numel() <= leaving.numel()
        if leaving.numel():
            recording.swaps.append((len(recording.masks), name, entering.numel()))
        exchange(self, name, leaving, entering)

    def listening_weights(
        gradient: Tensor, pruned: Tensor, names: list[str], mixing: str
    ) -> Tensor:
        recording.scored.append((len(recording.masks), "weight", gradient))
        return weight_growth(gradient, pruned, names, mixing)

    def listening_edges(evidence: EdgeEvidence, names: list[str], mixing: str) -> Tensor:
        recording.scored.append((len(recording.masks), EDGE, evidence.gradient))
        return edge_growth(evidence, names, mixing)

    monkeypatch.setattr(SparseParameters, "sparsities", sparsities)
    monkeypatch.setattr(SparseParameters, "exchange", listening_exchange)
    monkeypatch.setattr("glt_cli.pruning.methods.fastglt.weight_growth", listening_weights)
    monkeypatch.setattr("glt_cli.pruning.methods.fastglt.edge_growth", listening_edges)
    return recording
