import importlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path

import pytest
from omegaconf import DictConfig

from glt_cli.config import Config, RetrainConfig, compose, config_from
from glt_cli.config.backbones import BACKBONES
from glt_cli.config.datasets import schema
from glt_cli.config.methods import METHODS, FastGLTConfig, IMPConfig
from glt_cli.config.request import config_folder, read, without_effect
from glt_cli.config.typed_text import as_typed
from glt_cli.data.catalog import CATALOG
from glt_cli.errors import UserError


def one(*words: str) -> Config:
    request = read(words, multirun=False, config_dir=None)
    (point,) = request.points
    return point.config


def choice(dataset: str) -> list[str]:
    """Words that choose a data set; the user's own files need their names."""
    files = ["dataset.edges=e.csv", "dataset.nodes=n.csv", "dataset.label=y"]
    return [f"dataset={dataset}", *(files if dataset == "files" else [])]


def options(group: str) -> set[str]:
    return {path.stem for path in (config_folder() / group).glob("*.yaml")}


def test_every_option_has_a_schema_a_module_and_a_name() -> None:
    assert options("method") == set(METHODS)
    assert options("backbone") == set(BACKBONES)
    assert options("dataset") == set(CATALOG)
    for name in METHODS:
        assert hasattr(importlib.import_module(f"glt_cli.pruning.methods.{name}"), "find")
    for name in BACKBONES:
        assert hasattr(importlib.import_module(f"glt_cli.models.{name}"), "build")


@pytest.mark.parametrize(("method", "backbone"), list(product(METHODS, BACKBONES)))
def test_every_method_composes_with_every_backbone(method: str, backbone: str) -> None:
    config = one(f"method={method}", f"backbone={backbone}")
    assert type(config.method) is METHODS[method]
    assert type(config.backbone) is BACKBONES[backbone]
    assert (config.method.name, config.backbone.name) == (method, backbone)


@pytest.mark.parametrize("dataset", CATALOG)
def test_every_data_set_composes_within_bounds(dataset: str) -> None:
    config = one(*choice(dataset))
    assert type(config.dataset) is schema(dataset)
    assert config.dataset.name == dataset


@pytest.mark.parametrize("name", sorted(options("experiment")))
def test_every_experiment_composes_within_bounds(name: str) -> None:
    request = read([f"experiment={name}", "seed=0"], multirun=False, config_dir=None)
    assert request.points
    assert {point.config.seed for point in request.points} == {0}


def test_presets_are_named_after_the_cell_that_they_serve() -> None:
    for path in (config_folder() / "preset" / "cell").glob("*.yaml"):
        backbone, dataset = path.stem.split("-")
        assert one(f"backbone={backbone}", f"dataset={dataset}").preset.cell == path.stem
    for path in (config_folder() / "preset" / "method").glob("*.yaml"):
        method, backbone, dataset = path.stem.split("-")
        words = (f"method={method}", f"backbone={backbone}", f"dataset={dataset}")
        assert one(*words).preset.method == path.stem
    for path in (config_folder() / "preset" / "trainer").glob("*.yaml"):
        trainer, method, backbone, dataset = path.stem.split("-")
        assert trainer == "standard"
        words = (f"method={method}", f"backbone={backbone}", f"dataset={dataset}")
        assert one(*words).preset.trainer == path.stem


def test_a_matched_trainer_is_the_same_for_all_methods() -> None:
    for cell in (("backbone=gcn",), ("backbone=gat",), ("backbone=gin", "dataset=pubmed")):
        words = (*cell, "trainer=matched")
        dense = one("method=dense", *words)
        assert dense.trainer == one("method=dense", *cell).trainer
        for method in METHODS:
            if method != "dense":
                config = one(f"method={method}", *words)
                assert (config.trainer, config.retrain) == (dense.trainer, RetrainConfig())
    # Without it, some have a training of their own.
    assert one("method=imp").trainer != one("method=dense").trainer
    assert one("method=guided").retrain != RetrainConfig()


def test_presets_of_a_method_leave_the_targets_of_the_cell_alone() -> None:
    for group in ("method", "trainer"):
        for path in (config_folder() / "preset" / group).glob("*.yaml"):
            assert "sparsity" not in path.read_text(), path


def test_a_preset_gives_way_to_the_command_line() -> None:
    config = one("backbone=gin", "sparsity.graph=0.5", "method.pretrain_epochs=7", "trainer.lr=0.5")
    assert config.preset.cell == "gin-cora"
    assert config.sparsity.graph == 0.5
    assert config.sparsity.weight == 0.9
    assert isinstance(config.method, FastGLTConfig)
    assert config.method.pretrain_epochs == 7
    assert config.trainer.lr == 0.5


