"""The `glt` command: one short function for each sub-command. Imports nothing heavy."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from typing import NoReturn

import glt_cli
from glt_cli.commands import run_command
from glt_cli.errors import UserError

_EXAMPLES = """\
examples:
  glt run method=fastglt dataset=cora          one run, dense baseline to tables
  glt run -m method=fastglt,imp seed=0,1,2     a grid
  glt run --help                               groups, keys and presets
  glt search edges method=fastglt,random       the extreme sparsity at which tickets still win
  glt table --cols dataset --where backbone=gcn
                                               finished runs, compared over their seeds
  glt report outputs --output report.html      a page with tables and figures of them
  glt verify outputs/fastglt-gcn-cora-seed0-…  check a saved ticket against its data
  glt datasets                                 what there is, and whether it is here
"""


#: Sub-commands that take settings beside what their parsers know.
TAKES_SETTINGS = ("run", "search")


class Parser(argparse.ArgumentParser):
    """An argument parser that says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise UserError(f"{message}; see {self.prog} --help")


def main(arguments: Sequence[str]) -> int:
    """Run one command line.

    Returns:
        Exit code: 0 fine, 1 something failed, 2 bad input.
    """
    try:
        parser = _parser()
        known, rest = parser.parse_known_args(_as_flags(list(arguments)))
        if rest and known.command not in TAKES_SETTINGS:
            name = f"glt {known.command}" if known.command else "glt"
            raise UserError(f"{name} does not take {' '.join(rest)}; see {name} --help")
        if known.command is None:
            parser.print_help()
            return 0
        _plug_in(known)
        code: int = known.do(known, rest)
    except UserError as error:
        for line in str(error).splitlines():
            print(f"glt: {line}" if not line.startswith(" ") else line, file=sys.stderr)
        return 2
    return code


def _plug_in(known: argparse.Namespace) -> None:
    """Load the plug-ins before anything is composed, and say which before anything is trained."""
    if known.command == "completion":  # has a command line of its own
        return
    from glt_cli.config.plugins import described, load_plugins

    load_plugins(known.plugin)
    if known.command in ("run", "search"):
        for line in described():
            print(f"glt: {line}", file=sys.stderr)


def _as_flags(words: list[str]) -> list[str]:
    """Let `data_root=X` and `device=X`, as `glt run` has them, do for every sub-command."""
    if not words or words[0] in ("run", "search", "table"):  # there they are settings and fields
        return words
    flags = {"data_root=": "--data-root=", "device=": "--device="}
    flags |= {f"dataset.{key}=": f"--{key}=" for key in ("nodes", "edges")}
    for i, word in enumerate(words):
        for key, flag in flags.items():
            if word.startswith(key):
                words[i] = flag + word.removeprefix(key)
    return words


