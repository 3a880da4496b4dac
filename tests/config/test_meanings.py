"""Every setting says what it means."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest

from glt_cli.config import Config, RetrainConfig, SparsityConfig, TrainerConfig
from glt_cli.config.backbones import BACKBONES
from glt_cli.config.datasets import DATASETS, InMemoryConfig
from glt_cli.config.meanings import meaning
from glt_cli.config.methods import METHODS, FastGLTConfig

#: Options and groups, which their own pages explain, and what glt sets itself.
ASIDE = {"name", "method", "backbone", "dataset", "sparsity", "trainer", "retrain"}
OWN = {"preset", "names"}


@pytest.mark.parametrize(
    "schema",
    dict.fromkeys(
        [
            *(Config, SparsityConfig, TrainerConfig, RetrainConfig, InMemoryConfig),
            *(*METHODS.values(), *BACKBONES.values(), *DATASETS.values()),
        ]
    ),
)
def test_every_setting_has_a_meaning(schema: type) -> None:
    for item in fields(schema):
        if item.name not in (ASIDE | OWN if schema is Config else ASIDE):
            assert meaning(schema, item.name).endswith((".", ")", "…")), item.name


def test_a_schemas_own_comment_comes_before_its_bases() -> None:
    @dataclass
    class Mine(FastGLTConfig):
        #: How many of mine,
        #: in two lines.
        epochs: int = 3
        silent: int = 0

    assert meaning(Mine, "epochs") == "How many of mine, in two lines."
    assert meaning(Mine, "interval") == "Δ, epochs between two exchanges."
    assert meaning(Mine, "silent") == meaning(Mine, "nothing") == ""
    assert meaning(type("Made", (), {}), "anything") == ""
