"""Downloads of OGB's archives with ogb's own downloader, without its questions."""

from __future__ import annotations

import contextlib
import http.client
import socket
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glt_cli.data import sources
from glt_cli.data.dataset_files import Download
from glt_cli.data.ogb.package import imported, quietly
from glt_cli.data.ogb.raw import Source
from glt_cli.data.sources import SourceError


def download(source: Source) -> Download:
    """Describe the download of a data set: one archive with all of its files."""

    def fetch(temporary: Path) -> Path:
        url, inner = _published(source)
        _unpack(_download(url, temporary), temporary)
        return temporary / inner

    return Download(
        "ogb's download",
        fetch,
        details=lambda: f"several hundred megabytes from {_published(source)[0]}",
    )


def _published(source: Source) -> tuple[str, str]:
    """Return the address of the archive, and the folder in it, from the ogb package's list."""
    import pandas as pd

    package = Path(str(imported(f"ogb.{source.family}").__file__)).parent
    known: Any = pd.read_csv(package / "master.csv", index_col=0, keep_default_na=False)
    facts = known[source.title]
    return str(facts["url"]), str(facts["download_name"])


def _download(url: str, into: Path) -> Path:
    """Download one archive with ogb, with a time limit for each answer, and return its path.

    ogb's `decide_download`, which asks a question on standard input, isn't called. Progress is
    shown if standard error is a terminal.
    """
    download_url = imported("ogb.utils.url").download_url
    muted = contextlib.nullcontext() if sys.stderr.isatty() else quietly()
    try:
        with _time_limit(), muted:
            return Path(download_url(url, str(into), log=False))
    except (OSError, http.client.HTTPException, RuntimeError, TypeError, ValueError) as error:
        # ogb turns every interruption, even Ctrl-C, into a RuntimeError without a reason.
        cause = error.__context__ if isinstance(error, RuntimeError) else error
        if isinstance(cause, KeyboardInterrupt | SystemExit):
            raise cause from None
        reason = getattr(cause, "reason", None) or cause or error
        raise SourceError(f"{url}: {reason}") from error


def _unpack(archive: Path, into: Path) -> None:
    """Unpack an archive; this compares every file with its checksum in the archive."""
    try:
        imported("ogb.utils.url").extract_zip(str(archive), str(into), log=False)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"the download is not a complete archive ({error})") from error
    archive.unlink()


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    """Limit the wait for an answer, because ogb's downloader has no limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(sources.CONNECT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
