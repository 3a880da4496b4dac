"""The file names of a run, and atomic writing of files."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from glt_cli.errors import UserError, at_home


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @property
    def config(self) -> Path:
        """Resolved configuration."""
        return self.path / "config.yaml"

    @property
    def record(self) -> Path:
        """The results of the run; written last."""
        return self.path / "record.json"

    @property
    def history(self) -> Path:
        """One row for each epoch of each phase."""
        return self.path / "history.csv"

    @property
    def tensors(self) -> Path:
        """The ticket's tensors."""
        return self.path / "ticket.safetensors"

    @property
    def ticket(self) -> Path:
        """Settings that are needed to rebuild the ticket's model."""
        return self.path / "ticket.json"

    @property
    def rounds(self) -> Path:
        """Masks of an iterative method's rounds before the last."""
        return self.path / "rounds.safetensors"

    @property
    def rounds_table(self) -> Path:
        """Scores of those rounds, if they were retrained."""
        return self.path / "rounds.csv"

    @property
    def tables_markdown(self) -> Path:
        """The tables for reading."""
        return self.path / "tables.md"

    @property
    def tables_csv(self) -> Path:
        """The tables for programs."""
        return self.path / "tables.csv"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint of an unfinished run."""
        return self.path / "checkpoint.safetensors"

    @property
    def lock(self) -> Path:
        """The lock of the process that does the run; elsewhere, since the folder may be removed."""
        return self.path.parent / ".locks" / f"{self.path.name}.lock"

    @property
    def log(self) -> Path:
        """What happened when."""
        return self.path / "log.txt"

    def needed(self) -> list[Path]:
        """Files without which a run is not finished."""
        return [
            self.record,
            self.history,
            self.tensors,
            self.ticket,
            self.tables_markdown,
            self.tables_csv,
        ]

    def files(self) -> list[Path]:
        """All files that a run may write."""
        return [*self.results(), self.checkpoint, self.config, self.log]

    def leftovers(self) -> list[Path]:
        """Files that a killed process was about to write; only for who holds the run's lock."""
        names = {path.name for path in self.files()}
        found = self.path.iterdir() if self.path.is_dir() else ()
        return [path for path in found if (name := _temporary_of(path)) and name in names]

    def results(self) -> list[Path]:
        """All files that depend on the run's outcome."""
        return [*self.needed(), self.rounds, self.rounds_table]


def _temporary_of(path: Path) -> str | None:
    """The name of the file that a temporary one of `write_whole` was to become."""
    found = re.fullmatch(r"\.(.+)-[a-z0-9_]{8}", path.name)
    return found and found[1]


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file atomically: an interruption leaves the old file or none."""
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def output_file(name: str, such_as: str) -> Path:
    """Check the file of `--output` before anything is computed.

    Raises:
        UserError: It is a folder, or its folder doesn't exist.
    """
    output = at_home(name, f"--output {name}")
    if output.is_dir():
        raise UserError(f"--output {name}: is a folder; name a file, such as {such_as}")
    if not output.parent.is_dir():
        raise UserError(f"--output {name}: there is no folder {output.parent}; make it first")
    return output


def write_output(name: str, content: str | bytes) -> None:
    """Write the file of `--output` atomically; a link's target, a pipe or a device as it is.

    Raises:
        UserError: It can't be written.
    """
    try:
        path = at_home(name).resolve()
        if path.exists() and not path.is_file():
            with path.open("wb") as stream:
                stream.write(content.encode() if isinstance(content, str) else content)
        else:
            write_whole(path, content)
    except OSError as error:
        raise UserError(
            f"--output {name}: can't be written ({error.strerror or error}); name another file"
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
