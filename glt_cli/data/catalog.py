"""What each data set is, known without opening a file: for tables, help and checks.

Help and completion read this module, so it imports neither torch nor numpy.
"""

from dataclasses import dataclass

from glt_cli.config.registry import Registry
from glt_cli.errors import UserError

NODE_CLASSES = "node classification"
NODE_LABELS = "multi-label node classification"
LINKS = "link prediction"

#: Metrics that each task can be scored by, its usual one first.
METRICS = {NODE_CLASSES: ("accuracy", "roc_auc"), NODE_LABELS: ("roc_auc",), LINKS: ("hits@50",)}


@dataclass(frozen=True, kw_only=True)
class CatalogEntry:
    """Published facts of one data set; None where they depend on the user's settings.

    ``edges`` counts undirected edges after loading has removed self-loops and duplicates.
    ``features`` is 0 where nodes have none. ``classes`` counts labels of a multi-label set, and
    is 0 for link prediction.
    ``splits`` are the sizes of the train, validation and test sets: nodes, or links.
    ``checksum`` identifies the content: two runs with the same checksum saw the same data. It is
    the arrays' digest for embedded sets, and the digest of their pins for sets of raw files.
    None: the loader's ``checksum(config)`` tells.
    """

    name: str
    title: str
    task: str
    metric: str
    source: str
    citation: str
    nodes: int | None = None
    edges: int | None = None
    features: int | None = None
    classes: int | None = None
    splits: tuple[int, int, int] | None = None
    checksum: str | None = None


_SPLIT = (
    "public split: Yang et al., Revisiting Semi-Supervised Learning with Graph Embeddings, 2016"
)
_SEN = "Sen et al., Collective Classification in Network Data, AI Magazine 29(3), 2008; " + _SPLIT
_NAMATA = (
    "Namata et al., Query-driven Active Surveying for Collective Classification, MLG 2012; "
    + _SPLIT
)
_PLANETOID = "Planetoid's raw files, from the data root or fetched once into the cache"

_OGB = "OGB's raw files and split, from the data root or fetched once into the cache"
_HU = "Hu et al., Open Graph Benchmark, NeurIPS 2020; official split by "

_SHCHUR = "Shchur et al., Pitfalls of Graph Neural Network Evaluation, arXiv 1811.05868"


def _pyg(
    name: str,
    title: str,
    nodes: int,
    edges: int,
    features: int,
    classes: int,
    checksum: str | None = None,
) -> CatalogEntry:
    """Describe a set of torch-geometric's without a public split: 20 and 30 nodes of each class."""
    return CatalogEntry(
        name=name,
        title=title,
        task=NODE_CLASSES,
        metric="accuracy",
        nodes=nodes,
        edges=edges,
        features=features,
        classes=classes,
        splits=(20 * classes, 30 * classes, nodes - 50 * classes),
        source="torch-geometric's raw file, from the data root or fetched once into the cache",
        citation=f"{_SHCHUR}; split drawn by glt: seeded, 20 per class train, 30 validation",
        checksum=checksum,
    )


_ZHAO = "Zhao et al., Multi-label Node Classification on Graph-Structured Data, TMLR 2023"
_LABEL_SPLIT = "; split drawn by glt: seeded, 60/20/20"
_LINK_SPLIT = "; split drawn by glt: by dataset.split_seed, 85/5/10"


def _given(file: str, arrays: str) -> str:
    """Tell of a file that the user has: glt knows no place to fetch it from."""
    return f"npz file in the data root: graphs/{file}.npz with arrays {arrays}"


def _synthetic(name: str, size: str) -> CatalogEntry:
    """Describe made data, whose figures are the settings'."""
    return CatalogEntry(
        name=name,
        title=f"synthetic ({size})",
        task=NODE_CLASSES,
        metric="accuracy",
        source=f"made by glt, {size}: a seeded block model, no real data",
        citation="after Karrer and Newman, Stochastic Blockmodels and Community Structure in "
        "Networks, Physical Review E 83, 2011",
    )


