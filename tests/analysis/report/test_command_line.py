from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from glt_cli.analysis.report.command_line import overrides_of, read_config, shell_command
from glt_cli.config.request import read
from glt_cli.config.typed_text import as_typed
from glt_cli.experiment.paths import RunFolder

FILES = ["dataset=files", "dataset.edges=e.csv", "dataset.nodes=n.csv", "dataset.label=churned"]


def composed(words: list[str]) -> dict[str, object]:
    config = asdict(read(as_typed(words), False, None).points[0].config)
    del config["preset"]
    return config


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["method=dense", "backbone=gin"],
        ["method=imp", "backbone=gat", "dataset=citeseer", "method.retrain_each_round=true"],
        ["sparsity=edges", "sparsity.graph=0.5", "seed=7", "trainer=quick"],
        ["method.edge_scores=[agreement,degree]", "method.epochs=20", "tolerance=0.01"],
        ["method=random", "retrain.control=shuffle", "backbone=resgcn", "dataset=ogbn_arxiv"],
        ["dataset=synthetic", "dataset.nodes=500", "dataset.edges=1500", "trainer.lr=1e-05"],
        ["output_dir=my runs/ü", "data_root=/data", "device=cuda:1", "method=teddy"],
        [*FILES, "dataset.title='a-b'", "dataset.ignore=[x,'y z']", "dataset.delimiter=';'"],
        [*FILES, "dataset.title='1e3'", "dataset.id='null'", "dataset.weight='tr\"ue'"],
    ],
)
def test_the_words_compose_what_was_read_config(words: list[str], tmp_path: Path) -> None:
    config = read(as_typed(words), False, None).points[0].config
    folder = RunFolder(tmp_path)
    folder.config.write_text(OmegaConf.to_yaml(asdict(config)))
    kept = read_config(folder)
    assert kept is not None
    found = overrides_of(kept)
    assert found is not None
    expected = asdict(config)
    del expected["preset"]
    assert composed(found) == expected


def test_what_goes_without_saying_is_not_said() -> None:
    config = asdict(
        read(["seed=2", "method.epochs=30", "quiet=true"], False, None).points[0].config
    )
    assert overrides_of(config) == [
        "method=fastglt",
        "dataset=cora",
        "backbone=gcn",
        "method.epochs=30",
        "seed=2",
    ]


@given(st.text(st.sampled_from("ab1 \"'\\${},=[]()~.:é-_/\t"), max_size=12))
@settings(max_examples=8)
def test_any_text_survives(text: str) -> None:
    config = asdict(read(["output_dir=x"], False, None).points[0].config)
    config["output_dir"] = text
    found = overrides_of(config)
    assert found is not None


def test_a_setting_of_another_glt_has_no_words(tmp_path: Path) -> None:
    config = asdict(read([], False, None).points[0].config)
    assert overrides_of(config | {"colour": "red"}) is None
    assert overrides_of(config | {"method": {"name": "unheard_of"}}) is None
    assert overrides_of({}) is None
    assert read_config(RunFolder(tmp_path)) is None
    (tmp_path / "config.yaml").write_text("a: [")
    assert read_config(RunFolder(tmp_path)) is None


def test_a_command_line_is_safe_to_paste() -> None:
    words = ["method=imp", 'output_dir="a b"', "seed=3"]
    assert shell_command(words, [3]) == "glt run method=imp 'output_dir=\"a b\"' seed=3"
    assert shell_command(words, [2, 1]) == "glt run -m method=imp 'output_dir=\"a b\"' seed=1,2"