def test_a_preset_gives_way_to_a_chosen_sparsity_option() -> None:
    edges, weights = one("sparsity=edges").sparsity, one("sparsity=weights").sparsity
    assert (edges.graph, edges.weight) == (0.35, 0.0)
    assert (weights.graph, weights.weight) == (0.0, 0.93)


def test_the_soft_mask_rate_of_imp_follows_the_trainer() -> None:
    method = one("method=imp", "trainer.lr=0.125").method
    assert isinstance(method, IMPConfig)
    assert method.edge_lr == 0.125


def test_dense_has_no_targets() -> None:
    request = read(["method=dense", "sparsity.graph=0.7"], multirun=False, config_dir=None)
    (point,) = request.points
    assert (point.config.sparsity.graph, point.config.sparsity.weight) == (0, 0)
    assert without_effect(point) == [
        "sparsity.graph=0.7: has no effect, since method=dense prunes nothing"
    ]


def test_what_has_an_effect_is_not_remarked_on() -> None:
    request = read(["method=random", "sparsity.graph=0.7"], multirun=False, config_dir=None)
    assert without_effect(request.points[0]) == []


def test_a_grid_is_expanded() -> None:
    request = read(["method=random,imp", "seed=0,1,2"], multirun=True, config_dir=None)
    found = [(p.config.method.name, p.config.seed) for p in request.points]
    assert found == list(product(["random", "imp"], [0, 1, 2]))
    assert request.is_grid


def test_an_experiment_file_may_be_a_grid(tmp_path: Path) -> None:
    folder = tmp_path / "experiment"
    folder.mkdir()
    (folder / "mine.yaml").write_text(
        "# @package _global_\n"
        "defaults:\n  - override /backbone: gin\n"
        "hydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      seed: 0,1\n"
        "sparsity:\n  graph: 0.125\n"
    )
    request = read(["experiment=mine"], multirun=False, config_dir=str(tmp_path))
    assert request.is_grid
    assert [p.config.seed for p in request.points] == [0, 1]
    assert {p.config.sparsity.graph for p in request.points} == {0.125}
    assert {p.config.backbone.name for p in request.points} == {"gin"}
    narrowed = read(["experiment=mine", "seed=5"], multirun=False, config_dir=str(tmp_path))
    assert [p.config.seed for p in narrowed.points] == [5]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["method=foo"], "method=foo: must be one of dense, fastglt, guided, imp, no_edges"),
        (["method=fastgtl"], "did you mean fastglt?"),
        (["backbon=gcn"], "did you mean backbone?"),
        (["sparsity.grph=0.1"], "sparsity.grph: there is no such key (did you mean graph?)"),
        (["method=imp", "method.alpha=0.1"], "method.alpha: there is no such key"),
        (["sparsity.weight=abc"], "sparsity.weight=abc: must be a number"),
        (["seed="], "seed=: must be a whole number"),
        (["seed=1.5"], "seed=1.5: must be a whole number"),
        (["force=maybe"], "force=maybe: must be true or false"),
        (["+new=1"], "new"),
        (["fastglt"], "'fastglt' is neither KEY=VALUE nor GROUP=OPTION"),
        (["a=b=c"], "'a=b=c' can't be read"),
        (["seed=0,1"], "add -m"),
        (["dataset=null"], "dataset=null: choose a data set, for example dataset=cora"),
        (["backbone=[gcn,gat]"], "each need one option"),
        (["backbone="], "backbone="),
        (["seed=null"], "seed=null: must be a whole number"),
        (
            ["method.edge_scores=gradient"],
            "method.edge_scores=gradient: must be a list, as in [a,b]",
        ),
        (["backbone.name=gin"], "choose it with backbone="),
        (["preset/cell=gcn-pubmed"], "presets apply automatically"),
        (["trainer.lr=inf"], "trainer.lr=inf: must be above 0 and finite"),
        (["experiment=nothing"], "experiment=nothing"),
        (["seed=a{b"], "can't be read"),
        (["=3"], "neither KEY=VALUE"),
        (["+seed=3"], "the + isn't needed"),
        (["hydra.run.dir=x"], "output_dir= says where"),
        (["sparsity=0.5"], "sparsity.graph= and sparsity.weight="),
        (["method.weight_scores=[gradient,gradient]"], "is given twice"),
        (["output_dir="], "output_dir="),
        (["backbone.layers=100000000"], "at least 2 and at most 1000"),
        (["method.interval=0"], "method.interval=0: must be at least 1"),
        (["~method"], "method"),
        (["hydra.launcher.n_jobs=foo"], "hydra.launcher.n_jobs"),
        (["hydra.sweeper.params={seed:3}"], "give the values themselves, as in -m seed=0,1,2"),
        (["hydra.mode=MULTIRUN"], "use -m"),
        (["data_root=${nothing}"], "${nothing}: there is no such key or variable"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(words: list[str], message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(words, multirun=False, config_dir=None)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["seed=interval(0,3)", "seed=range(3,0)"])
def test_sweeps_without_values_are_refused(word: str) -> None:
    with pytest.raises(UserError, match="no values to sweep over"):
        read([word], multirun=True, config_dir=None)


def test_files_that_include_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    for mine, other in (("a", "b"), ("b", "a")):
        text = f"# @package _global_\ndefaults:\n  - /experiment/{other}\n"
        (tmp_path / "experiment" / f"{mine}.yaml").write_text(text)
    with pytest.raises(UserError) as caught:
        read(["experiment=a"], multirun=False, config_dir=str(tmp_path))
    assert str(caught.value) == "experiment=a: files include each other, or nest too deeply"


def test_a_value_of_the_wrong_kind_in_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trainer").mkdir()
    (tmp_path / "trainer" / "mine.yaml").write_text("lr: fast\n")
    with pytest.raises(UserError) as caught:
        read(["trainer=mine"], multirun=False, config_dir=str(tmp_path))
    assert "must be a number" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_folder_of_files_may_be_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    (tmp_path / "mine" / "experiment" / "one.yaml").write_text("# @package _global_\nseed: 7\n")
    request = read(["experiment=one"], multirun=False, config_dir="~/mine")
    assert request.points[0].config.seed == 7


def test_a_grid_of_mistakes_stops_early() -> None:
    with pytest.raises(UserError) as caught:
        read(["seed=a,b,c,d,e,f,g,h"], multirun=True, config_dir=None)
    assert len(str(caught.value).splitlines()) <= 5


def test_a_glob_sweeps_over_a_group() -> None:
    request = read(["method=glob(*)"], multirun=True, config_dir=None)
    assert {point.config.method.name for point in request.points} == set(METHODS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [b", "isn't valid YAML"),
        ("\tepochs: 3", "isn't valid YAML"),
        ("defaults:\n  - /hydra/glt/method/imp@_here_\nname: mine", "method.name=mine"),
        ("defaults:\n  - /hydra/glt/method/imp@_here_\nwings: 2", "wings"),
    ],
)
def test_a_file_of_ones_own_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "method").mkdir()
    (tmp_path / "method" / "mine.yaml").write_text(text)
    with pytest.raises(UserError, match=message):
        read(["method=mine"], multirun=False, config_dir=str(tmp_path))


