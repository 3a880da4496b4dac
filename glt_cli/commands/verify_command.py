"""`glt verify`: check that a saved ticket still gives the results of its record."""

from __future__ import annotations

import argparse
from typing import Any

from glt_cli.commands.shared_flags import add_data_root, add_own_files, add_plugin, own_files


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Declare the sub-command."""
    verify = commands.add_parser("verify", help="check a saved ticket against its data set")
    verify.add_argument(
        "folder", metavar="FOLDER", help="a run folder, or any folder with a ticket"
    )
    add_data_root(verify)
    verify.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:k")
    add_own_files(verify)
    add_plugin(verify)
    verify.set_defaults(do=verify_ticket)


def verify_ticket(flags: argparse.Namespace, words: list[str]) -> int:
    """Check a ticket and print each score; returns 0 if all agree, 1 if one differs."""
    import pandas as pd

    from glt_cli.deploy.integrity import verify
    from glt_cli.experiment.tables import TextTable
    from glt_cli.terminal import console

    checks = verify(flags.folder, flags.data_root, flags.device, own_files(flags))
    rows = [
        {
            "figure": check.name,
            "recorded": "-" if check.recorded is None else f"{check.recorded:.4%}",
            "measured": f"{check.measured:.4%}",
            "": "-" if check.recorded is None else "agrees" if check.agrees else "DIFFERS",
        }
        for check in checks
    ]
    terminal = console()
    TextTable(f"Ticket in {flags.folder}", pd.DataFrame(rows)).print(terminal)
    agrees = all(check.agrees for check in checks)
    if all(check.recorded is None for check in checks):
        terminal.print("The ticket is intact. It has no record to compare it with.")
    elif agrees:
        terminal.print("The ticket is intact and gives the results of its record.")
    else:
        terminal.print("The ticket is intact, but doesn't give the results of its record.")
    return 0 if agrees else 1
