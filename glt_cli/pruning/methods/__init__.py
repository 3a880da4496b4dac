"""The pruning methods: one module each, whose `find` reads like the algorithm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from glt_cli.config.methods import METHODS, MethodConfig, PartsConfig
from glt_cli.config.registry import Registry, checked_schema
from glt_cli.errors import InvalidResultError, kind_of
from glt_cli.pruning.context import PruningContext, SearchResult
from glt_cli.pruning.methods import (
    dense,
    fastglt,
    guided,
    imp,
    no_edges,
    oneshot,
    random,
    small_dense,
    teddy,
)
from glt_cli.pruning.parts import with_parts

Method = Callable[[PruningContext, Any], SearchResult]
M = TypeVar("M", bound=Method)

FINDERS: Registry[Method] = Registry(
    "method",
    {
        "dense": dense.find,
        "random": random.find,
        "oneshot": oneshot.find,
        "fastglt": fastglt.find,
        "imp": imp.find,
        "teddy": teddy.find,
        "guided": guided.find,
        "no_edges": no_edges.find,
        "small_dense": small_dense.find,
    },
)


def find(context: PruningContext, config: MethodConfig) -> SearchResult:
    """Find masks with the method that the configuration names.

    Raises:
        InvalidResultError: The method returns something else than a `SearchResult`.
    """
    method = FINDERS[config.name]
    result: object = (
        with_parts(context, config, method)
        if isinstance(config, PartsConfig)
        else method(context, config)
    )
    if not isinstance(result, SearchResult):
        raise InvalidResultError(
            f"method {config.name} must return a SearchResult; it returned {kind_of(result)}"
        )
    return result


def register_method(name: str, schema: type[MethodConfig]) -> Callable[[M], M]:
    """Register a function as `method=NAME`, with the settings of a schema.

    The function takes a `PruningContext` and the settings, and returns a `SearchResult`.

    Raises:
        UserError: The name is taken or invalid, or the schema can't be composed.
    """

    def register(function: M) -> M:
        checked_schema("method", name, schema, MethodConfig)
        METHODS.add(name, schema)
        FINDERS.add(name, function)
        return function

    return register
