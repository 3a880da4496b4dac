"""Plug-ins: methods, scores, schedules, backbones and data sets of somebody's own module.

A plug-in is code on purpose. So the command line names it (`--plugin`), or the environment
(GLT_PLUGINS), or an installed package (an entry point); a configuration file never does.
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
from glt_cli.errors import UserError

#: Names plug-ins, separated by commas.
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
        spec: What another process, in another folder, can load it by; None where it finds it by
            itself, as it does with entry points.
        place: Where it came from, for people.
    """

    module: str
    spec: str | None
    place: str


_loaded: dict[str, Plugin] = {}


def load_plugins(specs: Sequence[str] = ()) -> tuple[str, ...]:
    """Load what is installed, what GLT_PLUGINS names, and what else is named; each once.

    GLT_PLUGINS then names all of them, so that processes which are started from here load them
    too: `load_plugins()` is all that a launcher's worker has to call.

    Args:
        specs: Names of modules, in the current folder or anywhere else where Python looks for
            them, or paths of .py files or packages.

    Returns:
        See `loaded`.

    Raises:
        UserError: One of them is not there or can't be loaded.
    """
    installed = importlib.metadata.entry_points()
    for point in (p for group in GROUPS for p in installed.select(group=group)):
        if point.module not in _loaded:
            package = point.dist.name if point.dist else point.module
            _load(f"{package} ({point.group}: {point.name})", point.module, None)
            _loaded[point.module] = Plugin(point.module, None, f"package {package}")
    named = [spec.strip() for spec in os.environ.get(VARIABLE, "").split(",")]
    for spec in [*named, *specs]:
        if spec:
            _load_named(spec)
    if loaded():
        os.environ[VARIABLE] = ",".join(loaded())
    return loaded()


def loaded() -> tuple[str, ...]:
    """What another process must load to know what this one knows, beside what is installed."""
    return tuple(plugin.spec for plugin in _loaded.values() if plugin.spec)


def as_words() -> list[str]:
    """What is loaded, as flags of a command line."""
    return [word for spec in loaded() for word in ("--plugin", spec)]


def described() -> list[str]:
    """Say of each plug-in, in a line, where it came from and what it brought."""
    lines = []
    for plugin in _loaded.values():
        brought: dict[str, None] = {}
        for registry in Registry.every:
            for name, thing in registry.added().items():
                if _package(str(getattr(thing, "__module__", ""))) == _package(plugin.module):
                    brought[f"{registry.kind} {name}"] = None
        what = ", ".join(brought) or "registers nothing"
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
            f"plug-in {spec}: rename it; a module's name is made of letters, digits and _, and no "
            "comma may stand in its path"
        )
    if name in _loaded and _origin(name) == path:
        return
    _find_in(folder)
    _load(spec, name, path)
    _loaded[name] = Plugin(name, str(path), str(path))


def _file(spec: str) -> Path | None:
    """The file that a spec names, in the current folder or by its path; None for other modules.

    Raises:
        UserError: It is a path to nothing.
    """
    path = Path(spec).expanduser()
    if path.suffix != ".py" and len(path.parts) == 1 and not path.is_absolute():
        path = Path(*spec.split("."))
        found = [path.with_name(f"{path.name}.py"), path / "__init__.py"]
        return next((file.resolve() for file in found if file.is_file()), None)
    if path.is_dir():
        path = path / "__init__.py"
    if not path.is_file():
        raise UserError(f"plug-in {spec}: there is no such file")
    return path.resolve()


def _module(path: Path) -> tuple[str, Path]:
    """The dotted name of a file's module, and the folder from which it is imported by it."""
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


def _find_in(folder: Path) -> None:
    """Let Python look for modules there last, also where a worker unpickles what comes from here.

    Before everything else a folder might hide a library's modules by files of the same name.
    """
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        path = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = f"{path}{os.pathsep}{folder}" if path else str(folder)
    importlib.invalidate_caches()


def _load(spec: str, name: str, path: Path | None) -> None:
    try:
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
                "installed; a path to a .py file will do as well"
            ) from error
        raise UserError(f"plug-in {spec}: can't be loaded ({_reason(error, path)})") from error
    if path is not None and _origin(name) != path:
        raise UserError(
            f"plug-in {spec}: Python has another module called {name} "
            f"({_origin(name) or 'its own'}); rename the file"
        )


def _reason(error: BaseException, path: Path | None) -> str:
    lines = str(error).strip().splitlines()
    said = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f"{said}, line {frames[-1].lineno}" if frames else said


def _origin(name: str) -> Path | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).resolve() if file else None


def _package(name: str) -> str:
    return name.partition(".")[0]
