"""A method can't lie: the run itself checks the guarantees of tickets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import TINY

pytestmark = pytest.mark.usefixtures("unplugged")

Glt = Callable[..., tuple[int, str, str]]

LIARS = '''
"""Methods that violate the guarantees of tickets, each in its own way."""

from dataclasses import dataclass

import torch

import glt_cli


@dataclass
class LiarConfig(glt_cli.MethodConfig):
    how: str = glt_cli.one_of(
        "honest", "half", "floats", "flat", "numpy", "missing", "extra", "list", "unseeded",
        "trained", "nothing", "nan", "foo", "leaves",
    )  # fmt: skip


@glt_cli.register_method("liar", LiarConfig)
def find(context, config):
    generator = context.generator("liar")
    if config.how == "unseeded":
        torch.seed()
        generator = None
    scores = {
        name: torch.rand(t.shape, generator=generator) for name, t in context.tensors().items()
    }
    if config.how == "nan":
        scores["layers.0.linear.weight"][0, :3] = torch.nan
    allocation = "foo" if config.how == "foo" else "uniform"
    if config.how == "trained":
        weight = context.model.prunable()["layers.0.linear.weight"]
        scores[glt_cli.EDGE] *= weight.sum().sign()
        weight.data.neg_()
    order = torch.Generator().manual_seed(0)
    masks = glt_cli.masks_of_largest(scores, context.targets, allocation, order)
    edges = masks[glt_cli.EDGE]
    if config.how == "leaves":
        raise SystemExit(3)
    if config.how == "half":
        masks[glt_cli.EDGE] = torch.arange(edges.numel()) % 2 == 0
    if config.how == "floats":
        masks[glt_cli.EDGE] = edges.float()
    if config.how == "flat":
        masks = {name: mask.flatten() for name, mask in masks.items()}
    if config.how == "numpy":
        masks[glt_cli.EDGE] = edges.numpy()
    if config.how in ("missing", "extra"):
        del masks[glt_cli.EDGE]
    if config.how == "extra":
        masks["foo"] = edges
    if config.how == "list":
        masks = list(masks.values())
    if config.how == "nothing":
        return None
    return glt_cli.SearchResult(masks)
'''


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("leaves", "the method called sys.exit(3)"),
        ("half", "2,639 of 5,278 edges are removed (50.00%); a target of 35.00% is 1,847"),
        ("floats", "the mask of edge must be bool [5278]; it is float32 [5278]"),
        ("flat", "the mask of layers.0.linear.weight must be bool [1433, 8]; it is bool [11464]"),
        ("missing", "there must be one mask for each pruned tensor; missing: edge"),
        ("extra", "one mask for each pruned tensor; missing: edge; unknown: foo"),
        ("numpy", "the mask of edge must be a bool tensor [5278]; it is a ndarray"),
        ("list", "the masks must be a dict of tensors by name; it is a list"),
        ("nothing", "method liar must return a SearchResult; it returned None"),
        ("nan", "3 of 11,464 scores of layers.0.linear.weight are NaN"),
        ("foo", "allocation='foo': must be one of uniform, global"),
        ("trained", "or it changed the model (context.rewind() resets it)"),
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
