"""Completion of settings, from Hydra's own completion."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.utils import JobRuntime, setup_globals
from hydra.plugins.completion_plugin import CompletionPlugin, DefaultCompletionPlugin
from hydra.types import RunMode
from omegaconf import Container

from glt_cli.config.compose import COMPOSE_ERRORS, CONFIG_NAME, HYDRA_KEYS
from glt_cli.config.request import config_folder, register_schemas


def settable(words: Sequence[str], last: str, config_dir: str | None) -> list[str]:
    """Candidates GROUP=OPTION and KEY=VALUE, or beginnings of them, after other settings.

    These are the steps of CompletionPlugin._query, which can't be used, as it splits a line at
    every space, also inside words.
    """
    logging.getLogger("hydra").setLevel(logging.CRITICAL)
    loader = _loader(config_dir)
    plugin = DefaultCompletionPlugin(loader)
    found: list[str] = []
    try:
        found, is_group = plugin._query_config_groups(last, CONFIG_NAME, list(words))
        if not is_group:
            found = [*found, *_keys(loader, words, last)]
    except _FAILS:
        pass  # an earlier word is wrong: running the command will report it
    return [text for text in found if _may_be_set(text)]


#: Errors that composing half-typed settings may raise.
_FAILS = (*COMPOSE_ERRORS, AssertionError, OSError)


def _loader(config_dir: str | None) -> ConfigLoader:
    version.setbase("1.3")
    register_schemas()
    setup_globals()
    JobRuntime().set("name", "glt")
    path = create_config_search_path(str(config_folder()))
    if config_dir and Path(config_dir).expanduser().is_dir():
        folder = f"file://{Path(config_dir).expanduser().resolve()}"
        path.prepend("command-line", folder, SearchPathQuery(provider="schema"))
    return ConfigLoaderImpl(path)


def _keys(loader: ConfigLoader, words: Sequence[str], last: str) -> list[str]:
    # As a multirun, a key may have several values.
    config = loader.load_configuration(CONFIG_NAME, list(words), RunMode.MULTIRUN)
    assert isinstance(config, Container)
    return CompletionPlugin._get_matches(config, last)


def _may_be_set(text: str) -> bool:
    """Whether glt accepts a candidate of Hydra."""
    if text.startswith("hydra"):
        return any(key.startswith(text) or text.startswith(key) for key in HYDRA_KEYS)
    return not text.startswith("preset") and not text.endswith(".name=")
