"""`glt search`: how much can be removed before a ticket stops winning."""

from __future__ import annotations

import argparse
from typing import Any

from glt_cli.commands.shared_flags import add_plugin, add_tolerance

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


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Declare the sub-command."""
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
    add_tolerance(search)
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
    add_plugin(search)
    search.set_defaults(do=run_search)


def run_search(flags: argparse.Namespace, words: list[str]) -> int:
    """Carry out `glt search`; returns the exit code."""
    from glt_cli.sweep.search.search import search

    return search(flags, words)
