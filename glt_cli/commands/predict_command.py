"""`glt predict`: what an exported model predicts, for its own graph or for another."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from glt_cli.config.datasets import holds_edges
from glt_cli.errors import UserError

_EXAMPLES = """\
examples:
  glt predict outputs/…/model                          its own nodes, as CSV
  glt predict outputs/…/model --output predicted.parquet
  glt predict outputs/…/model --nodes n.csv --edges e.csv
                                                       next week's graph
  glt predict outputs/…/model --pairs pairs.csv        links
"""


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Declare the sub-command."""
    predict = commands.add_parser(
        "predict",
        help="predict with an exported model",
        description=(
            "Print each node's id, class and calibrated probabilities. On other files, columns "
            "are prepared as in training, pruned edges are left out by their nodes' ids, and what "
            "was missing, unseen or new is counted."
        ),
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    predict.add_argument("model", metavar="MODEL", help="a folder that glt export wrote")
    predict.add_argument("--nodes", metavar="FILE", help="another file of nodes, with --edges")
    predict.add_argument("--edges", metavar="FILE", help="another file of edges, with --nodes")
    predict.add_argument("--pairs", metavar="FILE", help="pairs of nodes, for link prediction")
    predict.add_argument(
        "--new-edges",
        choices=["keep", "drop"],
        default="keep",
        help="what to do with edges that the ticket's graph hadn't (default: keep)",
    )
    predict.add_argument(
        "--unknown",
        choices=["error", "drop"],
        default="error",
        help="what to do with edges to nodes that aren't there (default: error)",
    )
    predict.add_argument(
        "--output", metavar="FILE", help="a .csv or .parquet file (default: print CSV)"
    )
    predict.set_defaults(do=predict_with_model)


def predict_with_model(flags: argparse.Namespace, words: list[str]) -> int:
    """Write the predictions; what was read goes to stderr."""
    if bool(flags.nodes) != bool(flags.edges) and not holds_edges(flags.nodes or ""):
        raise UserError("--nodes and --edges: give both, or neither for the model's own graph")
    if flags.pairs and flags.nodes:
        raise UserError("--pairs: can't be given with --nodes and --edges")
    from glt_cli.experiment.paths import output_file, write_output
    from glt_cli.terminal import printable

    if flags.output:
        output = output_file(flags.output, "predicted.csv")
        is_pipe = output.exists() and not output.is_file()
        if output.suffix not in (".csv", ".parquet") and not is_pipe:
            raise UserError(f"--output {flags.output}: name a .csv or .parquet file")
    from glt_cli.deploy.predict import NewGraph, predict, predict_links
    from glt_cli.deploy.runtime.loaded_model import load

    model = load(flags.model)
    if flags.pairs:
        found = predict_links(model, flags.pairs)
    else:
        other = (
            NewGraph(flags.nodes, flags.edges, flags.new_edges, flags.unknown)
            if flags.nodes
            else None
        )
        found = predict(model, other)
    for line in found.report:
        print(f"glt: {printable(line)}", file=sys.stderr)
    if flags.output and flags.output.endswith(".parquet"):
        import io

        buffer = io.BytesIO()
        found.table.to_parquet(buffer, index=False)
        write_output(flags.output, buffer.getvalue())
    else:
        text = found.table.to_csv(index=False, float_format="%.6g", lineterminator="\n")
        if flags.output:
            write_output(flags.output, text)
        else:
            sys.stdout.write(text)
    return 0
