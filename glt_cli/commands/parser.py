"""The parser of the `glt` command, built from its sub-commands without slow imports."""

from __future__ import annotations

import argparse
import difflib
import re
from typing import NoReturn

import glt_cli
from glt_cli.commands import (
    bench_command,
    completion_command,
    datasets_command,
    export_command,
    predict_command,
    report_command,
    run_command,
    search_command,
    table_command,
    verify_command,
)
from glt_cli.errors import UserError

_EXAMPLES = """\
examples:
  glt run method=fastglt dataset=cora          one run, dense baseline to tables
  glt run -m method=fastglt,imp seed=0,1,2     a grid
  glt run --help                               groups, keys and presets
  glt search edges method=fastglt,random       the extreme sparsity at which tickets still win
  glt table --cols dataset --where backbone=gcn
                                               finished runs, means over seeds
  glt report outputs --output report.html      a page with their tables and figures
  glt verify outputs/fastglt-gcn-cora-seed0-…  check a saved ticket against its data
  glt export outputs/fastglt-gcn-cora-seed0-…  write its model as a folder for torch alone
  glt bench outputs/fastglt-gcn-cora-seed0-…   how fast it is, beside dense models
  glt predict outputs/…/model                  classes and calibrated probabilities
  glt datasets                                 data sets, and whether they are on this machine
"""


class Parser(argparse.ArgumentParser):
    """An argument parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and exiting."""
        if found := re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message):
            known = [word.strip(" '") for word in found[2].split(",")]
            close = difflib.get_close_matches(found[1], known, n=1)
            message += f"; did you mean {close[0]}?" if close else ""
        raise UserError(f"{message}; see {self.prog} --help")


def build_parser() -> Parser:
    """Build the parser; `do` in its namespace is the function that carries out the sub-command."""
    parser = Parser(
        prog="glt",
        description="Find, retrain, measure and save graph lottery tickets.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"glt {glt_cli.__version__}"
    parser.add_argument("--version", action="version", version=version)
    parser.set_defaults(parser=parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    run_command.add(commands, version)
    search_command.add(commands)
    datasets_command.add(commands)
    verify_command.add(commands)
    export_command.add(commands)
    bench_command.add(commands)
    predict_command.add(commands)
    table_command.add(commands)
    report_command.add(commands)
    completion_command.add(commands)
    return parser
