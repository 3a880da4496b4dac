"""`python -m glt_cli`, and the `glt` command."""

from __future__ import annotations

import io
import signal
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    # A job that a batch system or a closed terminal stops ends as cleanly as with Ctrl-C.
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, _as_interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    # Imported here, so that an interrupted start ends as cleanly as an interrupted run.
    try:
        from glt_cli.commands.main import main as run

        code = run(sys.argv[1:])
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
        print(f"glt: {error}", file=sys.stderr)
        code = 1
    sys.exit(code)


def _as_interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
