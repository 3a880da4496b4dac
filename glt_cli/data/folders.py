"""The two folders for data: the user's data root, which is only read, and the cache."""

import os
from pathlib import Path

from glt_cli.errors import UserError

ROOT_VARIABLE = "GLT_DATA"


def existing_root(given: str | None) -> Path | None:
    """Return the data root: ``given``, else GLT_DATA, else None.

    Raises:
        UserError: The given path isn't a folder, even if the data set doesn't need a data root, so
            that a typing mistake is found early.
    """
    named = given or os.environ.get(ROOT_VARIABLE)
    if not named:
        return None
    by = "data_root" if given else ROOT_VARIABLE
    try:
        root = Path(named).expanduser().absolute()
        is_folder = root.is_dir()
    except (OSError, RuntimeError) as error:  # no permission, or an unknown ~user
        raise UserError(f"The data root {named} (from {by}) can't be used: {error}.") from error
    if not is_folder:
        what = "is not a folder" if root.exists() else "does not exist"
        raise UserError(
            f"The data root {named} (from {by}) {what}. Give a folder that contains, for example, "
            "planetoid/CiteSeer/raw/, or leave it out."
        )
    return root


def cache_root() -> Path:
    """Return the cache folder by the XDG rules, which ignore a relative XDG_CACHE_HOME.

    UserError if there is no home folder.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        try:
            base = Path.home() / ".cache"
        except RuntimeError as error:
            raise UserError("There is no home folder for the cache; set XDG_CACHE_HOME.") from error
    return base / "glt"
