"""Which columns of the user's files hold the ends of edges, their weights, and the ids of nodes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from glt_cli.config.datasets import FilesConfig
from glt_cli.data.files.binary import WEIGHTS
from glt_cli.data.files.tabular import Table, listed
from glt_cli.errors import UserError

#: Names of the two ends, as `_plain` writes them.
_ENDS = (
    ("source", "target"),
    ("source", "destination"),
    ("src", "dst"),
    ("src", "dest"),
    ("src", "trg"),
    ("src", "tgt"),
    ("from", "to"),
    ("u", "v"),
    ("head", "tail"),
    ("start", "end"),
    ("origin", "destination"),
    ("sender", "receiver"),
    ("citing", "cited"),
    ("parent", "child"),
    ("s", "t"),
    ("i", "j"),
    ("a", "b"),
    ("node1", "node2"),
    ("node_1", "node_2"),
    ("id1", "id2"),
    ("tx1", "tx2"),
    ("1", "2"),
)
_IDS = ("id", "nodeid", "node", "vertexid", "vertex")
#: Names of columns that say something of an edge, and the setting that uses them, if any.
_ROLES = {
    "weight": ("weight", "weights", "w", "strength", "value", "count", "amount"),
    "time": ("time", "timestamp", "ts", "date", "datetime", "year"),
    "relation": ("relation", "relationship", "rel", "type", "edgetype", "predicate", "kind"),
}


@dataclass(frozen=True)
class EdgeColumns:
    """The columns of an edges file.

    Attributes:
        source: Where edges begin.
        target: Where they end.
        weight: Their weights, if any.
        report: Lines about columns that aren't used.
    """

    source: str
    target: str
    weight: str | None
    report: tuple[str, ...] = ()


def edge_columns(table: Table, config: FilesConfig) -> EdgeColumns:
    """Choose the columns by the settings, else by their names, else the only two.

    Raises:
        UserError: They are unclear, or one column would have two roles.
    """
    names = [str(name) for name in table.frame.columns]
    if len(names) < 2:
        raise UserError(
            f"{table.name}: has only one column, {names[0]!r}; edges need two, such as "
            "source,target."
        )
    weight = None if config.weight is None else table.column("weight", config.weight)
    if weight is None and not table.text and names == ["source", "target", WEIGHTS]:
        weight = WEIGHTS  # the array with that name in an npz file
    source, target = _ends(table, names, weight, config)
    if len({source, target, weight}) < 3:
        raise UserError(
            f"{table.name}: source {source!r}, target {target!r} and weight {weight!r} must be "
            "different columns; set dataset.source and dataset.target."
        )
    unused = [name for name in names if name not in (source, target, weight)]
    return EdgeColumns(source, target, weight, tuple(_unused(unused, weight)))


def id_column(table: Table) -> str:
    """Choose the column of node ids by its name, else the first.

    Raises:
        UserError: Several columns are named so, and the first isn't among them.
    """
    names = [str(name) for name in table.frame.columns]
    for known in _IDS:
        found = [name for name in names if _letters(name) == known]
        if len(found) == 1:
            return found[0]
        if found and names[0] not in found:
            raise UserError(
                f"{table.name}: {listed(found)} may all be the ids of nodes; choose one with "
                "dataset.id."
            )
    return names[0]


def _ends(
    table: Table, names: Sequence[str], weight: str | None, config: FilesConfig
) -> tuple[str, str]:
    given = [
        None if wanted is None else table.column(key, wanted)
        for key, wanted in (("source", config.source), ("target", config.target))
    ]
    if given[0] is not None and given[1] is not None:
        return given[0], given[1]
    left = [name for name in names if name not in (weight, *given)]
    if given != [None, None]:  # one is given, and the other known by its name, or the only one
        mine = 0 if given[0] is not None else 1
        own = given[mine]
        assert own is not None
        others = [
            name
            for pair in _ENDS
            for name in left
            if _plain(own) == pair[mine] and _plain(name) == pair[1 - mine]
        ] or (left if len(left) == 1 else [])
        if len(set(others)) != 1:
            raise _unclear(table, names)
        return (own, others[0]) if mine == 0 else (others[0], own)
    found = list(dict.fromkeys(pair for known in _ENDS for pair in _named(left, known)))
    if len(found) == 1:
        return found[0]
    plain_weight = len(left) == 3 and _role(left[2]) == "weight"
    if not found and (len(left) == 2 or plain_weight):
        return left[0], left[1]
    raise _unclear(table, names)


def _named(names: Sequence[str], known: tuple[str, str]) -> list[tuple[str, str]]:
    ends = [[name for name in names if _plain(name) == end] for end in known]
    return [(source, target) for source in ends[0] for target in ends[1]]


def _unclear(table: Table, names: Sequence[str]) -> UserError:
    return UserError(
        f"{table.name}: which columns hold the two ends of an edge is unclear (columns: "
        f"{listed([*names])}); set dataset.source and dataset.target."
    )


def _unused(names: Sequence[str], weight: str | None) -> list[str]:
    lines = []
    for name in names:
        role = _role(name)
        hint = f"; as weights: dataset.weight={name}" if role == "weight" and not weight else ""
        like = f", which looks like a {role}," if role else ""
        lines.append(f"edges: column {name!r}{like} is not used{hint}")
    return lines


def _role(name: str) -> str:
    plain = _letters(name)
    return next((role for role, known in _ROLES.items() if plain in known), "")


def _letters(name: str) -> str:
    """Write a name without case, blanks and signs."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _plain(name: str) -> str:
    """Write the name of an end without what says that it is an id: 'Source_ID' is 'source'."""
    plain = _letters(name)
    for aside in ("nodeid", "vertexid", "node", "vertex", "id"):
        shorter = plain.removesuffix(aside) if plain != aside else plain
        shorter = shorter.removeprefix(aside) if shorter not in (aside, "") else shorter
        if shorter and shorter != plain and not shorter.isdigit():
            return shorter
    numbered = re.fullmatch(r"([a-z]*?)(?:id)?([12])", plain)
    return f"{numbered[1]}{numbered[2]}" if numbered else plain
