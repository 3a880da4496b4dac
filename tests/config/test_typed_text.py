"""Text settings are taken as typed, whatever Hydra's grammar would make of them."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from glt_cli.config import Config
from glt_cli.config.datasets import FilesConfig
from glt_cli.config.request import read
from glt_cli.config.typed_text import as_typed, hydra_text

FILES = ["dataset=files", "dataset.nodes=n.csv", "dataset.edges=e.csv"]


def configs(*words: str, multirun: bool = False) -> list[Config]:
    return [point.config for point in read([*FILES, *words], multirun, None).points]


def label(word: str) -> str | None:
    (config,) = configs(f"dataset.label={word}")
    assert isinstance(config.dataset, FilesConfig)
    return config.dataset.label


NUMBERS = ["2024_01", "1e3", "true", "1.10", "007", "nan", "-1", "0x10"]
SIGNS = ["Is late?", 'a"b', "x%y=z", "#N", "a{b}", "[x]", "back\\", "f(x)", " padded ", "it's"]


@pytest.mark.parametrize("name", [*NUMBERS, *SIGNS, "Ümlaut 😀"])
def test_names_of_columns_are_taken_as_typed(name: str) -> None:
    assert label(name) == name


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_text_can_be_written_for_hydra(text: str) -> None:
    parsed = OverridesParser.create().parse_override(f"dataset.label={hydra_text(text)}")
    assert parsed.value() == text


def test_quotes_are_still_allowed_and_needed_only_for_what_means_something_else() -> None:
    assert label("'a,b'") == label('"a,b"') == "a,b"
    assert label('"null"') == "null"
    assert label("${dataset.title}") == "files"


def test_each_name_in_a_list_is_taken_as_typed() -> None:
    (config,) = configs("dataset.label=y", 'dataset.ignore=[2024_01,my column,"a,b",true,1e3]')
    assert isinstance(config.dataset, FilesConfig)
    assert config.dataset.ignore == ["2024_01", "my column", "a,b", "true", "1e3"]


@pytest.mark.parametrize("delimiter", [";", ",", "|", "\\t", " ", "\t"])
def test_a_delimiter_needs_no_quotes(delimiter: str) -> None:
    (config,) = configs("dataset.label=y", f"dataset.delimiter={delimiter}")
    assert isinstance(config.dataset, FilesConfig)
    assert config.dataset.delimiter == delimiter


def test_several_values_are_a_grid_of_texts() -> None:
    datasets = [c.dataset for c in configs("dataset.label=2024_01,true,b c", multirun=True)]
    assert [d.label for d in datasets if isinstance(d, FilesConfig)] == ["2024_01", "true", "b c"]
    words = ["dataset.label=y", "dataset.ignore=[1e3],[true,b]"]
    lists = [config.dataset for config in configs(*words, multirun=True)]
    assert [d.ignore for d in lists if isinstance(d, FilesConfig)] == [["1e3"], ["true", "b"]]


def test_settings_of_other_types_are_left_alone() -> None:
    words = ["seed=1,2", "trainer.lr=1e-3", "dataset.directed=true", "dataset.metric=roc_auc"]
    words += ["method.scores=[degree]", "seed=range(0,5)", "output_dir=choice(a,b)", "junk"]
    assert as_typed(words) == words
