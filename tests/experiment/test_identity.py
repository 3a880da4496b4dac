from copy import deepcopy
from dataclasses import fields, is_dataclass
from typing import Any

from glt_cli.config import Config
from glt_cli.config.request import read
from glt_cli.experiment import identity
from glt_cli.experiment.experiment import dense_config
from glt_cli.experiment.identity import identify


def config(*words: str) -> Config:
    return read(words, multirun=False, config_dir=None).points[0].config


def leaves(node: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for item in fields(node):
        value = getattr(node, item.name)
        inner = (*path, item.name)
        found += leaves(value, inner) if is_dataclass(value) else [inner]
    return found


def changed(base: Config, path: tuple[str, ...]) -> Config:
    other = deepcopy(base)
    node: Any = other
    for name in path[:-1]:
        node = getattr(node, name)
    value = getattr(node, path[-1])
    new: Any = f"{value}x"
    if isinstance(value, bool):
        new = not value
    elif isinstance(value, int | float):
        new = value + 1
    elif isinstance(value, list):
        new = [*value, "more"]
    elif path == ("dataset", "name"):
        new = "citeseer"
    setattr(node, path[-1], new)
    return other


ASIDE = {
    "seed", "device", "preset", "names", "tolerance", "data_root", "output_dir", "force", "quiet",
    "written",
}  # fmt: skip


def test_every_setting_that_can_change_numbers_changes_the_hash_and_no_other_does() -> None:
    for words in (("method=fastglt",), ("method=imp", "backbone=gat"), ("backbone=gin",)):
        base = config(*words)
        before = identify(base, "cpu").config_hash
        for path in leaves(base):
            same = identify(changed(base, path), "cpu").config_hash == before
            assert same == (path[0] in ASIDE), path


def test_device_kind_and_format_are_part_of_the_hash(monkeypatch: Any) -> None:
    base = config()
    before = identify(base, "cpu").config_hash
    assert identify(base, "cuda").config_hash != before
    monkeypatch.setattr(identity, "FORMAT_VERSION", -1)
    assert identify(base, "cpu").config_hash != before


def test_the_seed_names_the_folder_only() -> None:
    a, b = identify(config("seed=1"), "cpu"), identify(config("seed=2"), "cpu")
    assert a.config_hash == b.config_hash
    assert a.folder != b.folder
    assert a.folder == f"fastglt-gcn-cora-seed1-{a.config_hash}"


def test_the_dense_baseline_is_the_ordinary_dense_run() -> None:
    for words in ((), ("backbone=gat",), ("sparsity.graph=0.1", "trainer.lr=0.5")):
        asked = identify(config(*words, "method=dense"), "cpu")
        needed = identify(dense_config(config(*words)), "cpu")
        assert asked == needed
