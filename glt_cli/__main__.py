"""`python -m glt_cli`, and the `glt` command."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from pathlib import Path


def main() -> None:
    """Run the command line and exit with its code."""
    # A job that a batch system or a closed terminal stops ends as cleanly as with Ctrl-C.
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, _as_interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = _run()
        sys.stdout.flush()  # or a full disk would show only when Python ends
    except KeyboardInterrupt:
        print("interrupted; the same command continues from what is finished", file=sys.stderr)
        code = 130
        # After an interrupt inside an exec(str) of some library, Python would exit by the signal
        # instead of with the code, until another exec resets that.
        exec("")
    except BrokenPipeError:
        # The reader of the output (head, less) has closed the pipe.
        sys.stderr.close()
        code = 128 + signal.SIGPIPE
    except OSError as error:
        print(f"glt: {_explained(error)}", file=sys.stderr)
        code = 1
        _drop_output()
    sys.exit(code)


def _run() -> int:
    """Carry out the command line; argparse leaves by itself, for help and for mistakes."""
    try:
        Path.cwd()
    except FileNotFoundError:
        print("glt: the working folder was removed; change to another", file=sys.stderr)
        return 2
    # Imported here, so that an interrupted start ends as cleanly as an interrupted run.
    from glt_cli.commands.main import main as run

    try:
        return run(sys.argv[1:])
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)


def _explained(error: OSError) -> str:
    if error.filename is None and error.errno in (errno.ENOSPC, errno.EIO):
        return f"the output can't be written ({error.strerror})"
    return str(error)


def _drop_output() -> None:
    """Drop what can't be written, lest Python complain again when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _as_interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
