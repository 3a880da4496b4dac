from dataclasses import replace

import pytest

from glt_cli.config import Config, SparsityConfig, TrainerConfig, check
from glt_cli.config.backbones import BACKBONES, GCNConfig
from glt_cli.config.datasets import DatasetConfig
from glt_cli.config.methods import METHODS, FastGLTConfig, IMPConfig
from glt_cli.pruning.schedules import SCHEDULES
from glt_cli.pruning.scores import EDGE_SCORES, WEIGHT_SCORES

GOOD = Config(
    method=FastGLTConfig(name="fastglt"),
    backbone=GCNConfig(name="gcn"),
    dataset=DatasetConfig(name="cora"),
)


def test_defaults_are_within_bounds() -> None:
    for method_name, method in METHODS.items():
        for backbone_name, backbone in BACKBONES.items():
            config = replace(
                GOOD, method=method(name=method_name), backbone=backbone(name=backbone_name)
            )
            assert check(config) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"sparsity": SparsityConfig(graph=1.0)}, "sparsity.graph=1.0"),
        ({"sparsity": SparsityConfig(weight=-0.1)}, "sparsity.weight=-0.1"),
        ({"sparsity": SparsityConfig(weight=float("nan"))}, "sparsity.weight=nan"),
        ({"trainer": TrainerConfig(lr=0.0)}, "trainer.lr=0.0"),
        ({"trainer": TrainerConfig(lr=float("inf"))}, "trainer.lr=inf"),
        ({"trainer": TrainerConfig(epochs=0)}, "trainer.epochs=0"),
        ({"backbone": GCNConfig(name="gcn", layers=1)}, "backbone.layers=1"),
        ({"backbone": GCNConfig(name="gcn", dropout=1.0)}, "backbone.dropout=1.0"),
        ({"method": FastGLTConfig(name="fastglt", schedule="cosin")}, "method.schedule=cosin"),
        (
            {"method": FastGLTConfig(name="fastglt", edge_scores=["luck"])},
            "method.edge_scores=luck",
        ),
        ({"method": FastGLTConfig(name="fastglt", edge_scores=[])}, "method.edge_scores"),
        ({"method": FastGLTConfig(name="fastglt", grad_epochs=4)}, "method.grad_epochs=4"),
        (
            {"method": FastGLTConfig(name="fastglt", epochs=30, interval=10, warmup_exchanges=3)},
            "method.warmup_exchanges=3",
        ),
        ({"method": IMPConfig(name="imp", edge_fraction=0.0)}, "method.edge_fraction=0.0"),
        ({"method": FastGLTConfig(name="imp")}, "method.name=imp"),
        ({"backbone": GCNConfig(name="mine")}, "backbone.name=mine"),
        ({"seed": -1}, "seed=-1"),
        ({"device": "tpu"}, "device=tpu"),
        ({"device": "cuda:"}, "device=cuda:"),
        ({"device": "cuda:x"}, "device=cuda:x"),
    ],
)
def test_each_violation_is_named_with_its_key(change: dict[str, object], key: str) -> None:
    (problem,) = check(replace(GOOD, **change))  # type: ignore[arg-type]
    assert problem.startswith(key)


def test_all_violations_are_listed_at_once() -> None:
    bad = replace(GOOD, seed=-1, sparsity=SparsityConfig(2, 2), trainer=TrainerConfig(0, -1, -1))
    assert len(check(bad)) == 6


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:0", "cuda:13"])
def test_devices(device: str) -> None:
    assert check(replace(GOOD, device=device)) == []


def test_names_in_the_schema_are_those_of_the_functions() -> None:
    fields = FastGLTConfig.__dataclass_fields__
    assert set(fields["schedule"].metadata["choices"]) == set(SCHEDULES)
    assert set(fields["edge_noise"].metadata["choices"]) == set(EDGE_SCORES)
    # What is pruned has no magnitude.
    assert set(fields["edge_scores"].metadata["choices"]) == set(EDGE_SCORES) - {"magnitude"}
    assert set(fields["weight_scores"].metadata["choices"]) == set(WEIGHT_SCORES)
