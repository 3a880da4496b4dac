"""What each data set is, known without opening a file: for tables, help and checks.

Help and completion read this module, so it imports neither torch nor numpy.
"""

from dataclasses import dataclass

from glt_cli.errors import UserError


@dataclass(frozen=True)
class Entry:
    """Published facts of one data set.

    ``edges`` counts undirected edges after loading has removed self-loops and duplicates.
    ``splits`` are the sizes of the public train, validation and test sets.
    ``checksum`` identifies the content: two runs with the same checksum saw the same data. It is
    the arrays' digest for embedded sets, and for Planetoid's raw files the digest of their pins.
    """

    name: str
    title: str
    task: str
    metric: str
    nodes: int
    edges: int
    features: int
    classes: int
    splits: tuple[int, int, int]
    source: str
    citation: str
    checksum: str


_SPLIT = (
    "public split: Yang et al., Revisiting Semi-Supervised Learning with Graph Embeddings, 2016"
)
_SEN = "Sen et al., Collective Classification in Network Data, AI Magazine 29(3), 2008; " + _SPLIT
_NAMATA = (
    "Namata et al., Query-driven Active Surveying for Collective Classification, MLG 2012; "
    + _SPLIT
)
_PLANETOID = "Planetoid's raw files, from the data root or fetched once into the cache"

CATALOG: dict[str, Entry] = {
    e.name: e
    for e in (
        Entry(
            name="cora",
            title="Cora",
            task="node classification",
            metric="accuracy",
            nodes=2708,
            edges=5278,
            features=1433,
            classes=7,
            splits=(140, 500, 1000),
            source="embedded in the package",
            citation=_SEN,
            checksum="7b8e525432d0a47acca1c3b063741135b4d7a45b0e380763ed5adc26b3790c7e",
        ),
        Entry(
            name="citeseer",
            title="CiteSeer",
            task="node classification",
            metric="accuracy",
            nodes=3327,
            edges=4552,
            features=3703,
            classes=6,
            splits=(120, 500, 1000),
            source=_PLANETOID,
            citation=_SEN,
            checksum="6e179cd0620be6a1904951fa8c916c8c345a8f08e331197c32aa2d720c1f4776",
        ),
        Entry(
            name="pubmed",
            title="PubMed",
            task="node classification",
            metric="accuracy",
            nodes=19717,
            edges=44324,
            features=500,
            classes=3,
            splits=(60, 500, 1000),
            source=_PLANETOID,
            citation=_NAMATA,
            checksum="69813381fe135ae4ba312cb998075d8137bae11bade77bd2fbf72fb69a633cdf",
        ),
    )
}


def entry(name: str) -> Entry:
    """Look a data set up; a UserError that names the known ones, and the closest, otherwise."""
    if name in CATALOG:
        return CATALOG[name]
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), CATALOG, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise UserError(f"There is no data set {name!r}.{hint} Known: {', '.join(sorted(CATALOG))}.")
