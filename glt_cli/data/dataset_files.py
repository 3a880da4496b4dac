"""The files of a data set: find them, or download them, and verify them.

A loader describes its files (`DatasetFiles`) and parses them. `FileLoader` does the rest, in the
same way for every data set:

1. It searches the data root, then the cache. A file whose checksum is wrong is an error and is
   never skipped: the user believes that it is in use.
2. If the files are in neither place, it downloads them into the cache, never into the data root.
3. It verifies a download in a temporary folder and then moves it into the cache, so an interrupted
   download leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from glt_cli.config.datasets import DatasetConfig
from glt_cli.data import checksums, sources
from glt_cli.data.folders import ROOT_VARIABLE, cache_root
from glt_cli.data.graph_data import GraphData
from glt_cli.data.sources import SourceError
from glt_cli.errors import UserError

Say = Callable[[str], None]


@dataclass(frozen=True)
class Download:
    """One way to get all files of a data set over the network.

    Attributes:
        name: What messages call it, such as "torch-geometric's download".
        fetch: Gets an empty temporary folder, writes the files into a subfolder and returns that
            subfolder. Raises SourceError if it fails.
        details: Returns more for the progress message, such as the address and the size.
    """

    name: str
    fetch: Callable[[Path], Path]
    details: Callable[[], str] = lambda: ""


@dataclass(frozen=True, kw_only=True)
class DatasetFiles:
    """The files of one data set, and how to recognise the published ones.

    Attributes:
        title: The name of the data set in messages.
        collection: The folder of related data sets in a data root, such as "planetoid".
        folder: The folder of this data set in the collection; "." is the collection itself.
        names: Paths of the files, relative to the folder.
        sha256: Expected SHA-256 digests by file name, for the files whose digest is known.
        contents: What the files contain, for error messages.
        downloads: Where the files can be downloaded, in the order in which to try.
        check: Reads all files in a folder and raises UserError if they aren't the published data.
            The default compares all files with `sha256`.
    """

    title: str
    collection: str
    folder: str
    names: tuple[str, ...]
    sha256: Mapping[str, str] = field(default_factory=dict)
    contents: str = ""
    downloads: tuple[Download, ...] = ()
    check: Callable[[Path], object] | None = None

    @property
    def cache_folder(self) -> Path:
        """The folder that downloads go to."""
        return cache_root() / self.collection / self.folder

    def places(self, root: Path | None) -> list[Path]:
        """List the folders to search: two layouts of the data root, then the cache."""
        in_root = [root / self.collection / self.folder, root / self.folder] if root else []
        return [*in_root, self.cache_folder] if self.downloads else in_root

    def missing(self, folder: Path) -> list[str]:
        """List the files that aren't in a folder; UserError if the folder can't be read."""
        try:
            return [name for name in self.names if not (folder / name).is_file()]
        except OSError as error:
            raise UserError(f"{folder} can't be read: {error.strerror or error}.") from error

    def find(self, root: Path | None) -> Path | None:
        """Return the first folder that has all files, without looking at their content."""
        return next((place for place in self.places(root) if not self.missing(place)), None)

    def shown(self, folder: Path) -> str:
        """Return the path to show to the user: the file if there is only one, else the folder."""
        return str(folder / self.names[0] if len(self.names) == 1 else folder)

    def read(self, folder: Path, names: Iterable[str] | None = None) -> dict[str, bytes]:
        """Read files and compare those that have a known digest with it.

        The returned bytes are the ones that were verified, so a file that is replaced later does
        no harm.

        Args:
            folder: A folder that has the files.
            names: The files to read; all by default.

        Raises:
            UserError: A file can't be read or has the wrong digest.
        """
        wanted = self.names if names is None else names
        return {name: self._read(folder / name, name) for name in wanted}

    def verify(self, folder: Path) -> None:
        """Raise UserError if the files in a folder aren't the published data."""
        if self.check is None:
            self.read(folder)
        else:
            self.check(folder)

    def _read(self, path: Path, name: str) -> bytes:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UserError(f"{path} can't be read: {error.strerror or error}.") from error
        found, expected = checksums.of_bytes(content), self.sha256.get(name)
        if expected not in (None, found):
            contents = f" The published file is {self.contents}." if self.contents else ""
            remedy = ", or remove it to have it downloaded again" if self.downloads else ""
            raise UserError(
                f"{path} is not the published file of {self.title}, or it is damaged: its "
                f"{len(content)} bytes have SHA-256 {found[:12]}…, not {expected[:12]}…, so glt "
                f"will not open it. Replace it{remedy}.{contents}"
            )
        return content


