import re
from collections.abc import Callable
from pathlib import Path

import pytest

from glt_cli.config.request import read
from glt_cli.config.variants import variant
from tests.conftest import TINY_FASTGLT


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
    assert variant(point.config) == name


def test_a_run_is_called_alike_everywhere(glt: Callable[..., tuple[int, str, str]]) -> None:
    words = [*TINY_FASTGLT, "experiment=agreement", "sparsity.weight=0"]
    code, out, _ = glt("run", "-m", *words, "sparsity.graph=0.05", "seed=0,1,2")
    assert code == 0
    assert re.search(r"^fastglt \(agreement\) on gcn", out, re.MULTILINE)
    assert re.search(r"^ +fastglt \(agreement\)", out[out.index("Comparison") :], re.MULTILINE)
    assert "fastglt (agreement)" in glt("table")[1]
    asked = ("--ladder", "0.05", "--seeds", "0,1", "--test-seeds", "2", "--tolerance", "1")
    _, out, _ = glt("search", "edges", *words[:-1], *asked)
    assert re.search(r"^ +fastglt \(agreement\)", out, re.MULTILINE)
    glt("report", "--output", "report.html")
    assert "fastglt (agreement), seed 0" in Path("report.html").read_text()