_BUILTIN = {
    e.name: e
    for e in (
        CatalogEntry(
            name="cora",
            title="Cora",
            task=NODE_CLASSES,
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
        CatalogEntry(
            name="citeseer",
            title="CiteSeer",
            task=NODE_CLASSES,
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
        CatalogEntry(
            name="pubmed",
            title="PubMed",
            task=NODE_CLASSES,
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
        CatalogEntry(
            name="files",
            title="your own files",
            task=NODE_CLASSES,
            metric="accuracy",
            source="your own files: docs/your-own-graph.md",
            citation="",
        ),
        _pyg(
            "amazon_computers",
            "Amazon Computers",
            13752,
            245861,
            767,
            10,
            "be58a1ec75405bfb2f9917b85cc34eb29c606df5a988da355468dda97d19b753",
        ),
        _pyg("amazon_photo", "Amazon Photo", 7650, 119081, 745, 8),
        _pyg("coauthor_cs", "Coauthor CS", 18333, 81894, 6805, 15),
        _pyg(
            "coauthor_physics",
            "Coauthor Physics",
            34493,
            247962,
            8415,
            5,
            "16df58ffe9c5d6e73220f42cc5a9f7056d2f7d076d779d9d73f1d2470f9e6592",
        ),
        CatalogEntry(
            name="ogbn_arxiv",
            title="ogbn-arxiv",
            task=NODE_CLASSES,
            metric="accuracy",
            nodes=169_343,
            edges=1_157_799,
            features=128,
            classes=40,
            splits=(90_941, 29_799, 48_603),
            source=_OGB + "; citations are taken as undirected edges",
            citation=_HU + "year",
        ),
        CatalogEntry(
            name="ogbn_proteins",
            title="ogbn-proteins",
            task=NODE_LABELS,
            metric="roc_auc",
            nodes=132_534,
            edges=39_561_252,
            features=8,
            classes=112,
            splits=(86_619, 21_236, 24_679),
            source=_OGB + "; features are the mean of a node's edge features",
            citation=_HU + "species",
        ),
        # Published are the 1,179,052 links of single years, not the edges that they merge into.
        CatalogEntry(
            name="ogbl_collab",
            title="ogbl-collab",
            task=LINKS,
            metric="hits@50",
            nodes=235_868,
            features=128,
            classes=0,
            splits=(1_179_052, 60_084, 46_329),
            source=_OGB + "; edges weigh the number of joint papers",
            citation=_HU + "year",
        ),
        CatalogEntry(
            name="tolokers",
            title="Tolokers",
            task=NODE_CLASSES,
            metric="roc_auc",
            nodes=11_758,
            edges=519_000,
            features=10,
            classes=2,
            splits=(5879, 2939, 2940),
            source=_given("tolokers", "x, labels, edges, train_masks, val_masks, test_masks"),
            citation="Platonov et al., A Critical Look at the Evaluation of GNNs under "
            "Heterophily, ICLR 2023; the first of the ten given splits",
            checksum="729b6954b1d45c6cc0d61e9de2a500566c98ace4e15827afe5033e16d51afc34",
        ),
        CatalogEntry(
            name="pcg",
            title="PCG",
            task=NODE_LABELS,
            metric="roc_auc",
            nodes=3233,
            edges=37_351,
            features=32,
            classes=15,
            splits=(1939, 646, 648),
            source=_given("pcg_multilabel", "x, y, edges"),
            citation=_ZHAO + _LABEL_SPLIT,
            checksum="a36175e5ec4a7a665b341f5a957b84e1e2e5ca8127436543d7da2a17d7106972",
        ),
        CatalogEntry(
            name="humango",
            title="HumanGo",
            task=NODE_LABELS,
            metric="roc_auc",
            nodes=3106,
            edges=15_978,
            features=53,
            classes=14,
            splits=(1863, 621, 622),
            source=_given("humango_multilabel", "x, y, edges, edge_attr")
            + "; 21 of the features are means of a node's edge features",
            citation=_ZHAO + _LABEL_SPLIT,
            checksum="b86a7339fdb3b312919f8a75387b16bd345073b9b82d34dc33b8bb5d5ce3e2e7",
        ),
        CatalogEntry(
            name="blogcatalog",
            title="BlogCatalog",
            task=NODE_LABELS,
            metric="roc_auc",
            nodes=10_312,
            edges=333_983,
            features=0,
            classes=39,
            splits=(6187, 2062, 2063),
            source=_given("blogcatalog_multilabel", "y, edges"),
            citation="Tang and Liu, Relational Learning via Latent Social Dimensions, KDD 2009"
            + _LABEL_SPLIT,
            checksum="45bbd960fcd5a71ce50597be9ce6455e9088ca0f0d7f731caa3c3dce212a4b3a",
        ),
        CatalogEntry(
            name="ca_astroph",
            title="ca-AstroPh",
            task=LINKS,
            metric="hits@50",
            nodes=18_772,
            edges=198_050,
            features=0,
            classes=0,
            splits=(168_343, 9902, 19_805),
            source=_given("ca_astroph_link", "edges") + ", or fetched once into the cache",
            citation="Leskovec et al., Graph Evolution: Densification and Shrinking Diameters, "
            "ACM TKDD 1(1), 2007" + _LINK_SPLIT,
            checksum="9e1cda563fdbb7c89c011896f5a3210790fe886e6f16c4e438df682a49d19380",
        ),
        CatalogEntry(
            name="drugbank_ddi",
            title="DrugBank interactions",
            task=LINKS,
            metric="hits@50",
            nodes=2191,
            edges=242_027,
            features=0,
            classes=0,
            splits=(205_724, 12_101, 24_202),
            source=_given("drugbank_ddi_link", "edges"),
            citation="Wishart et al., DrugBank 5.0, Nucleic Acids Research 46, 2018; as in Yue et "
            "al., Graph Embedding on Biomedical Networks, Bioinformatics 36(4), 2020" + _LINK_SPLIT,
            checksum="5fa6a96e91ae1be29b77cdc4bdf6b607772b5b0b6be9e31743e289a96a185afe",
        ),
        _synthetic("synthetic", "of any size"),
        _synthetic("synthetic_arxiv_size", "the size of ogbn-arxiv"),
        _synthetic("synthetic_quarter_proteins_size", "a quarter of the size of ogbn-proteins"),
    )
}

CATALOG: Registry[CatalogEntry] = Registry("data set", _BUILTIN)


def entry(name: str) -> CatalogEntry:
    """Look a data set up; a UserError that names the known ones, and the closest, otherwise."""
    if name in CATALOG:
        return CATALOG[name]
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), CATALOG, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise UserError(f"There is no data set {name!r}.{hint} Known: {', '.join(sorted(CATALOG))}.")
