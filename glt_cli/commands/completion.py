"""Shell completion: sub-commands here, settings from Hydra's own completion."""

from __future__ import annotations

import contextlib
import io
import os
import shlex

_BASH = """\
_glt() {
    local cur="${COMP_LINE:0:COMP_POINT}"
    cur="${cur##* }"
    local words="$(glt completion bash --line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)"
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    # bash replaces only what follows the last = of the word
    local cut="${cur%"${cur##*=}"}"
    if [[ "$COMP_WORDBREAKS" == *=* && -n "$cut" ]]; then
        COMPREPLY=("${COMPREPLY[@]#"$cut"}")
    fi
}
complete -o nospace -o default -F _glt glt
"""

_COMMANDS = {
    "run": [],
    "search": [
        "--seeds",
        "--test-seeds",
        "--ladder",
        "--tolerance",
        "--output",
        "--dry-run",
        "--config-dir",
        "--help",
    ],
    "datasets": ["prepare"],
    "table": [
        "--rows",
        "--cols",
        "--metric",
        "--where",
        "--format",
        "--output",
        "--tolerance",
        "--published",
    ],
    "report": ["--output", "--figures", "--tolerance", "--data-root"],
    "verify": [],
    "completion": ["bash", "zsh"],
}


def script(shell: str) -> str:
    """The lines to put into a shell's start-up: eval "$(glt completion bash)"."""
    start = "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else ""
    return start + _BASH


def candidates(line: str) -> str:
    """Words that may follow on a half-typed command line, separated by spaces."""
    words = line.split()[1:]
    if line.endswith(" ") or not words:
        words.append("")
    command, *rest = words
    if not rest:
        return " ".join(f"{name} " for name in _COMMANDS)
    if command == "run":
        return _run_candidates(rest)
    if command == "search":
        return _search_candidates(rest)
    if command == "datasets" and len(rest) > 1:
        from glt_cli.data.catalog import CATALOG

        return " ".join(CATALOG)
    return " ".join(_COMMANDS.get(command, []))


_RUN_FLAGS = ("--multirun", "--dry-run", "--print", "--cfg", "--config-dir", "--help")


def _run_candidates(words: list[str]) -> str:
    if words[-1].startswith("-"):
        return " ".join(f"{flag} " for flag in _RUN_FLAGS)
    return _setting_candidates(words)


def _search_candidates(words: list[str]) -> str:
    before, last = words[:-1], words[-1]
    if last.startswith("-"):
        return " ".join(f"{flag} " for flag in _COMMANDS["search"])
    if before and before[-1] in _SEARCH_TAKES:
        return ""
    sides = [] if set(before) & set(_SIDES) else [f"{side} " for side in _SIDES]
    return " ".join([*sides, _setting_candidates([*(w for w in before if "=" in w), last])])


#: Flags that a value follows: a file, or numbers that nobody can guess.
_SEARCH_TAKES = ("--seeds", "--test-seeds", "--ladder", "--tolerance", "--output", "--config-dir")
_SIDES = ("edges", "weights", "both")


def _setting_candidates(words: list[str]) -> str:
    """GROUP=OPTION and KEY=VALUE that fit what is typed, from Hydra's own completion."""
    import sys

    import hydra

    from glt_cli.config.compose import CONFIG_NAME
    from glt_cli.config.request import config_folder, register_schemas
    from glt_cli.sweep.job import job

    register_schemas()
    words = [word for word in words if word not in ("-m", "--multirun")]
    os.environ["COMP_LINE"] = shlex.join(["glt"]) + " " + " ".join(words)
    sys.argv = ["glt", "-sc", "query=bash"]
    found = io.StringIO()
    with contextlib.redirect_stdout(found):
        hydra.main(str(config_folder()), CONFIG_NAME, version_base="1.3")(job)()
    offered = found.getvalue().split()
    return " ".join(word for word in offered if not word.endswith(".name="))
