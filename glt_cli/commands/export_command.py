"""`glt export`: write a ticket's model as a small folder that runs with torch alone."""

from __future__ import annotations

import argparse
from typing import Any

from glt_cli.commands.shared_flags import add_data_root, add_own_files, add_plugin, own_files


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Declare the sub-command."""
    export = commands.add_parser(
        "export",
        help="write a ticket's model without what it doesn't need",
        description=(
            "Write the model of a finished run to a folder: without the hidden units and features "
            "that no kept weight uses, on the smaller graph, with calibrated probabilities and a "
            "model card. Its outputs are compared with the ticket's before it is written. "
            "glt_cli.load(FOLDER) runs it, with torch and safetensors alone."
        ),
    )
    export.add_argument("run", metavar="RUN", help="a run folder, or any folder with a ticket")
    export.add_argument(
        "--to", metavar="DIR", help="the folder to write (default: model in the run's folder)"
    )
    add_own_files(export)
    add_data_root(export)
    add_plugin(export)
    export.set_defaults(do=export_ticket)


def export_ticket(flags: argparse.Namespace, words: list[str]) -> int:
    """Export a ticket, and print what is left of it."""
    import pandas as pd

    from glt_cli.deploy.export import export
    from glt_cli.deploy.model_card import columns
    from glt_cli.experiment.tables import TextTable
    from glt_cli.terminal import console

    exported = export(flags.run, flags.to, flags.data_root, own_files(flags))
    about = exported.model.about
    rows = [
        ("nodes, edges", f"{exported.model.num_nodes:,}, {exported.model.edges.shape[1]:,}"),
        ("input features read", f"{len(about['features']):,} of {about['num_features']:,}"),
        ("columns of hidden maps", columns(about["hidden_units"])),
        ("maps multiplied as CSR", f"{sum(about['network']['csr'])} of "
         f"{len(about['network']['csr'])}"),
        ("temperature", f"{about['temperature']:.3f}"),
        ("size with graph", f"{exported.model_bytes:,} bytes"),
        ("size of the ticket", f"{exported.ticket_bytes:,} bytes"),
        ("difference to the ticket's outputs", f"{exported.difference:.1e} of the largest"),
    ]  # fmt: skip
    terminal = console()
    table = pd.DataFrame([{"what": what, "": value} for what, value in rows])
    TextTable(f"Exported {flags.run}", table).print(terminal)
    terminal.print(f"Model: {exported.folder}", markup=False, soft_wrap=True)
    return 0
