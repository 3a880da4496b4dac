"""Fields that tables can group by: record fields, `targets`, and settings by their dotted keys."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import fields

from glt_cli.analysis.compare.runs import ComparedRun
from glt_cli.config.methods import METHODS
from glt_cli.errors import UserError
from glt_cli.experiment.record import Record

#: Both target sparsities as one field.
TARGETS = "targets"
#: Fields that show the target graph sparsity, and those that show the target weight sparsity.
TARGET_FIELDS = (
    {TARGETS, "graph_sparsity_target", "sparsity.graph"},
    {TARGETS, "weight_sparsity_target", "sparsity.weight"},
)
#: Results are comparable if they agree in these.
TASK_FIELDS = ("backbone", "dataset", TARGETS)
STANDARD_FIELDS = ("method", *TASK_FIELDS)

#: Types of the fields of a record.
RECORD_FIELDS = {item.name: str(item.type) for item in fields(Record)}


def value_of(field: str, run: ComparedRun) -> object:
    """Look up a field of a run; `method` is the method's label in tables."""
    if field == "method":
        return run.record.label
    if field == TARGETS:
        return run.targets
    return getattr(run.record, field) if field in RECORD_FIELDS else run.settings.get(field)


def text(field: str, value: object) -> str:
    """Format the value of a field."""
    if value is None:
        return "-"
    if field == TARGETS:
        return targets_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def targets_text(targets: object) -> str:
    """Format target sparsities as graph / weight."""
    assert isinstance(targets, tuple)
    return " / ".join(f"{100 * share:g}%" for share in targets) if any(targets) else "none"


def sort_key(field: str, value: object) -> tuple[int, float, float, str]:
    """Order the values of a field; methods in the order of METHODS."""
    if value is None:
        return 3, 0, 0, ""
    if field == "method":
        name = str(value).partition(" (")[0]
        known = list(METHODS)
        return 0, known.index(name) if name in known else len(known), 0, str(value)
    if isinstance(value, tuple):
        return 0, value[0], value[1], ""
    if isinstance(value, int | float):
        return 1, value, 0, ""
    return 2, 0, 0, str(value)


def check(names: Sequence[str], option: str, runs: Iterable[ComparedRun]) -> None:
    """Check that all fields exist.

    Raises:
        UserError: A field does not exist.
    """
    known = [*RECORD_FIELDS, TARGETS, *sorted({key for run in runs for key in run.settings})]
    for name in names:
        if name not in known:
            examples = f" (records have {', '.join(STANDARD_FIELDS)}, seed, …)"
            hint = suggestion(name, known) or examples
            raise UserError(f"{option} {name}: there is no such field{hint}; see glt table --help")


def suggestion(name: str, known: Sequence[str]) -> str:
    """Suggest the closest known name, if there is one."""
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