def _parser() -> Parser:
    parser = Parser(
        prog="glt",
        description="Find, retrain, measure and save graph lottery tickets.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"glt {glt_cli.__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    _add_plugin(run_command.add(commands, version))
    _add_search(commands)

    datasets = commands.add_parser("datasets", help="list data sets; fetch and verify them")
    datasets.add_argument("--data-root", metavar="DIR", help="folder with data sets (or GLT_DATA)")
    _add_plugin(datasets)
    datasets.set_defaults(do=_datasets)
    actions = datasets.add_subparsers(dest="action", metavar="ACTION")
    prepare = actions.add_parser("prepare", help="fetch and verify data sets")
    prepare.add_argument("names", nargs="+", metavar="NAME")
    prepare.add_argument(
        "--data-root", metavar="DIR", default=argparse.SUPPRESS, help="folder with data sets"
    )
    _add_plugin(prepare)

    verify = commands.add_parser("verify", help="check a saved ticket against its data set")
    verify.add_argument(
        "folder", metavar="FOLDER", help="a run folder, or any folder with a ticket in it"
    )
    verify.add_argument("--data-root", metavar="DIR", help="folder with data sets (or GLT_DATA)")
    verify.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:k")
    for key in ("nodes", "edges"):
        verify.add_argument(
            f"--{key}", metavar="FILE", help=f"where the {key} file of your own graph is now"
        )
    _add_plugin(verify)
    verify.set_defaults(do=_verify)

    _add_table(commands)
    _add_report(commands)

    completion = commands.add_parser("completion", help="print shell completion")
    completion.add_argument("shell", choices=["bash", "zsh"])
    completion.add_argument("--line", help=argparse.SUPPRESS)
    completion.add_argument("--word", help=argparse.SUPPRESS)
    completion.set_defaults(do=_completion)
    return parser


def _add_plugin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="MODULE",
        help="load methods, scores, backbones or data sets from your own module or .py file; may "
        "be given again (or GLT_PLUGINS)",
    )


_SEARCH_HELP = """\
Find the extreme sparsity at which a ticket still wins.

A search goes along a ladder of sparsities by bisection. At a rung it does one run for each of
--seeds; the rung holds where the mean paired difference of validation score, ticket minus dense,
is within tolerance. Bisection presumes that a method whose tickets fail at a rung fails at all
sparser ones. At the last rung that holds the method runs on --test-seeds, and test is read, once:

  certified       the 95 % interval of the mean difference on test is within tolerance (3 seeds)
  wins            its mean is
  does not win    it is not; what held on validation was luck, or the choosing itself
  none            not even the lowest rung holds

Words are those of glt run (glt run --help lists them). Each combination of values is one search,
one row of the table. Runs are ordinary runs: finished ones are found, a search that was stopped
goes on, and glt table shows them."""

_SEARCH_EXAMPLES = """\
what is pruned along the ladder:
  edges      sparsity.graph; weights stay whole unless sparsity.weight=SHARE says otherwise
  weights    sparsity.weight; edges stay whole unless sparsity.graph=SHARE says otherwise
  both       both at once, rung by rung

ladders:
  Unless --ladder gives your own, rungs are the rounds of UGS (arXiv 2102.06790), where published
  figures stand: round r has removed 1 - 0.95^r of edges, 1 - 0.8^r of weights, r = 1 to 30, so
  at most 5 rungs are tried in each search.

examples:
  glt search edges method=fastglt,random dataset=cora
  glt search weights backbone=gcn,gin --ladder 0.5,0.8,0.9,0.95,0.98 --seeds 0,1,2
  glt search both --ladder 0.1:0.5,0.2:0.8,0.35:0.93 --output extremes.tex
  glt search edges sparsity.weight=0.93        edges, beside 93 % of weights
  glt search both experiment=extremes          all methods, three backbones, three data sets
  glt search both experiment=extremes_laptop   three methods, GCN on Cora
  glt search edges … --dry-run                 what is finished, and how many runs it takes at most
"""


def _add_search(commands: argparse._SubParsersAction[Parser]) -> None:
    search = commands.add_parser(
        "search",
        help="find the extreme sparsity at which a ticket still wins",
        usage="glt search {edges,weights,both} [GROUP=OPTION,… ...] [KEY=VALUE,… ...] [flags]",
        description=_SEARCH_HELP,
        epilog=_SEARCH_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    search.add_argument(
        "--seeds",
        default="0,1,2,3,4",
        metavar="K,…",
        help="seeds that decide, on validation (default: 0,1,2,3,4)",
    )
    search.add_argument(
        "--test-seeds",
        metavar="K,…",
        help="fresh seeds for the test (default: the five after the largest of --seeds)",
    )
    search.add_argument(
        "--ladder",
        metavar="S,…",
        help="your own rungs: shares to remove, ascending; for both, pairs EDGES:WEIGHTS",
    )
    _add_tolerance(search)
    search.add_argument(
        "--output",
        metavar="FILE",
        help="write the table too: .txt, .csv, .md, .tex or .html; .json has all rungs and seeds",
    )
    search.add_argument(
        "--dry-run",
        action="store_true",
        help="list the searches, what is finished, and the runs that they take at most",
    )
    search.add_argument(
        "--config-dir", "-cd", metavar="DIR", help="add your own options, as for glt run"
    )
    _add_plugin(search)
    search.set_defaults(do=_search)


_TABLE_EXAMPLES = """\
examples:
  glt table                                    all runs in outputs/, every figure
  glt table --cols dataset --metric difference --output table.tex
  glt table --rows method,targets --cols backbone --where dataset=cora --where seed=0,1,2
  glt table --where 'weight_sparsity_target>=0.9' --published
  glt table --rows method,method.alpha --metric val,find
"""


def _add_table(commands: argparse._SubParsersAction[Parser]) -> None:
    table = commands.add_parser(
        "table",
        help="compare finished runs, in a terminal, CSV, Markdown, LaTeX or HTML",
        description="Compare finished runs: means over seeds, paired differences to dense.",
        epilog=_TABLE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    table.add_argument("folders", nargs="*", metavar="FOLDER", help="runs (default: outputs)")
    table.add_argument(
        "--rows",
        metavar="KEY,…",
        help="fields of record.json, 'targets', or settings such as method.alpha "
        "(default: method,backbone,dataset,targets)",
    )
    table.add_argument("--cols", metavar="KEY", help="one column for each value of a field")
    table.add_argument(
        "--metric",
        metavar="NAME,…",
        help="figures to show: test, difference, dense, val, sparsity, macs, find, epoch, retrain, "
        "speedup, memory (with --cols one of them, otherwise most)",
    )
    _add_where(table)
    table.add_argument(
        "--format", choices=["terminal", "csv", "markdown", "latex", "html"], help="how to write it"
    )
    table.add_argument(
        "--output", metavar="FILE", help="write a file: .txt, .csv, .md, .tex or .html"
    )
    _add_tolerance(table)
    table.add_argument(
        "--published", action="store_true", help="set published figures beside, labelled"
    )
    _add_plugin(table)
    table.set_defaults(do=_table)


def _add_where(parser: Parser) -> None:
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="CONDITION",
        help="KEY=VALUE, KEY=A,B, KEY!=VALUE or 'KEY>=NUMBER'; may be given again",
    )


def _add_tolerance(parser: Parser) -> None:
    parser.add_argument(
        "--tolerance",
        default="0.005",
        metavar="SHARE",
        help="what a winning ticket may lose, as a fraction (default: 0.005)",
    )


def _add_report(commands: argparse._SubParsersAction[Parser]) -> None:
    report = commands.add_parser(
        "report",
        help="write one HTML page about finished runs, with figures",
        description="Write one HTML page about finished runs that opens without a network.",
        allow_abbrev=False,
    )
    report.add_argument("folders", nargs="*", metavar="FOLDER", help="runs (default: outputs)")
    report.add_argument(
        "--output", default="report.html", metavar="FILE", help="the page (default: report.html)"
    )
    report.add_argument(
        "--figures", metavar="DIR", help="write the figures as PNG, PDF and SVG files too"
    )
    _add_where(report)
    _add_tolerance(report)
    report.add_argument("--data-root", metavar="DIR", help="folder with data sets (or GLT_DATA)")
    _add_plugin(report)
    report.set_defaults(do=_report)


def _search(known: argparse.Namespace, rest: list[str]) -> int:
    from glt_cli.commands.search_command import search

    return search(known, rest)


def _datasets(known: argparse.Namespace, _: list[str]) -> int:
    from glt_cli.commands.datasets_command import prepare_all, print_list

    if known.action == "prepare":
        prepare_all(known.names, known.data_root)
    else:
        print_list(known.data_root)
    return 0


def _verify(known: argparse.Namespace, _: list[str]) -> int:
    from glt_cli.deploy.integrity import verify

    files = {key: getattr(known, key) for key in ("nodes", "edges") if getattr(known, key)}
    return verify(known.folder, known.data_root, known.device, files)


def _table(known: argparse.Namespace, _: list[str]) -> int:
    from glt_cli.commands.table_command import table

    return table(known)


def _report(known: argparse.Namespace, _: list[str]) -> int:
    from glt_cli.commands.report_command import report

    return report(known)


def _completion(known: argparse.Namespace, _: list[str]) -> int:
    from glt_cli.commands.completion import SCRIPTS, candidates
    from glt_cli.config.plugins import load_plugins

    if known.line is None:
        print(SCRIPTS[known.shell])
        return 0
    with contextlib.suppress(UserError):  # the command itself will say what is wrong
        load_plugins()  # of GLT_PLUGINS and of installed packages: Tab runs no code of the line
    for word in candidates(known.shell, known.line, known.word):
        print(word)
    return 0
