"""Planetoid's raw files: their names, their pinned content, and nothing else gets through.

Seven of the eight are pickles, and opening a pickle runs whatever it says. So a file's bytes are
handed on only if they are exactly the published ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from glt_cli.data import checksums
from glt_cli.errors import UserError


@dataclass(frozen=True)
class RawFiles:
    """One data set's eight files.

    title: the folder's name in torch-geometric's layout, ``<title>/raw/``.
    prefix: what the file names begin with, ``ind.<prefix>.``.
    pins: SHA-256 by file name.
    """

    title: str
    prefix: str
    pins: dict[str, str]

    def missing(self, folder: Path) -> list[str]:
        """Name the files that ``folder`` lacks; UserError where it may not be looked into."""
        try:
            there = {path.name for path in folder.iterdir()}
        except (FileNotFoundError, NotADirectoryError):
            there = set()
        except OSError as error:
            raise UserError(f"{folder} can't be read: {error.strerror or error}.") from error
        return [name for name in self.pins if name not in there]

    def read(self, folder: Path, names: Iterable[str]) -> dict[str, bytes]:
        """Return the content of the named files, each one verified.

        UserError, naming the file, at the first that can't be read or isn't the published one.
        """
        return {name: self._read(folder / name) for name in names}

    def _read(self, path: Path) -> bytes:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UserError(f"{path} can't be read: {error.strerror or error}.") from error
        found = checksums.of_bytes(content)
        if found != self.pins[path.name]:
            raise UserError(
                f"{path} is not {self.title}'s published file, or is damaged: its {len(content)} "
                f"bytes have SHA-256 {found[:12]}…, not {self.pins[path.name][:12]}…. It will "
                "not be opened. Replace it, or remove it to have it fetched."
            )
        return content


def _raw_files(title: str, pins: dict[str, str]) -> RawFiles:
    prefix = title.lower()
    return RawFiles(title, prefix, {f"ind.{prefix}.{part}": pin for part, pin in pins.items()})


RAW_FILES: dict[str, RawFiles] = {
    "citeseer": _raw_files(
        "CiteSeer",
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
    "pubmed": _raw_files(
        "PubMed",
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
