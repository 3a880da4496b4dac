"""The model card of an export, in the Hugging Face Hub's format: YAML, then Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from glt_cli.experiment.record import Record


def model_card(about: Mapping[str, Any], record: Record | None, size: int) -> str:
    """Describe an exported model.

    Args:
        about: The content of `model.json`.
        record: The record of its run, if there is one.
        size: Bytes of its files.
    """
    head = {
        "library_name": "glt",
        "tags": ["graph-machine-learning", "graph-neural-network", "sparse", "lottery-ticket"],
        "datasets": [about["data"]],
        "metrics": [about["metric"]],
    }
    # JSON is YAML, and quotes whatever needs it.
    lines = ["---", *(f"{key}: {json.dumps(value)}" for key, value in head.items()), "---", ""]
    lines += [
        f"# {_shown(about['backbone'])} on {_shown(about['data'])}: a graph lottery ticket",
        "",
        f"A {_shown(about['backbone'])} for {about['task']}, on a graph without "
        f"{about['graph_sparsity']:.2%} of its edges and without {about['weight_sparsity']:.2%} of "
        f"its weights. {size / 1e6:.2f} MB with its graph.",
        "",
        "| | |",
        "|---|---|",
        f"| input features that it reads | {len(about['features']):,} of "
        f"{about['num_features']:,} |",
        f"| columns of the hidden maps that are left | {columns(about['hidden_units'])} |",
        f"| temperature, fitted on validation | {about['temperature']:.3f} |",
        *_scores(record),
        "",
        "## Use",
        "",
        "```python",
        "import glt_cli",
        "",
        'model = glt_cli.load("FOLDER")',
        "probabilities = model.probabilities(model.outputs())  # of the nodes of its graph",
        "```",
        "",
        "It needs torch and safetensors.",
        "",
        "## What it must not be used for",
        "",
        "- Its score holds for the graph that it was found on. On other nodes or a later graph it "
        "has to be measured again, with labels.",
        "- One score over all nodes says nothing about small groups of nodes. Compare groups "
        "before decisions about people depend on it.",
        "- It must not decide about people without a person who can correct it.",
    ]
    return "\n".join(lines) + "\n"


def columns(counts: Sequence[int]) -> str:
    """List how many columns each hidden map has; equal ones of a deep network once."""
    if len(counts) > _FEW and len(set(counts)) == 1:
        return f"{counts[0]} in each of {len(counts)}"
    return ", ".join(map(str, counts))


#: Maps that are listed one by one even if they are equal.
_FEW = 3


def _scores(record: Record | None) -> list[str]:
    if record is None or record.ticket_test is None:
        return ["| score | the run's record is missing |"]
    dense = "" if record.dense_test is None else f", dense model {record.dense_test:.2%}"
    macs = (
        [f"| multiply-adds | {record.ticket_macs:,} of {record.dense_macs:,} |"]
        if record.ticket_macs is not None and record.dense_macs is not None
        else []
    )
    return [
        f"| test {record.metric} | {record.ticket_test:.2%}{dense} (one run, seed {record.seed}) |",
        *macs,
    ]


def _shown(text: str) -> str:
    """Foreign text as plain Markdown."""
    return "".join(f"\\{each}" if each in "\\`*_[]<>|#" else each for each in text)
