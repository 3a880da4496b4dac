from pathlib import Path

import yaml

import glt_cli

REPOSITORY = Path(__file__).resolve().parents[1]


def test_the_version_to_cite_is_this_one() -> None:
    cited = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == glt_cli.__version__
