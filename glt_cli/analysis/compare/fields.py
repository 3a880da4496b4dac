"""What tables are laid out by: fields of records, `targets`, and settings by their dotted keys."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import fields

from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.config.methods import METHODS
from glt_cli.errors import UserError
from glt_cli.experiment.record import Record

#: Both target sparsities as one key.
TARGETS = "targets"
#: Keys that show a target: of edges, of weights.
SHOWING_TARGETS = (
    {TARGETS, "graph_sparsity_target", "sparsity.graph"},
    {TARGETS, "weight_sparsity_target", "sparsity.weight"},
)
#: What makes two results comparable, beside the method.
TASK = ("backbone", "dataset", TARGETS)
STANDARD = ("method", *TASK)

FIELDS = {item.name: str(item.type) for item in fields(Record)}


def value(key: str, entry: ComparedRun) -> object:
    """Look up what a run has under a key; a method is called as tables call it."""
    if key == "method":
        return entry.record.label
    if key == TARGETS:
        return entry.targets
    return getattr(entry.record, key) if key in FIELDS else entry.settings.get(key)


def text(key: str, found: object) -> str:
    """Write a key's value."""
    if found is None:
        return "-"
    if key == TARGETS:
        return targets_text(found)
    if isinstance(found, bool):
        return str(found).lower()
    return f"{found:g}" if isinstance(found, float) else str(found)


def targets_text(found: object) -> str:
    """Write shares to remove as edges / weights."""
    assert isinstance(found, tuple)
    return " / ".join(f"{100 * share:g}%" for share in found) if any(found) else "none"


def rank(key: str, found: object) -> tuple[int, float, float, str]:
    """Where a value stands among the others of its key: methods in the order of METHODS."""
    if found is None:
        return 3, 0, 0, ""
    if key == "method":
        name = str(found).partition(" (")[0]
        known = list(METHODS)
        return 0, known.index(name) if name in known else len(known), 0, str(found)
    if isinstance(found, tuple):
        return 0, found[0], found[1], ""
    if isinstance(found, int | float):
        return 1, found, 0, ""
    return 2, 0, 0, str(found)


def check(names: Sequence[str], option: str, compared_runs: Iterable[ComparedRun]) -> None:
    """See that there are such keys.

    Raises:
        UserError: There is none of that name.
    """
    settings = {key for entry in compared_runs for key in entry.settings}
    known = [*FIELDS, TARGETS, *sorted(settings)]
    for name in names:
        if name not in known:
            hint = unknown(name, known) or f" (records have {', '.join(STANDARD)}, seed, …)"
            raise UserError(f"{option} {name}: there is no such field{hint}; see glt table --help")


def unknown(name: str, known: Sequence[str]) -> str:
    """Suggest what may have been meant."""
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
