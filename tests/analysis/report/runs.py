"""Runs that were never run: files as a run leaves them, in milliseconds."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import OmegaConf
from safetensors.numpy import save_file

from glt_cli import data
from glt_cli.config import Config
from glt_cli.config.datasets import default
from glt_cli.config.request import read
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record

Bools = NDArray[np.bool_]
CORA = default("cora", transform="row_normalise")


def cora_edges() -> NDArray[np.int64]:
    """Each undirected edge once."""
    edges = data.load(CORA, None).edges
    return np.ascontiguousarray(edges[:, edges[0] < edges[1]])


@cache
def _config(words: tuple[str, ...]) -> Config:
    return read(words, False, None).points[0].config


def make_run(
    root: Path,
    words: Sequence[str],
    test: float,
    dense: float = 0.8,
    edges: NDArray[np.int64] | None = None,
    kept: Bools | None = None,
    **further: Any,
) -> RunFolder:
    """Leave the files of a run.

    Args:
        root: Where its folder goes.
        words: Of `glt run`.
        test: The ticket's score; its validation score is a little higher.
        dense: The dense model's.
        edges: [2, E] for its ticket; without them it has none.
        kept: [E] of them.
        further: Other fields of its record.
    """
    seed = next((int(word[5:]) for word in words if word.startswith("seed=")), 0)
    config = replace(_config(tuple(word for word in words if "seed" not in word)), seed=seed)
    settings = asdict(config)
    aside = {key: part for key, part in settings.items() if key not in ("seed", "preset")}
    digest = hashlib.sha256(json.dumps(aside, sort_keys=True).encode()).hexdigest()[:10]
    method, backbone = config.method.name, config.backbone.name
    folder = RunFolder(root / f"{method}-{backbone}-cora-seed{config.seed}-{digest}")
    folder.path.mkdir(parents=True)
    folder.config.write_text(OmegaConf.to_yaml(settings))
    record = Record(
        method=method,
        backbone=backbone,
        dataset="cora",
        task="node classification",
        metric="accuracy",
        seed=config.seed,
        config_hash=digest,
        graph_sparsity_target=config.sparsity.graph,
        weight_sparsity_target=config.sparsity.weight,
        graph_sparsity=config.sparsity.graph,
        weight_sparsity=config.sparsity.weight,
        dense_val=dense,
        dense_test=dense,
        ticket_val=test + 0.01,
        dense_late_val=dense,
        ticket_late_val=test,
        ticket_test=test,
        ticket_epoch=7,
        dense_macs=2_000_000,
        ticket_macs=int(2_000_000 * (1 - config.sparsity.weight)),
        mac_saving=config.sparsity.weight,
        find_epochs=0 if method in ("dense", "random") else 5,
        find_seconds=2.0 if method == "imp" else 0.5,
        retrain_seconds=1.0,
        peak_memory_mb=400.0,
        device="cpu (1 threads)",
        versions="glt 0.1.0",
        commit="c0ffee",
        finished=f"2026-01-0{1 + config.seed}T00:00:00+00:00",
        status="done",
    )
    record = replace(record, **further)
    folder.history.write_text(
        "phase,epoch,loss,val,graph_sparsity,weight_sparsity\n"
        "pretrain,1,1.9,0.3,0.0,0.0\ndenoise,1,1.5,0.5,0.3,0.9\n"
        "retrain,1,1.8,0.4,0.3,0.9\nretrain,2,1.0,0.7,0.3,0.9\n"
    )
    if edges is not None and kept is not None:
        masks = {"mask.edge": kept, "mask.weight.w": np.arange(20) < 2}
        save_file({"edge_index": edges, **masks}, folder.tensors)
        about = {"dataset": asdict(CORA), "data_checksum": data.checksum(CORA, None)}
        folder.ticket.write_text(json.dumps(about))
    record.write(folder)
    return folder


def make_grid(root: Path) -> list[RunFolder]:
    """Three methods at two edge targets on three seeds, and a round table of one IMP run."""
    edges = cora_edges()
    folders = []
    for seed in range(3):
        for method, lost in (("fastglt", 0.01), ("oneshot", 0.02), ("random", 0.1)):
            for graph in (0.2, 0.5):
                kept: Bools = np.greater(np.random.default_rng(seed).random(edges.shape[1]), graph)
                score = 0.8 - lost - graph / 100 - seed / 1000
                words = [f"method={method}", f"sparsity.graph={graph}", f"seed={seed}"]
                folders.append(make_run(root, words, score, 0.8 + seed / 1000, edges, kept))
        words = ["method=imp", "sparsity.graph=0.2", f"seed={seed}"]
        folders.append(make_run(root, words, 0.78, 0.81))
        folders[-1].rounds_table.write_text(
            "round,graph_sparsity,weight_sparsity,val,test\n1,0.05,0.2,0.8,0.8\n2,0.1,0.4,0.8,0.79\n"
        )
    return folders