@dataclass(frozen=True)
class FileLoader:
    """Finds, downloads, verifies and parses data sets; its methods are those of `loaders.Loader`.

    Attributes:
        files: Describes the files of a data set.
        parse: Reads the files in a folder into a graph; it must verify what it reads.
    """

    files: Callable[[DatasetConfig], DatasetFiles]
    parse: Callable[[DatasetConfig, Path], GraphData]

    def is_present(self, config: DatasetConfig, root: Path | None) -> str | None:
        """Return the path of the data set, or None; only checks that the files exist."""
        files = self.files(config)
        folder = files.find(root)
        return None if folder is None else files.shown(folder)

    def prepare(self, config: DatasetConfig, root: Path | None, say: Say) -> str:
        """Verify the files, after downloading them if necessary; returns their path.

        Raises:
            UserError: A file isn't the published one, or no download works.
        """
        files = self.files(config)
        folder, looked = _search(files, root)
        if folder is None:
            folder = _download(files, looked, say)
        else:
            files.verify(folder)
        return files.shown(folder)

    def load(self, config: DatasetConfig, root: Path | None) -> GraphData:
        """Read the data set, after downloading it if necessary; UserError as for `prepare`."""
        files = self.files(config)
        folder, looked = _search(files, root)
        return self.parse(config, folder or _download(files, looked, lambda message: None))

    def present_folder(self, config: DatasetConfig, root: Path | None) -> Path:
        """Return the folder of the files; UserError, without a download, if they aren't here."""
        files = self.files(config)
        folder = files.find(root)
        if folder is None:
            raise UserError(
                f"{files.title} is not on this machine: run glt datasets prepare {config.name}."
            )
        return folder


def _search(files: DatasetFiles, root: Path | None) -> tuple[Path | None, list[str]]:
    """Return the first folder with all files, or None, and what was found in the others.

    Files with a known digest are verified in incomplete folders as well.
    """
    looked = [] if root else [f"neither data_root nor {ROOT_VARIABLE} is set"]
    for folder in files.places(root):
        missing = files.missing(folder)
        if not missing:
            return folder, looked
        if to_verify := [name for name in files.sha256 if name not in missing]:
            files.read(folder, to_verify)
        none = len(missing) == len(files.names)
        looked.append(f"{folder} has no {'such files' if none else ', '.join(missing)}")
    return None, looked


def _download(files: DatasetFiles, looked: list[str], say: Say) -> Path:
    """Try the downloads in turn, and return the folder in the cache.

    Args:
        files: The data set.
        looked: Where the files have been searched, for the error message.
        say: Gets the progress messages.

    Raises:
        UserError: No download works; the message has the reason of each.
    """
    destination, reasons = files.cache_folder, list(looked)
    for download in files.downloads:
        try:
            source = ", ".join(filter(None, (download.name, download.details())))
            say(f"Downloading {files.title} ({source})")
            with sources.staging(destination.parent) as temporary:
                fetched = download.fetch(temporary)
                _verify_download(files, fetched)
                sources.move_folder(fetched, destination)
        except SourceError as error:
            reason = str(error)
        except OSError as error:
            reason = f"{destination.parent} can't be written ({error.strerror or error})"
        else:
            say(f"{files.title} is now in {destination}")
            return destination
        say(f"This failed: {reason}")
        reasons.append(f"{download.name}: {reason}")
    raise _not_available(files, reasons)


def _verify_download(files: DatasetFiles, folder: Path) -> None:
    """Raise SourceError if the downloaded files are incomplete or aren't the published ones."""
    if missing := files.missing(folder):
        raise SourceError(f"the download has no {', '.join(missing)}")
    try:
        files.read(folder, files.sha256)
    except UserError as error:
        raise SourceError("the download is not the published data (wrong checksum)") from error
    try:
        files.verify(folder)
    except UserError as error:
        raise SourceError("the download is not the published data") from error


def _not_available(files: DatasetFiles, reasons: list[str]) -> UserError:
    """Say where the data set was searched, and where the user can put its files."""
    names, contents = ", ".join(files.names), f" ({files.contents})" if files.contents else ""
    target = Path(files.collection, files.folder)
    advice = (
        f"Put {names}{contents} into {target}/ in a folder of your own, and give that folder as "
        f"data_root or in {ROOT_VARIABLE}"
    )
    if not files.downloads:
        return UserError(
            f"{files.title} is not on this machine ({'; '.join(reasons)}), and glt can't download "
            f"it. {advice}."
        )
    lines = "".join(f"\n  - {reason}" for reason in reasons)
    return UserError(
        f"{files.title} is not on this machine and could not be downloaded:{lines}\n"
        f"{advice}. Or put them into {files.cache_folder}."
    )
