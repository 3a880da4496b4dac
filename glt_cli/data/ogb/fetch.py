"""Fetching OGB's archives by ogb's own downloader: unasked, whole or not at all."""

from __future__ import annotations

import contextlib
import http.client
import socket
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from glt_cli.data import sources
from glt_cli.data.folders import ROOT_VARIABLE
from glt_cli.data.ogb.package import imported, quietly
from glt_cli.data.ogb.raw import Source
from glt_cli.data.sources import SourceError
from glt_cli.errors import UserError


def fetch(source: Source, destination: Path, tried: list[str], say: Callable[[str], None]) -> None:
    """Put a data set into ``destination``, in the cache; ``tried`` says where it was looked for.

    Everything is downloaded and unpacked in a folder beside it, which is gone afterwards.
    """
    try:
        url, inner = _published(source)
        say(f"Fetching {source.title} from {url}: some hundred megabytes")
        with sources.staging(destination.parent) as temporary:
            _unpack(_download(url, temporary), temporary)
            files = temporary / inner
            if missing := source.missing(files):
                raise SourceError(f"the archive has no {', '.join(missing)}")
            _put(source, files, destination)
    except (SourceError, OSError) as error:
        reason = error if isinstance(error, SourceError) else error.strerror or error
        if not isinstance(error, SourceError):
            reason = f"{destination.parent} can't be written ({reason})"
        lines = "".join(f"\n  - {line}" for line in [*tried, f"ogb's download: {reason}"])
        raise UserError(
            f"{source.title} is not on this machine and could not be fetched. Tried:{lines}\n"
            f"Put its files ({', '.join(source.files)}) into {source.folder}/ under a folder of "
            f"yours and name that folder as data_root or in {ROOT_VARIABLE}, or put them into "
            f"{destination}."
        ) from error
    say(f"{source.title} is in {destination}")


def _published(source: Source) -> tuple[str, str]:
    """Look up the address of the archive, and the folder in it, in ogb's own list."""
    import pandas as pd

    package = Path(str(imported(f"ogb.{source.family}").__file__)).parent
    known: Any = pd.read_csv(package / "master.csv", index_col=0, keep_default_na=False)
    facts = known[source.title]
    return str(facts["url"]), str(facts["download_name"])


def _download(url: str, into: Path) -> Path:
    """Let ogb fetch one archive, with a time limit for each answer; returns the file.

    `decide_download`, which asks on standard input, is left out. Progress is shown where somebody
    may be watching.
    """
    download_url = imported("ogb.utils.url").download_url
    muted = contextlib.nullcontext() if sys.stderr.isatty() else quietly()
    try:
        with _time_limit(), muted:
            return Path(download_url(url, str(into), log=False))
    except (OSError, http.client.HTTPException, RuntimeError, TypeError, ValueError) as error:
        # ogb turns whatever stops a download, Ctrl-C too, into a RuntimeError without a reason.
        cause = error.__context__ if isinstance(error, RuntimeError) else error
        if isinstance(cause, KeyboardInterrupt | SystemExit):
            raise cause from None
        reason = getattr(cause, "reason", None) or cause or error
        raise SourceError(f"{url}: {reason}") from error


def _unpack(archive: Path, into: Path) -> None:
    """Unpack an archive, which also compares every file in it with its checksum there."""
    try:
        imported("ogb.utils.url").extract_zip(str(archive), str(into), log=False)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"what came is no whole archive ({error})") from error
    archive.unlink()


def _put(source: Source, files: Path, destination: Path) -> None:
    """Move the finished folder into its place: in one step, or file by file if that is taken."""
    with contextlib.suppress(OSError):
        files.rename(destination)
        return
    for part in sorted({Path(file).parent for file in source.files}):
        (destination / part).mkdir(parents=True, exist_ok=True)
        sources.move_folder(files / part, destination / part)


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    """Limit the wait for an answer, which ogb's downloader doesn't."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(sources.CONNECT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
