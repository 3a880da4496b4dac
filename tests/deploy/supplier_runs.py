"""Tiny runs on the suppliers of the examples, or on other data, for tests of what uses tickets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.conftest import REPOSITORY, TINY

Glt = Callable[..., tuple[int, str, str]]
SUPPLIERS = REPOSITORY / "examples" / "suppliers"
FILES = [
    "dataset=files",
    f"dataset.edges={SUPPLIERS}/edges.csv",
    f"dataset.nodes={SUPPLIERS}/nodes.csv",
    "dataset.label=late",
    "dataset.weight=deliveries",
]


def run_of(glt: Glt, *words: str) -> Path:
    """Run random pruning, and return the folder of the run."""
    code, _, err = glt("run", *TINY, "method=random", *words)
    assert (code, err) == (0, "")
    (folder,) = Path("outputs").glob("random-*")
    return folder
