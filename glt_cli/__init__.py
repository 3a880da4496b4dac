"""glt: find, retrain, measure and save graph lottery tickets.

The Python interface; `docs/python.md` shows it at work. Everything is imported when it is first
used: `import glt_cli` alone costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glt_cli.analysis.load_runs import load_runs
    from glt_cli.deploy.find_ticket import find_ticket
    from glt_cli.deploy.loaded_ticket import LoadedTicket as Ticket
    from glt_cli.deploy.loaded_ticket import load_ticket
    from glt_cli.errors import UserError
    from glt_cli.experiment.record import Record

__version__ = "0.1.0"

__all__ = [
    "Record",
    "Ticket",
    "UserError",
    "find_ticket",
    "load_runs",
    "load_ticket",
]

#: Where each name comes from: module, and its name there.
_PLACES = {
    "Record": ("glt_cli.experiment.record", "Record"),
    "Ticket": ("glt_cli.deploy.loaded_ticket", "LoadedTicket"),
    "UserError": ("glt_cli.errors", "UserError"),
    "find_ticket": ("glt_cli.deploy.find_ticket", "find_ticket"),
    "load_runs": ("glt_cli.analysis.load_runs", "load_runs"),
    "load_ticket": ("glt_cli.deploy.loaded_ticket", "load_ticket"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PLACES[name]
    found = getattr(importlib.import_module(module), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
