"""Keywords of Python become what the same words of the command line would."""

from __future__ import annotations

from typing import Any

import pytest

from glt_cli.config.datasets import InMemoryConfig
from glt_cli.config.keywords import config_of
from glt_cli.errors import UserError

DATASET = InMemoryConfig(name="in_memory", metric="roc_auc")


def test_settings_reach_the_configuration() -> None:
    settings: dict[str, Any] = {
        "trainer": {"epochs": 3, "lr": 1e-5},
        "backbone.hidden": 7,
        "method": {"edge_scores": ("degree", "gradient")},
    }
    config = config_of(DATASET, {"method": "fastglt", "seed": 4}, settings)
    assert (config.trainer.epochs, config.trainer.lr) == (3, 1e-5)
    assert (config.seed, config.backbone.hidden) == (4, 7)
    assert list(getattr(config.method, "edge_scores")) == ["degree", "gradient"]  # noqa: B009
    assert config.dataset == DATASET
    assert config.dataset_name == "data"


@pytest.mark.parametrize("text", ["a,b", "range(0,3)", "glob(*)", 'say "so"', "a=b", "[1]", "${x}"])
def test_text_is_never_a_grid_or_anything_else(text: str) -> None:
    with pytest.raises(UserError) as refused:
        config_of(DATASET, {}, {"dataset.title": text})
    assert "\n" not in str(refused.value)
    assert "-m" not in str(refused.value)
