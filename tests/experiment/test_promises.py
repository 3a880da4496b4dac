"""A method can't lie: the run itself checks what every ticket promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import TINY

pytestmark = pytest.mark.usefixtures("unplugged")

Glt = Callable[..., tuple[int, str, str]]

LIARS = '''
"""Methods that break what every ticket promises, each in a way of its own."""

from dataclasses import dataclass

import torch

import glt_cli


@dataclass
class LiarConfig(glt_cli.MethodConfig):
    how: str = glt_cli.one_of("honest", "half", "floats", "flat", "missing", "unseeded", "leaves")


@glt_cli.register_method("liar", LiarConfig)
def find(context, config):
    generator = context.generator("liar")
    if config.how == "unseeded":
        torch.seed()
        generator = None
    scores = {
        name: torch.rand(t.shape, generator=generator) for name, t in context.tensors().items()
    }
    order = torch.Generator().manual_seed(0)
    masks = glt_cli.masks_of_largest(scores, context.targets, "uniform", order)
    edges = masks[glt_cli.EDGE]
    if config.how == "leaves":
        raise SystemExit(3)
    if config.how == "half":
        masks[glt_cli.EDGE] = torch.arange(edges.numel()) % 2 == 0
    if config.how == "floats":
        masks[glt_cli.EDGE] = edges.float()
    if config.how == "flat":
        masks = {name: mask.flatten() for name, mask in masks.items()}
    if config.how == "missing":
        del masks[glt_cli.EDGE]
    return glt_cli.SearchResult(masks)
'''


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("leaves", "the method called sys.exit(3)"),
        ("half", "2,639 of 5,278 edges are removed (50.00%); a target of 35.00% is 1,847"),
        ("floats", "the mask of edge must be bool [5278]; it is float32 [5278]"),
        ("flat", "the mask of layers.0.linear.weight must be bool [1433, 8]; it is bool [11464]"),
        ("missing", "there must be one mask for each pruned tensor; see edge"),
        ("unseeded", "the same seed gave different masks of edge the second time"),
    ],
)
def test_a_breach_fails_the_run_with_one_line(glt: Glt, how: str, error: str) -> None:
    Path("liars.py").write_text(LIARS)
    code, _, err = glt("run", "--plugin", "liars.py", *TINY, "method=liar", f"method.how={how}")
    assert code == 1
    [folder] = Path("outputs").glob("liar-*")
    record = json.loads((folder / "record.json").read_text())
    assert record["status"] == "failed"
    assert error in record["error"]
    assert "\n" not in record["error"]
    assert error in err.splitlines()[-1]
    assert not (folder / "ticket.safetensors").exists()


def test_an_honest_method_of_somebodys_own_is_done(glt: Glt) -> None:
    Path("liars.py").write_text(LIARS)
    code, out, err = glt("run", "--plugin", "liars.py", *TINY, "method=liar")
    assert code == 0, err
    assert "liar on gcn, cora" in out
