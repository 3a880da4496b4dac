"""Plug-ins: methods, scores, schedules, backbones and data sets from the user's own modules.

A plug-in is code. So only the command line (`--plugin`), the environment (GLT_PLUGINS) or an
installed package (an entry point) can name one; a configuration file can't.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from glt_cli.config.registry import Registry, restored
from glt_cli.errors import UserError, at_home

#: Environment variable that lists plug-ins, separated by commas.
VARIABLE = "GLT_PLUGINS"

#: Groups of entry points that name modules of plug-ins.
GROUPS = (
    "glt.methods",
    "glt.edge_scores",
    "glt.weight_scores",
    "glt.schedules",
    "glt.backbones",
    "glt.datasets",
)


@dataclass(frozen=True)
class Plugin:
    """A module that was loaded.

    Attributes:
        module: Its name.
        spec: What another process, in another folder, loads it by; None for entry points, which
            every process finds.
        place: Where it came from, for messages.
    """

    module: str
    spec: str | None
    place: str


_loaded: dict[str, Plugin] = {}


def load_plugins(specs: Sequence[str] = ()) -> tuple[str, ...]:
    """Load the plug-ins of installed packages, of GLT_PLUGINS and of `specs`, each once.

    GLT_PLUGINS is then set to all of them, so that a launcher's worker only has to call
    `load_plugins()`.

    Args:
        specs: Names of modules in the current folder or on Python's path, or paths of .py files
            or packages.

    Returns:
        See `loaded`.

    Raises:
        UserError: One of them doesn't exist or can't be loaded.
    """
    installed = importlib.metadata.entry_points()
    for point in (p for group in GROUPS for p in installed.select(group=group)):
        if point.module not in _loaded:
            package = point.dist.name if point.dist else point.module
            _load(f"{package} ({point.group}: {point.name})", point.module, None)
            _loaded[point.module] = Plugin(point.module, None, f"package {package}")
    named = [spec.strip() for spec in os.environ.get(VARIABLE, "").split(",")]
    for spec in filter(None, named):
        _load_named(spec)
    for spec in specs:
        if not spec.strip():
            raise UserError("--plugin is empty: name a module, a .py file or a package's folder")
        if "," in spec and all(part and "/" not in part for part in spec.split(",")):
            each = " ".join(f"--plugin {part.strip()}" for part in spec.split(","))
            raise UserError(f"plug-in {spec}: give --plugin once for each, as in {each}")
        _load_named(spec)
    if loaded():
        os.environ[VARIABLE] = ",".join(loaded())
    return loaded()


def loaded() -> tuple[str, ...]:
    """The plug-ins that another process must load, besides those of installed packages."""
    return tuple(plugin.spec for plugin in _loaded.values() if plugin.spec)


def as_words() -> list[str]:
    """The loaded plug-ins as flags of a command line."""
    return [word for spec in loaded() for word in ("--plugin", spec)]


def described() -> list[str]:
    """Describe each plug-in in one line: where it came from and what it registered."""
    lines = []
    for plugin in _loaded.values():
        registered: dict[str, None] = {}
        for registry in Registry.every:
            for name, thing in registry.added().items():
                if _package(str(getattr(thing, "__module__", ""))) == _package(plugin.module):
                    registered[f"{registry.kind} {name}"] = None
        what = ", ".join(registered) or "registers nothing"
        lines.append(f"plug-in {plugin.module} ({plugin.place}): {what}")
    return lines


def _load_named(spec: str) -> None:
    path = _file(spec)
    if path is None:
        if spec not in _loaded:
            _load(spec, spec, None)
            place = getattr(sys.modules[spec], "__file__", None) or "installed"
            _loaded[spec] = Plugin(spec, spec, place)
        return
    name, folder = _module(path)
    if path.name != "__init__.py" and not Path(spec).suffix == ".py" and name != spec:
        raise UserError(f"plug-in {spec}: each folder of it needs an __init__.py")
    if not all(part.isidentifier() for part in name.split(".")) or "," in str(path):
        raise UserError(
            f"plug-in {spec}: rename it; a module's name consists of letters, digits and _, and "
            "its path can't contain a comma"
        )
    if name in _loaded and _origin(name) == path:
        return
    _append_to_path(folder)
    _load(spec, name, path)
    _loaded[name] = Plugin(name, str(path), str(path))


def _file(spec: str) -> Path | None:
    """The file that a spec names, in the current folder or by its path; None for other modules.

    Raises:
        UserError: It is a path, and there is no such file.
    """
    path = at_home(spec, f"--plugin {spec}")
    if path.suffix != ".py" and not {os.sep, os.altsep} & set(spec):
        path = Path(*spec.split("."))
        found = [path.with_name(f"{path.name}.py"), path / "__init__.py"]
        return next((file.resolve() for file in found if file.is_file()), None)
    is_folder, beside = path.is_dir(), path.with_name(f"{path.name}.py")
    if is_folder:
        path = path / "__init__.py"
    if not path.is_file():
        if is_folder:
            problem = "this folder has no __init__.py; name a .py file"
        elif beside.is_file():
            problem = f"there is no such file; did you mean {spec}.py?"
        else:
            problem = "there is no such file"
        raise UserError(f"plug-in {spec}: {problem}")
    return path.resolve()


def _module(path: Path) -> tuple[str, Path]:
    """The dotted module name of a file, and the folder to import it from."""
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


def _append_to_path(folder: Path) -> None:
    """Append a folder to Python's path, also for workers, which unpickle objects of this process.

    At the front of the path, its files could hide a library's modules of the same name.
    """
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        path = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = f"{path}{os.pathsep}{folder}" if path else str(folder)
    importlib.invalidate_caches()


def _load(spec: str, name: str, path: Path | None) -> None:
    try:
        if not all(name.split(".")):  # Python would read .name as a relative import
            raise ModuleNotFoundError(name=name)
        with restored():
            importlib.import_module(name)
    except UserError as error:
        sys.modules.pop(name, None)
        raise UserError(f"plug-in {spec}: {error}") from error
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        if isinstance(error, ModuleNotFoundError) and error.name in (name, _package(name)):
            raise UserError(
                f"plug-in {spec}: there is no such module, neither in the current folder nor "
                "installed; a path to a .py file works too"
            ) from error
        raise UserError(f"plug-in {spec}: can't be loaded ({_reason(error, path)})") from error
    if path is not None and _origin(name) != path:
        raise UserError(
            f"plug-in {spec}: Python already has a module called {name} "
            f"({_origin(name) or 'its own'}); rename the file"
        )


def _reason(error: BaseException, path: Path | None) -> str:
    lines = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f"{reason}; {path.name}, line {frames[-1].lineno}" if path and frames else reason


def _origin(name: str) -> Path | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).resolve() if file else None


def _package(name: str) -> str:
    return name.partition(".")[0]
