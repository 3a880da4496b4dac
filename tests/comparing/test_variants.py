from dataclasses import asdict

import pytest

from glt_cli.comparing.variants import flat, variant
from glt_cli.request import read


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["experiment=agreement", "dataset=citeseer", "seed=3"], "agreement"),
        (["method=fastglt", "method.alpha=0.1"], ""),
        (["experiment=agreement", "method.alpha=0.2"], ""),
        (["method=imp"], ""),
    ],
)
def test_a_run_is_called_by_the_experiment_whose_settings_it_has(
    words: list[str], name: str
) -> None:
    [point] = read(words, False, None).points
    assert variant(dict(flat(asdict(point.config)))) == name


def test_nothing_known_of_the_settings_is_no_variant() -> None:
    assert variant({}) == ""
