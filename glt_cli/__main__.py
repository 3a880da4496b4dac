"""`python -m glt_cli`, and the `glt` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    # Imported here, so that an interrupted start ends as cleanly as an interrupted run.
    try:
        from glt_cli.cli import run_command

        code = run_command(sys.argv[1:])
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from what is finished", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        # Whoever read the output has gone (head, less): nobody is left to tell.
        sys.stderr.close()
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
