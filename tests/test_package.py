import importlib.metadata

import glt_cli


def test_version_is_the_installed_one() -> None:
    assert importlib.metadata.version("glt-cli") == glt_cli.__version__
