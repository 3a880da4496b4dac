"""Shell completion: flags and sub-commands from the parser, settings from Hydra's completion.

Names of files and options are untrusted. So the scripts below read them as lines into arrays, never
into anything that a shell evaluates, and what they insert is quoted.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from glt_cli.commands.shared_flags import TAKES_SETTINGS
from glt_cli.commands.typed_line import Typed, read

#: Bash replaces $2, the end of the word after = or an open quote, with what is in COMPREPLY.
_BASH = """\
_glt() {
    local word
    COMPREPLY=()
    while IFS= read -r word; do
        COMPREPLY[${#COMPREPLY[@]}]="$word"
    done < <(glt completion bash --line="${COMP_LINE:0:COMP_POINT}" --word="$2" 2>/dev/null)
}
complete -o nospace -F _glt glt
"""

#: In zsh, compadd does the quoting.
_ZSH = """\
_glt() {
    emulate -L zsh
    local word
    local -a whole open
    local line="${(j: :)words[1,CURRENT-1]} $QIPREFIX$IPREFIX$PREFIX"
    [[ -z "$QIPREFIX" ]] && compset -P '\\~/'
    while IFS= read -r word; do
        case "$word" in
            *' ') whole+=("${word% }") ;;
            *) open+=("$word") ;;
        esac
    done < <(glt completion zsh --line="$line" --word="$PREFIX" 2>/dev/null)
    (( $#whole )) && compadd -a -- whole
    (( $#open )) && compadd -S '' -a -- open
    (( compstate[nmatches] ))
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
compdef _glt glt
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH}


class Word(NamedTuple):
    """A candidate for the word at the cursor; a space follows if it is complete."""

    text: str
    is_whole: bool = True


def candidates(
    parser: argparse.ArgumentParser, shell: str, line: str, replaced: str | None = None
) -> list[str]:
    """Candidates for a half-typed command line, in a shell's form; complete ones end in a space.

    Args:
        parser: Parser of the `glt` command.
        shell: `bash`, whose candidates are quoted, or `zsh`, which quotes itself.
        line: The command line up to the cursor.
        replaced: The end of the line, which the shell replaces; by default the last word.
    """
    typed = read(line)
    place = typed.place(replaced)
    if place is None or not typed.is_clear:
        return []
    words = _fitting(parser, typed)
    if shell == "zsh":
        return [word.text[place[0] :] + " " * word.is_whole for word in words]
    if quote := place[1]:  # bash closes it, except after the same character
        return [typed.quoted_rest(word.text, place) + quote for word in words]
    return [typed.quoted_rest(word.text, place) + " " * word.is_whole for word in words]


def _fitting(parser: argparse.ArgumentParser, typed: Typed) -> list[Word]:
    """Candidates that start with the last word, are printable, and fit on a line of output."""
    found = _files(typed.last) if typed.is_target else _offered(parser, typed)
    fit = {
        word
        for word in found
        if word.text.startswith(typed.last)
        and word.text.isprintable()
        and (word.is_whole or not word.text.endswith(" "))
    }
    return sorted(fit)


@dataclass
class _Place:
    """The position of a command line in the command's grammar.

    Attributes:
        parser: The parser of the sub-command.
        command: The name of the top-level sub-command.
        flag: The flag that expects a value next.
        given: Values of flags, by destination.
        others: Words that the parser doesn't know: settings.
    """

    parser: argparse.ArgumentParser
    command: str = ""
    flag: argparse.Action | None = None
    given: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    positionals: list[argparse.Action] = field(init=False)

    def __post_init__(self) -> None:
        self.enter(self.parser)

    def enter(self, parser: argparse.ArgumentParser) -> None:
        """Continue with the parser of a sub-command."""
        self.parser = parser
        self.positionals = [action for action in parser._actions if not action.option_strings]

    def flag_named(self, name: str) -> argparse.Action | None:
        """Find the flag of this name, if it takes a value."""
        action = self.parser._option_string_actions.get(name)
        return action if action and action.nargs != 0 else None

    def take(self, word: str) -> None:
        """Move past a word."""
        if self.flag:
            self.given[self.flag.dest] = word
            self.flag = None
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            self.flag = self.flag_named(name)
            if equals and self.flag:
                self.take(value)
        elif self.positionals:
            self._take_positional(word)
        else:
            self.others.append(word)

    def _take_positional(self, word: str) -> None:
        action = self.positionals[0]
        if isinstance(action, argparse._SubParsersAction):
            self.command = self.command or word
            nothing = argparse.ArgumentParser(add_help=False)  # for an unknown command
            self.enter(action.choices.get(word, nothing))
        elif action.nargs not in ("*", "+"):
            del self.positionals[0]


def _offered(parser: argparse.ArgumentParser, typed: Typed) -> Iterable[Word]:
    place, last = _Place(parser), typed.last
    for word in typed.words[1:]:
        place.take(word)
    if place.flag:
        return _values(place.flag, last, typed.is_at_home)
    if last.startswith("-"):
        return _flags(place, last)
    if place.positionals:
        return _values(place.positionals[0], last, typed.is_at_home)
    if place.command in TAKES_SETTINGS:
        return _settings(place, last)
    return _flags(place, last)


def _flags(place: _Place, last: str) -> list[Word]:
    """Flags, or, after `=`, the values of one."""
    name, equals, value = last.partition("=")
    if equals:
        flag = place.flag_named(name)
        words = _values(flag, value) if flag else []
        return [Word(f"{name}={word.text}", word.is_whole) for word in words]
    shown = [action for action in place.parser._actions if action.help != argparse.SUPPRESS]
    return [Word(name) for action in shown for name in action.option_strings]


def _values(action: argparse.Action, last: str, is_at_home: bool = False) -> list[Word]:
    """Candidates for a flag's value or a positional argument."""
    if action.choices is not None:
        return [Word(str(choice)) for choice in action.choices]
    if action.metavar in ("FILE", "DIR", "FOLDER"):
        found = _files(last, is_at_home)
        return found if action.metavar == "FILE" else [w for w in found if w.text.endswith("/")]
    if action.metavar == "NAME":
        from glt_cli.data.catalog import CATALOG

        return [Word(name) for name in CATALOG]
    if action.dest in ("rows", "cols", "metric"):
        return _columns(action.dest, last)
    return []


def _columns(flag: str, last: str) -> list[Word]:
    """Fields of tables, or metrics; in a list, the last one is completed."""
    from glt_cli.analysis.compare.fields import RECORD_FIELDS, TARGETS
    from glt_cli.analysis.compare.measures import CHOICES

    before, comma, _ = last.rpartition(",")
    names = CHOICES if flag == "metric" else (*RECORD_FIELDS, TARGETS)
    left = (name for name in names if name not in before.split(","))
    return [Word(f"{before}{comma}{name}", is_whole=flag == "cols") for name in left]


def _files(last: str, is_at_home: bool = False) -> list[Word]:
    """Files and folders, except those that glt would read as a flag."""
    cut = last.rfind("/") + 1
    above, begun = last[:cut], last[cut:]
    folder = Path(above or ".")
    words = []
    try:
        for path in (folder.expanduser() if is_at_home else folder).iterdir():
            is_hidden = path.name.startswith(".") and not begun
            if path.name.startswith(begun) and not is_hidden:
                is_folder = path.is_dir()
                words.append(Word(f"{above}{path.name}{'/' * is_folder}", not is_folder))
    except (OSError, RuntimeError):  # no such folder, no home
        return []
    return [word for word in words if not word.text.startswith("-")]


def _settings(place: _Place, last: str) -> list[Word]:
    """GROUP=OPTION and KEY=VALUE, and for a search what it prunes."""
    words: list[Word] = []
    if place.command == "search":
        from glt_cli.sweep.search.ladder import PRUNABLE

        if not set(place.others) & set(PRUNABLE):
            words = [Word(name) for name in PRUNABLE]
    key, equals, value = last.partition("=")
    if equals and value.startswith((".", "/")):
        return [Word(f"{key}={word.text}", word.is_whole) for word in _files(value)]

    from glt_cli.commands.settable import settable

    before = [word for word in place.others if "=" in word]
    found = settable(before, last, place.given.get("config_dir"))
    return [*words, *(Word(text, is_whole=False) for text in found)]
