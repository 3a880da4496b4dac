"""Write nodes.csv and edges.csv: an invented supply network whose deliveries run late.

    python examples/suppliers/generate.py [FOLDER]

400 suppliers and 800 parts. A supplier delivers parts, and buys from suppliers of its industry.
Whether a node is `late` depends on its own columns (load, stock, experience, country) and more on
those it deals with: a part is late when its suppliers have trouble, even if its own columns look
well. That is what a graph is for. The files are as messy as real ones: some cells are empty, some
nodes have no label yet, some deliveries are entered twice. The same bytes every time.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np

SUPPLIERS, PARTS, INDUSTRIES = 400, 800, 20
SEED = 7
COUNTRIES = ("CN", "CZ", "DE", "FR", "IN", "MX", "NA", "PL", "TR", "US", "VN")


def main(folder: Path) -> None:
    """Draw the network and write both files into a folder."""
    generator = np.random.default_rng(SEED)
    edges = _edges(generator)
    columns = _columns(generator)
    # From one to some twenty deliveries a year, most of them few.
    deliveries = np.ceil(np.exp(3 * generator.random(len(edges)) ** 2)).astype(int)
    columns["late"] = _late(generator, columns, edges, deliveries)
    _spoil(generator, columns)
    _write(folder / "nodes.csv", list(columns), zip(*columns.values(), strict=True))
    names = columns["id"]
    rows = [[names[a], names[b], int(n)] for (a, b), n in zip(edges, deliveries, strict=True)]
    _write(folder / "edges.csv", ["source", "target", "deliveries"], rows)


def _edges(generator: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Draw who supplies what to whom, [M, 2]; nodes are suppliers first, then parts.

    Large suppliers deliver much more often than small ones (the square of a uniform number).
    Parts are bought within an industry.
    """
    size = SUPPLIERS // INDUSTRIES
    parts = SUPPLIERS + np.repeat(np.arange(PARTS), 6)
    suppliers = (parts % INDUSTRIES) * size + (size * generator.random(len(parts)) ** 2).astype(int)
    buyers = np.repeat(np.arange(SUPPLIERS), 3)
    upstream = (buyers // size) * size + (size * generator.random(len(buyers)) ** 2).astype(int)
    edges = np.stack([np.append(suppliers, upstream), np.append(parts, buyers)], axis=1)
    edges = np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0)
    twice = generator.integers(0, len(edges), 40)
    return generator.permutation(np.concatenate([edges, edges[twice]]))


def _columns(generator: np.random.Generator) -> dict[str, list[Any]]:
    """Draw what is known of each node by itself; an industry under pressure shows in some."""
    count = SUPPLIERS + PARTS
    industry = np.append(
        np.repeat(np.arange(INDUSTRIES), SUPPLIERS // INDUSTRIES),
        np.arange(SUPPLIERS, count) % INDUSTRIES,
    )
    pressure = generator.random(INDUSTRIES)[industry]
    numbers = generator.permutation(9000)[:count] + 1
    letters = ["S"] * SUPPLIERS + ["P"] * PARTS
    return {
        "id": [f"{letter}-{number:04d}" for letter, number in zip(letters, numbers, strict=True)],
        "kind": ["supplier"] * SUPPLIERS + ["part"] * PARTS,
        "country": [COUNTRIES[i] for i in generator.integers(0, len(COUNTRIES), count)],
        "load": [round(float(v), 2) for v in 0.3 + 0.3 * pressure + 0.4 * generator.random(count)],
        "stock_days": [int(v) for v in 60 - 25 * pressure - 34 * generator.random(count)],
        "years_known": [int(v) for v in generator.integers(0, 25, count)],
        "certified": ["true" if v < 0.6 else "false" for v in generator.random(count)],
    }


def _late(
    generator: np.random.Generator,
    columns: dict[str, list[Any]],
    edges: np.ndarray[Any, np.dtype[np.int64]],
    deliveries: np.ndarray[Any, np.dtype[np.int64]],
) -> list[str]:
    """Say who is late: the third with the most trouble, own and of those it deals with most."""
    count = len(columns["id"])
    far = np.isin(columns["country"], ["CN", "IN", "MX", "VN"])
    own = (
        4 * np.array(columns["load"])
        - np.array(columns["stock_days"]) / 30
        - np.array(columns["years_known"]) / 20
        + 0.8 * far
        - 0.5 * (np.array(columns["certified"]) == "true")
    )
    own = (own - own.mean()) / own.std()
    ends = np.concatenate([edges, edges[:, ::-1]])
    share = np.append(deliveries, deliveries)
    total = np.bincount(ends[:, 1], weights=share * own[ends[:, 0]], minlength=count)
    volume = np.bincount(ends[:, 1], weights=share, minlength=count)
    trouble = 0.5 * own + 2 * total / np.maximum(volume, 1) + 0.5 * generator.random(count)
    late = trouble > np.quantile(trouble, 2 / 3)
    return ["yes" if value else "no" for value in late]


def _spoil(generator: np.random.Generator, columns: dict[str, list[Any]]) -> None:
    """Empty some cells, as in real files, and the labels of those who are too new to tell."""
    for name, cells in (("country", 15), ("stock_days", 40), ("years_known", 25), ("late", 60)):
        for row in generator.permutation(len(columns[name]))[:cells]:
            columns[name][row] = ""


def _write(path: Path, header: list[str], rows: Any) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
