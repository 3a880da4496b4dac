"""Fingerprints of code, so that results of older code aren't mistaken for current ones.

Comments, docstrings and formatting are ignored. The code of a run's method is part of the run's
identity: if it changes, it is another run. Other code of glt that numbers depend on is noted in
the record: if it changes, finished runs are still found, with a remark.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import glt_cli
from glt_cli.config import Config
from glt_cli.config.registry import Registry
from glt_cli.experiment.record import Record
from glt_cli.models import BUILDERS
from glt_cli.pruning.methods import FINDERS
from glt_cli.pruning.schedules import SCHEDULES
from glt_cli.pruning.scores import EDGE_SCORES, WEIGHT_SCORES

#: Packages whose code, besides the methods', affects numbers.
PACKAGES = ("pruning", "training", "models", "data")

_GLT = Path(glt_cli.__file__).resolve().parent
_METHODS = _GLT / "pruning" / "methods"


def of_run(config: Config) -> str:
    """Digest of the code that is part of a run's identity.

    This is the method's: the module of `find` and what it imports from its folder. For plug-ins,
    it is the code of the method, backbone, scores and schedule that the run uses.
    """
    used = _used(FINDERS, {config.method.name}, builtin=True)
    used |= _used(BUILDERS, {config.backbone.name})
    settings = asdict(config.method)
    names = {name for key, value in settings.items() if key != "name" for name in _texts(value)}
    for registry in (EDGE_SCORES, WEIGHT_SCORES, SCHEDULES):
        used |= _used(registry, names)
    return _digest(sorted(used))


@cache
def other_code() -> str:
    """Two digests of glt's other code that numbers depend on, for the record.

    The first is that of the raw files, which is fast. The second, of the normalised code, decides
    if the first differs.
    """
    code = _digest(f"{_named(file)} {_of_file(file)}" for file in _other_files())
    return f"{_raw()}-{code}"


def is_changed(record: Record) -> bool:
    """Whether glt's other code has changed since a run was done."""
    raw, _, code = record.code.partition("-")
    return bool(code) and raw != _raw() and code != other_code().partition("-")[2]


def remarks(records: Iterable[Record]) -> list[str]:
    """Summarise in one line which finished runs were done with older code of glt."""
    old = [record for record in records if is_changed(record)]
    if not old:
        return []
    last = max(old, key=lambda record: record.finished)
    version = last.versions.partition(",")[0]
    commit = f" at {last.commit[:10]}" if last.commit else ""
    runs = "" if len(old) == 1 else f"{len(old)} runs "
    return [
        f"{runs}found finished, but glt's code has changed since ({version}{commit}, "
        f"{last.finished}); force=true runs {'it' if len(old) == 1 else 'them'} again"
    ]


@cache
def _raw() -> str:
    return _digest(
        f"{_named(file)} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in _other_files()
    )


def _other_files() -> list[Path]:
    return [
        file
        for package in PACKAGES
        for file in sorted((_GLT / package).rglob("*.py"))
        if not file.is_relative_to(_METHODS)
    ]


def _named(file: Path) -> str:
    return file.relative_to(_GLT).as_posix()


def _used(registry: Registry[Any], names: set[str], builtin: bool = False) -> set[str]:
    return {
        f"{registry.kind} {name} {_of_function(registry[name])}"
        for name in names & registry.keys()
        if builtin or name not in registry.builtin
    }


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]


def _of_function(function: Callable[..., Any]) -> str:
    """Digest of the code that a function belongs to."""
    module = str(function.__module__)
    file = getattr(sys.modules.get(module), "__file__", None)
    if file:
        return _of_module(module, Path(file).resolve())
    try:  # defined in a notebook
        return _digest([inspect.getsource(function)])
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        return _digest([repr((code.co_code, code.co_consts, code.co_names)) if code else module])


@cache
def _of_module(name: str, file: Path) -> str:
    """Digest of one of glt's methods, of a plug-in's package, or of its file and helpers."""
    top = name.partition(".")[0]
    top_file = getattr(sys.modules.get(top), "__file__", None) or str(file)
    if top == "glt_cli":
        files, root = _with_helpers(file, _METHODS), _METHODS
    elif Path(top_file).name == "__init__.py":
        root = Path(top_file).resolve().parent
        files = set(root.rglob("*.py"))
    else:
        root = file.parent
        installed = {Path(path).resolve() for path in sysconfig.get_paths().values()}
        files = {file} if root in installed else _with_helpers(file, root)
    return _digest(
        f"{path.relative_to(root).as_posix()} {_of_file(path)}" for path in sorted(files)
    )


def _with_helpers(file: Path, root: Path) -> set[Path]:
    """A file, and the files in a folder that it imports, directly or indirectly."""
    found, todo = set[Path](), [file]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            names = _imported(_parsed(path), root)
            for parts in (name.split(".") for name in names):
                place = root.joinpath(*parts)
                todo += [
                    p for p in (place.with_suffix(".py"), place / "__init__.py") if p.is_file()
                ]
    return found


def _imported(tree: ast.Module, root: Path) -> Iterator[str]:
    """Names of modules that a file may import from a folder."""
    inside = "glt_cli.pruning.methods." if root == _METHODS else ""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = f"{node.module}." if node.module else ""
            names = [module.rstrip("."), *(f"{module}{alias.name}" for alias in node.names)]
        for name in names:
            if name.startswith(inside) and (inside or not name.startswith("glt_cli")):
                yield name.removeprefix(inside)


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except SyntaxError:
        return ast.Module([], [])


@cache
def _of_file(file: Path) -> str:
    source = file.read_bytes()
    try:
        return _digest([normalised(source)])
    except SyntaxError:  # an unused file in a plug-in's package
        return hashlib.sha256(source).hexdigest()


#: Makes ast.dump print the same in every version of Python (so does removing type_params below).
_WHOLE: dict[str, Any] = {"show_empty": True} if sys.version_info >= (3, 13) else {}


def normalised(source: bytes | str) -> str:
    """The code of a source, without comments, docstrings and formatting."""
    tree = ast.parse(source)
    blocks: list[Any] = [tree]
    while blocks:
        node = blocks.pop()
        body = getattr(node, "body", [])
        is_documented = isinstance(
            node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        )
        if is_documented and body and isinstance(body[0], ast.Expr):
            first = body[0].value
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                del body[0]
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            children = getattr(node, part, None)
            if isinstance(children, list):
                blocks += children
    return re.sub(r", type_params=\[\]", "", ast.dump(tree, **_WHOLE))


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