def test_an_experiment_file_without_its_package_line(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("seed: 3\n")
    with pytest.raises(UserError, match="@package _global_"):
        read(["experiment=mine"], multirun=False, config_dir=str(tmp_path))


def test_every_point_of_a_grid_is_checked_before_any_runs() -> None:
    with pytest.raises(UserError) as caught:
        read(["sparsity.graph=0.1,1.5,0.2", "trainer.lr=0.1,-1"], multirun=True, config_dir=None)
    assert str(caught.value).splitlines() == [
        "trainer.lr=-1.0: must be above 0 and finite",
        "sparsity.graph=1.5: must be at least 0 and below 1",
    ]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    words = ["seed=x", "method=foo", "foo=3", "device=blah", "trainer.lr=-3", "sparsity.graph=2"]
    with pytest.raises(UserError) as caught:
        read(words, multirun=False, config_dir=None)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(words)
    for word in ("seed=x", "method=foo", "foo", "device=blah", "trainer.lr=-3", "graph=2"):
        assert any(word in line for line in lines)


def test_values_that_hydra_could_not_read_are_quoted() -> None:
    words = as_typed(
        ["output_dir=ünïcode_😀", "output_dir=~/x y", "seed=0,1", "a=[b,c]", "lr=1e-3"]
    )
    assert words == [
        'output_dir="ünïcode_😀"',
        'output_dir="~/x y"',
        "seed=0,1",
        "a=[b,c]",
        "lr=1e-3",
    ]
    config = one(*as_typed(["output_dir=ünïcode"]))
    assert config.output_dir == "ünïcode"


def test_a_run_that_is_asked_for_twice_is_one_run() -> None:
    request = read(["seed=0,0,1"], multirun=True, config_dir=None)
    assert [point.config.seed for point in request.points] == [0, 1]


def test_an_option_of_ones_own_gives_its_name_to_runs_and_records(
    glt: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "method").mkdir()
    (tmp_path / "backbone").mkdir()
    (tmp_path / "method" / "mine.yaml").write_text("defaults: [random]\nallocation: global\n")
    (tmp_path / "backbone" / "slim.yaml").write_text("defaults: [gcn]\nhidden: 6\n")
    words = ["--config-dir", str(tmp_path), "method=mine", "backbone=slim", "trainer.epochs=2"]
    code, out, err = glt("run", *words, "device=cpu")
    assert (code, err) == (0, "")
    assert "mine on slim, cora" in out
    [folder] = Path("outputs").glob("mine-slim-cora-seed0-*")
    record = json.loads((folder / "record.json").read_text())
    assert (record["method"], record["backbone"]) == ("mine", "slim")
    assert [path.name.split("-seed")[0] for path in Path("outputs").glob("dense-*")] == [
        "dense-slim-cora"
    ]
    # The same settings by their own words are another run, whose numbers are the same.
    code, _, err = glt(
        "run", "method=random", "method.allocation=global", "backbone.hidden=6",
        "trainer.epochs=2", "device=cpu",
    )  # fmt: skip
    assert (code, err) == (0, "")
    [plain] = Path("outputs").glob("random-gcn-cora-seed0-*")
    assert plain.name.rpartition("-")[2] == folder.name.rpartition("-")[2]
    assert json.loads((plain / "record.json").read_text())["ticket_test"] == record["ticket_test"]
    assert "mine" in glt("table", "outputs")[1]


def test_nobody_sets_the_names_of_runs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="named after the options"):
        one("names.method=dense")
    (tmp_path / "method").mkdir()
    text = "# @package _global_\ndefaults: [/method/random@method]\nnames: {method: dense}\n"
    (tmp_path / "method" / "mine.yaml").write_text(text)
    (point,) = read(["method=mine"], False, str(tmp_path)).points
    assert point.config.method_name == "mine"


