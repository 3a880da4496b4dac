"""Small data sets in exactly OGB's layouts."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

NAMES = ("ogbn_arxiv", "ogbn_proteins", "ogbl_collab")
NODES, EDGES, WIDTH, LABELS = 30, 80, 5, 7


def table(path: Path, values: Any, **how: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(values).to_csv(path, index=False, header=False, compression="gzip", **how)


def pack(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode()))


def write(name: str, folder: Path) -> Path:
    """Write a small set as OGB's archives have it, with the files that glt doesn't read."""
    random = np.random.default_rng(7)
    raw, order = folder / "raw", random.permutation(NODES)
    edges = random.integers(0, NODES, (EDGES, 2))
    edges = edges[edges[:, 0] != edges[:, 1]]
    edges[-3:] = edges[:3]  # the same pairs again, as in ogbl-collab's later years
    edges[-1] = edges[-1, ::-1]
    table(raw / "edge.csv.gz", edges)
    table(raw / "num-node-list.csv.gz", [NODES])
    table(raw / "num-edge-list.csv.gz", [len(edges)])
    (folder / "RELEASE_v1.txt").touch()
    if name == "ogbn_proteins":
        table(raw / "edge-feat.csv.gz", random.random((len(edges), 8)).round(3))
        table(raw / "node-label.csv.gz", random.integers(0, 2, (NODES, LABELS)))
        table(raw / "node_species.csv.gz", random.integers(0, 9, NODES))
    else:
        table(raw / "node-feat.csv.gz", random.standard_normal((NODES, WIDTH)).round(6))
    if name == "ogbn_arxiv":
        table(raw / "node-label.csv.gz", random.integers(0, 40, NODES))
        table(raw / "node_year.csv.gz", random.integers(2000, 2020, NODES))
    parts = dict(zip(("train", "valid", "test"), np.split(order, [18, 24]), strict=True))
    for part, nodes in parts.items():
        if name != "ogbl_collab":
            by = "time" if name == "ogbn_arxiv" else "species"
            table(folder / "split" / by / f"{part}.csv.gz", nodes)
    if name == "ogbl_collab":
        weight = random.integers(1, 9, len(edges))
        year = random.integers(1963, 2018, len(edges))
        table(raw / "edge_weight.csv.gz", weight)
        table(raw / "edge_year.csv.gz", year)
        (folder / "split" / "time").mkdir(parents=True)
        for part, count in (("train", 0), ("valid", 6), ("test", 4)):
            split = {"edge": edges, "weight": weight, "year": year}
            if count:
                split = {
                    "edge": random.integers(0, NODES, (count, 2)),
                    "weight": np.ones(count, dtype=np.int64),
                    "year": np.full(count, 2018),
                    "edge_neg": random.integers(0, NODES, (2 * count, 2)),
                }
            save_as_ogb_did(split, folder / "split" / "time" / f"{part}.pt")
    return folder


def save_as_ogb_did(content: Any, path: Path) -> None:
    """Save as torch did before 1.6 and numpy before 2: other container, other module name."""
    torch.save(content, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes().replace(b"cnumpy._core.", b"cnumpy.core."))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def quiet(message: str) -> None:
    pass
