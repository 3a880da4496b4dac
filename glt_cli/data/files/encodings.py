"""How a file's bytes are text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO

from glt_cli.errors import UserError

UTF8 = "utf-8-sig"  # with or without a mark
_CHUNK = 1 << 20


def encoding_of(stream: IO[bytes], name: str, given: str | None) -> str:
    """Return the encoding of a text file: UTF-8 or UTF-16 if it is, else the one that is given.

    Args:
        stream: The file, from its beginning; it is read to its end.
        name: Its path as the user gave it.
        given: What the user says that files are which aren't UTF-8 (`dataset.encoding`).

    Raises:
        UserError: It is in none of these.
    """
    first = stream.read(_CHUNK)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding, remedy = "utf-16", "save it as 'CSV UTF-8'."
    elif b"\0" in first:
        raise UserError(f"{name}: is not UTF-8 text; save it as 'CSV UTF-8'.")
    else:
        encoding = UTF8
        remedy = (
            "if it is from Excel in Western Europe or America, set dataset.encoding=cp1252; or "
            "save it as 'CSV UTF-8'."
        )
    chunks = [first]
    if (line := _undecodable(chunks, stream, encoding)) is None:
        return encoding
    if given is None or encoding != UTF8:
        raise UserError(
            f"{name}, line {line}: is not {'UTF-8' if encoding == UTF8 else encoding}; {remedy}"
        )
    stream.seek(0)
    if (line := _undecodable([], stream, given)) is not None:
        raise UserError(f"{name}, line {line}: is not {given} (dataset.encoding); {remedy}")
    return given


def _undecodable(read: list[bytes], stream: IO[bytes], encoding: str) -> int | None:
    """Return the number of the first line that isn't in an encoding, from 1; None if all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    for chunk, last in _with_last(read, stream):
        try:
            line += decoder.decode(chunk, last).count("\n")
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
    return None


def _with_last(read: list[bytes], stream: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield what was read, the rest of a stream, and an empty end."""
    for chunk in read:
        yield chunk, False
    while chunk := stream.read(_CHUNK):
        yield chunk, False
    yield b"", True
