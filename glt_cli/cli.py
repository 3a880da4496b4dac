"""The `glt` command: one short function for each sub-command. Imports nothing heavy."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import glt_cli
from glt_cli.errors import UserError

_EXAMPLES = """\
examples:
  glt run method=fastglt dataset=cora          one run, dense baseline to tables
  glt run -m method=fastglt,imp seed=0,1,2     a grid
  glt run --help                               groups, keys and presets
  glt verify outputs/fastglt-gcn-cora-seed0-…  check a saved ticket against its data
  glt datasets                                 what there is, and whether it is here
"""


def run_command(arguments: Sequence[str]) -> int:
    """Run one command line.

    Returns:
        Exit code: 0 fine, 1 something failed, 2 bad input.
    """
    parser = _parser()
    known, rest = parser.parse_known_args(list(arguments))
    if known.command is None:
        parser.print_help()
        return 0
    if rest and known.command != "run":
        parser.error(f"glt {known.command} does not take {' '.join(rest)}")
    try:
        code: int = known.do(known, rest)
    except UserError as error:
        print(f"glt: {error}", file=sys.stderr)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glt",
        description="Find, retrain, measure and save graph lottery tickets.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"glt {glt_cli.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    run = commands.add_parser(
        "run",
        help="find, retrain and measure a ticket, or a grid",
        add_help=False,
        allow_abbrev=False,
    )
    run.add_argument("-m", "--multirun", action="store_true")
    run.add_argument("--config-dir", "-cd")
    run.add_argument("--version", action="version", version=f"glt {glt_cli.__version__}")
    run.set_defaults(do=_run)

    datasets = commands.add_parser("datasets", help="list data sets; fetch and verify them")
    datasets.add_argument("--data-root", help="folder with data sets (or GLT_DATA)")
    datasets.set_defaults(do=_datasets)
    actions = datasets.add_subparsers(dest="action", metavar="ACTION")
    prepare = actions.add_parser("prepare", help="fetch and verify data sets")
    prepare.add_argument("names", nargs="+", metavar="NAME")
    prepare.add_argument("--data-root", default=argparse.SUPPRESS, help="folder with data sets")

    verify = commands.add_parser("verify", help="check a saved ticket against its data set")
    verify.add_argument("folder", help="a run folder, or any folder with a ticket in it")
    verify.add_argument("--data-root", help="folder with data sets (or GLT_DATA)")
    verify.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:k")
    verify.set_defaults(do=_verify)

    completion = commands.add_parser("completion", help="print shell completion")
    completion.add_argument("shell", choices=["bash", "zsh"])
    completion.add_argument("--line", help=argparse.SUPPRESS)
    completion.set_defaults(do=_completion)
    return parser


def _run(known: argparse.Namespace, rest: list[str]) -> int:
    from glt_cli.front import run

    return run(rest, known.multirun, known.config_dir)


def _datasets(known: argparse.Namespace, _: list[str]) -> int:
    from glt_cli.data.listing import prepare_all, print_list

    if known.action == "prepare":
        prepare_all(known.names, known.data_root)
    else:
        print_list(known.data_root)
    return 0


def _verify(known: argparse.Namespace, _: list[str]) -> int:
    from glt_cli.verify import verify

    return verify(known.folder, known.data_root, known.device)


def _completion(known: argparse.Namespace, _: list[str]) -> int:
    from glt_cli.completion import candidates, script

    print(script(known.shell) if known.line is None else candidates(known.line))
    return 0
