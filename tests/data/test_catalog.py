import subprocess
import sys

import pytest

from glt_cli.config.datasets import DATASETS
from glt_cli.data import checksums
from glt_cli.data.catalog import CATALOG, entry
from glt_cli.data.loaders import LOADERS, loader
from glt_cli.data.planetoid import SHA256
from glt_cli.errors import UserError


def test_every_entry_has_a_loader_and_every_loader_an_entry() -> None:
    assert CATALOG.keys() == LOADERS.keys()
    assert all(name == found.name for name, found in CATALOG.items())


def test_every_entry_has_a_schema_and_the_order_is_the_same() -> None:
    assert list(CATALOG) == list(DATASETS)


def test_every_loader_has_the_functions_that_glt_calls() -> None:
    for name in CATALOG:
        found = loader(name)
        functions = ["is_present", "prepare", "load"]
        if entry(name).checksum is None:
            functions.append("checksum")
        assert all(callable(getattr(found, function)) for function in functions)


def test_unknown_name_is_answered_with_the_closest_and_all_known_ones() -> None:
    with pytest.raises(
        UserError, match=r"'Citeser'.*mean 'citeseer'\?.*citeseer, .*cora, .*pubmed"
    ):
        entry("Citeser")


def test_name_unlike_any_gets_no_suggestion() -> None:
    with pytest.raises(UserError) as caught:
        entry("zzz")
    assert "mean" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(SHA256))
def test_planetoid_checksum_is_that_of_its_pins(name: str) -> None:
    assert entry(name).checksum == checksums.of_pins(SHA256[name])


def test_tables_and_help_pay_for_no_library() -> None:
    """Presence and facts without numpy; even reading Cora without torch."""
    code = """
import sys
import glt_cli.data
from glt_cli.config.datasets import default
from glt_cli.data.catalog import CATALOG
for name in CATALOG:
    glt_cli.data.is_present(default(name), None)
assert not {"numpy", "scipy", "torch", "torch_geometric"} & set(sys.modules), "facts"
glt_cli.data.load(default("cora"), None)
assert not {"torch", "torch_geometric"} & set(sys.modules), "Cora"
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
