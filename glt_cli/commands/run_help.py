"""`glt run --help`: the groups of options, and every key with its value and its meaning."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from hydra._internal.utils import get_args_parser
from omegaconf import OmegaConf

from glt_cli.config.meanings import meaning
from glt_cli.config.request import Request, composing

#: Keys that only glt itself sets.
_HIDDEN = ("preset", "names", "written")
#: Column where meanings begin, and the last one.
_MEANING, _LAST = 32, 80


def run_help(request: Request, template: str) -> str:
    """Fill a template of conf/config.yaml (`help`), or Hydra's own (`hydra_help`)."""
    assert request.hydra is not None
    config = request.points[0].config
    keys = "\n".join(_explained(config, config.stored(), ""))
    form = OmegaConf.create({"hydra": request.hydra}).hydra[template]
    indent = next(
        (line.partition("$")[0] for line in form.template.splitlines() if "$CONFIG" in line), ""
    )
    text = textwrap.indent(f"{keys}\n", indent).replace("$", "$$")
    form.template = form.template.replace(f"{indent}$CONFIG", text)
    with composing(request.config_dir) as hydra:
        return hydra.get_help(form, OmegaConf.create({}), get_args_parser(), resolve=False)


def _explained(node: Any, stored: dict[str, Any], indent: str) -> Iterator[str]:
    """Yield a line of YAML for each key, with what it means as a comment.

    Args:
        node: A group of settings.
        stored: The same as plain values, without secrets.
        indent: What each line begins with.
    """
    for item in fields(node):
        if not indent and item.name in _HIDDEN:
            continue
        value = getattr(node, item.name)
        if is_dataclass(value):
            yield f"{indent}{item.name}:"
            yield from _explained(value, stored[item.name], f"{indent}  ")
            continue
        shown = OmegaConf.to_yaml(OmegaConf.create({"_": stored[item.name]}), resolve=False)
        if isinstance(value, list):
            shown = f"_: [{', '.join(map(str, value))}]"
        line = f"{indent}{item.name}: {shown.removeprefix('_:').strip()}"
        yield from _with_comment(line, _meaning(type(node), item))


def _meaning(schema: type, item: Any) -> str:
    if item.name == "name":
        return ""  # the option's own
    choices = item.metadata.get("choices")
    among = f" One of {', '.join(choices)}." if choices else ""
    return f"{meaning(schema, item.name)}{among}"


def _with_comment(line: str, comment: str) -> Iterator[str]:
    if not comment:
        yield line
        return
    first, *rest = textwrap.wrap(comment, _LAST - _MEANING - 2)
    if len(line) < _MEANING - 1:
        yield f"{line:<{_MEANING}}# {first}"
    else:
        yield line
        yield f"{'':<{_MEANING}}# {first}"
    for more in rest:
        yield f"{'':<{_MEANING}}# {more}"