def test_a_request_is_composed_once(
    glt: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    composed: list[object] = []
    honest = compose._compose

    def counting(overrides: Sequence[str], hydra: bool = False) -> DictConfig:
        composed.append(overrides)
        return honest(overrides, hydra)

    monkeypatch.setattr(compose, "_compose", counting)
    before = list(sys.argv)
    words = ["method=random", "seed=0,1,2", "backbone.hidden=4", "trainer.epochs=2", "device=cpu"]
    code, _, err = glt("run", "-m", *words)
    assert (code, err) == (0, "")
    # Hydra's own settings as they are, those of the request, and each of its three points.
    assert len(composed) == 2 + 3
    assert sys.argv == before


def test_a_configuration_reads_back_from_plain_values() -> None:
    config = one("method=imp", "backbone=gat", "dataset=ca_astroph", "seed=3")
    assert config_from(asdict(config)) == config
    assert config_from(json.loads(json.dumps(asdict(config)))) == config
    for wrong in ({}, {"method": 3}, asdict(config) | {"seed": "x"}, asdict(config) | {"wings": 2}):
        with pytest.raises(ValueError, match="not the settings of a run"):
            config_from(wrong)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epochs: x", "method/mine.yaml, method.epochs=x: must be a whole number"),
        ("epochs: null", "method/mine.yaml, method.epochs=None: must be a whole number"),
        ("epochs: [1, 2]", "method/mine.yaml, method.epochs=[1, 2]: must be a whole number"),
        ("epocs: 3", "method.epocs: there is no such key"),
        ("epochs: ${oc.env:NOBODY_SETS_THIS}", "NOBODY_SETS_THIS}: there is no such key"),
        ("defaults: [nothing]", "method/mine.yaml: its defaults name method/nothing"),
        ("defaults: [mine]", "method=mine: files include each other"),
        ("defaults: [null]", "method=mine: its file can't be read"),
        ("defaults: 3", "defaults list in 'method/mine', defaults must be a list"),
        ("5", "method=mine: its file can't be read"),
        ("- 1", "must begin with a built-in option of its group"),
        ("epochs: \0", "mine.yaml"),
        (b"\xff\xfe", "method=mine: its file can't be read"),
    ],
)
def test_what_is_wrong_with_a_file_of_options_names_the_file(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    (tmp_path / "method").mkdir()
    whole = isinstance(text, str) and not text.startswith(("defaults", "5", "-"))
    content = text.encode() if isinstance(text, str) else text
    content = b"defaults: [fastglt]\n" + content if whole else content
    (tmp_path / "method" / "mine.yaml").write_bytes(content)
    with pytest.raises(UserError) as caught:
        read(["method=mine"], multirun=False, config_dir=str(tmp_path))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
