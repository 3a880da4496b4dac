"""The temperature minimises the log loss, and the calibration error is what it says."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from glt_cli.deploy.calibration import calibration_error, temperature


@pytest.mark.parametrize("true", [0.1, 0.7, 1.0, 4.0])
def test_the_temperature_that_made_the_labels_is_found(true: float) -> None:
    torch.manual_seed(0)
    scores = true * 2 * torch.randn(20_000, 4)
    y = (scores / true).softmax(1).multinomial(1).squeeze(1)
    found = temperature(scores, y)
    assert found == pytest.approx(true, rel=0.05)
    # There is nothing better nearby.
    best = F.cross_entropy(scores / found, y)
    assert all(F.cross_entropy(scores / (found * k), y) >= best for k in (0.9, 0.99, 1.01, 1.1))


def test_of_yes_and_no() -> None:
    torch.manual_seed(0)
    logits = 3 * torch.randn(5_000, 2)
    y = torch.bernoulli((logits / 3).sigmoid())
    assert temperature(logits, y) == pytest.approx(3, rel=0.1)


def test_calibration_error() -> None:
    sure = torch.tensor([[1.0, 0.0]] * 4)
    assert calibration_error(sure, torch.tensor([0, 0, 0, 0])) == 0
    assert calibration_error(sure, torch.tensor([0, 0, 1, 1])) == pytest.approx(0.5)
    mixed = torch.tensor([[0.75, 0.25]] * 4)
    assert calibration_error(mixed, torch.tensor([0, 0, 0, 1])) == pytest.approx(0)
