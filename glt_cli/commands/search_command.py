"""`glt search`: how much can be removed before a ticket stops winning."""

from __future__ import annotations

import argparse
from typing import Any

from glt_cli.commands.shared_flags import add_plugin, add_tolerance

_SEARCH_HELP = """\
Find the extreme sparsity at which a ticket still wins.

A search bisects a ladder of sparsities. At each rung that it tries, it does one run for each of
--seeds; the rung holds if the mean paired difference of validation scores (of late epochs), ticket
minus dense, is within tolerance. Bisection assumes that a method that fails at a rung fails at all
sparser ones.
At the last rung that holds, the method runs on --test-seeds, and test scores are read once:

  certified       the whole 95 % interval of the mean difference on test is within tolerance
                  (this takes at least 3 test seeds)
  wins            the mean difference is within tolerance, but not the whole interval
  does not win    the mean difference is outside: the result on validation was luck or selection
  none            not even the lowest rung holds

The settings are those of glt run (see glt run --help). Each combination of values is one search
and one row of the table. Runs are ordinary runs: finished ones are reused, an interrupted search
continues, and glt table shows them."""

_SEARCH_EXAMPLES = """\
what is pruned along the ladder:
  edges      sparsity.graph; weights are kept unless sparsity.weight=SHARE is given
  weights    sparsity.weight; edges are kept unless sparsity.graph=SHARE is given
  both       both together

ladders:
  Without --ladder, rungs are the rounds of UGS (arXiv 2102.06790), as in published figures: round
  r removes 1 - 0.95^r of edges and 1 - 0.8^r of weights, r = 1 to 30, so that each search tries
  at most 5 rungs.

examples:
  glt search edges method=fastglt,random dataset=cora
  glt search weights backbone=gcn,gin --ladder 0.5,0.8,0.9,0.95,0.98 --seeds 0,1,2
  glt search both --ladder 0.1:0.5,0.2:0.8,0.35:0.93 --output extremes.tex
  glt search edges sparsity.weight=0.93        edges, with 93 % of weights removed
  glt search both experiment=extremes          all methods, three backbones, three data sets
  glt search both experiment=extremes_laptop   three methods, GCN on Cora
  glt search edges … --dry-run                 what is finished, and the most runs that it can take
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
        help="seeds for the decision on validation (default: 0,1,2,3,4)",
    )
    search.add_argument(
        "--test-seeds",
        metavar="K,…",
        help="other seeds for the test (default: the five after the largest of --seeds)",
    )
    search.add_argument(
        "--ladder",
        metavar="S,…",
        help="rungs: shares to remove, ascending; for both, pairs EDGES:WEIGHTS",
    )
    add_tolerance(search)
    search.add_argument(
        "--output",
        metavar="FILE",
        help="also write the table: .txt, .csv, .md, .tex or .html; .json has all rungs and seeds",
    )
    search.add_argument(
        "--dry-run",
        action="store_true",
        help="list the searches, what is finished, and the most runs that they can take",
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
