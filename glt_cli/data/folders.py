"""The two folders that data lives in: the user's own (only read) and our cache (written)."""

import os
from pathlib import Path

from glt_cli.errors import UserError

ROOT_VARIABLE = "GLT_DATA"


def existing_root(given: str | None) -> Path | None:
    """Return the data root: ``given``, else GLT_DATA, else None.

    A root that is named but isn't a folder is a UserError, whether or not the data set at hand
    would have needed it: a mistyped path should not wait for the one run that does.
    """
    named = given or os.environ.get(ROOT_VARIABLE)
    if not named:
        return None
    by = "data_root" if given else ROOT_VARIABLE
    try:
        root = Path(named).expanduser().absolute()
        is_folder = root.is_dir()
    except (OSError, RuntimeError) as error:  # no permission on the way; a ~ nobody can expand
        raise UserError(f"The data root {named} (from {by}) can't be used: {error}.") from error
    if not is_folder:
        what = "is not a folder" if root.exists() else "does not exist"
        raise UserError(
            f"The data root {named} (from {by}) {what}. Name a folder that holds, for example, "
            "planetoid/CiteSeer/raw/, or leave it out."
        )
    return root


def cache_root() -> Path:
    """Return the folder for what we fetch, by the XDG rules (a relative XDG_CACHE_HOME is void)."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        try:
            base = Path.home() / ".cache"
        except RuntimeError as error:
            raise UserError("No home folder is known here: set XDG_CACHE_HOME.") from error
    return base / "glt"
