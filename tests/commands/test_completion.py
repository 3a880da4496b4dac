"""Completion: what is offered, and that no name of a file or an option is ever evaluated."""

import argparse
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from glt_cli.commands.completion import SCRIPTS, candidates
from glt_cli.commands.parser import build_parser
from glt_cli.commands.typed_line import quoted, read
from tests.conftest import REPOSITORY

#: Names that do harm if a shell evaluates them, and some that are only awkward.
HOSTILE = {
    "dollar": "$(touch${IFS}PWNED)",
    "tick": "`touch PWNED2`",
    "semicolon": ";touch PWNED3",
    "blank": "a b",
    "star": "*",
    "single": "it's;touch PWNED4;'",
    "double": 'say "x$(touch PWNED5)"',
    "bang": "!!",
    "backslash": "q\\';touch PWNED6;$(touch PWNED7)",
    "umlaut": "ü;touch PWNED8",
}
#: What may be typed of them before Tab.
TYPED = [
    ("\\$", "dollar"),
    ("'$", "dollar"),
    ('"\\$', "dollar"),
    ("\\`", "tick"),
    ("'`t", "tick"),
    ('"\\`', "tick"),
    ("\\;", "semicolon"),
    ("';", "semicolon"),
    ('";', "semicolon"),
    ("a", "blank"),
    ("a\\ ", "blank"),
    ("'a", "blank"),
    ('"a ', "blank"),
    ("\\*", "star"),
    ("'*", "star"),
    ("it", "single"),
    ("it\\'s", "single"),
    ("'it", "single"),
    ('"it', "single"),
    ("sa", "double"),
    ("'sa", "double"),
    ('"sa', "double"),
    ("\\!", "bang"),
    ("q", "backslash"),
    ("'q", "backslash"),
    ('"q', "backslash"),
    ("ü", "umlaut"),
]
#: Where the shell's own evaluation would say what is meant: Tab leaves these alone.
UNCLEAR = ["$'q", "$", "`", "$(echo q", '"$(echo q', "`echo q", "<(q", "${q", "q;"]

SHELLS = [
    "bash",
    pytest.param(
        "zsh", marks=pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not here")
    ),
]


def offered(shell: str, line: str, replaced: str | None = None) -> list[str]:
    return candidates(build_parser(), shell, line, replaced)


def texts(line: str, shell: str = "bash", replaced: str | None = None) -> set[str]:
    return {word.removesuffix(" ") for word in offered(shell, line, replaced)}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("glt ", {"run", "datasets", "verify", "completion"}),
        ("glt da", {"datasets"}),
        ("glt datasets ", {"prepare"}),
        ("glt datasets prepare ", {"cora", "citeseer", "pubmed"}),
        ("glt datasets prepare cora pub", {"pubmed"}),
        ("glt completion ", {"bash", "zsh"}),
        ("glt run backb", {"backbone=", "backbone."}),
        ("glt run -m backbone=", {"backbone=gcn", "backbone=gin", "backbone=gat"}),
        ("glt run -m method=fastglt,imp seed=0,1 backbone=gi", {"backbone=gin"}),
        ("glt run method=imp method.edge_f", {"method.edge_fraction="}),
        ("glt run -m method=fastglt,imp fastg", {"fastglt."}),
        ("glt run -m method=fastglt,imp fastglt.ep", {"fastglt.epochs="}),
        ("glt run -m method=fastglt,imp fastglt.epochs=40 imp.edge_f", {"imp.edge_fraction="}),
        ("glt run 'output_dir=a b' method=im", {"method=imp"}),
        ("glt run hydra/l", {"hydra/launcher="}),
        ("glt run --cfg ", {"job", "hydra", "all"}),
        ("glt run --cfg job method=im", {"method=imp"}),
        ("glt sea", {"search"}),
        ("glt search ", {"edges", "weights", "both", "method="}),
        ("glt search edges --seeds 0,1 backbone=", {"backbone=gcn", "backbone=gat"}),
        ("glt search edges method=imp method.edge_f", {"method.edge_fraction="}),
        ("glt search edges --t", {"--test-seeds", "--tolerance"}),
        ("glt table --format ", {"terminal", "csv", "markdown", "latex", "html"}),
        ("glt table --format=la", {"--format=latex"}),
        ("glt report --wh", {"--where"}),
        ("glt verify outputs --d", {"--data-root", "--device"}),
        ("glt table --metric ", {"test", "difference", "sparsity"}),
        ("glt table --metric test,di", {"test,difference"}),
        ("glt table --cols ", {"method", "dataset", "targets"}),
        ("glt table --rows=method,tar", {"--rows=method,targets"}),
    ],
)
def test_what_is_offered(line: str, words: set[str]) -> None:
    assert words <= texts(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("method.schedule=", {"cosine", "linear", "constant"}),
        ("method.schedule=li", {"linear"}),
        ("-m method.schedule=linear,co", {"linear,cosine", "linear,constant"}),
        ("force=", {"true", "false"}),
        ("force=t", {"true"}),
        ("method=imp method.retrain_each_round=", {"true", "false"}),
        ("method=imp method.allocation=", {"global", "uniform"}),
        ("retrain.control=s", {"shuffle"}),
        ("-m method=imp,ra", {"imp,random"}),
        ("-m method=imp,random,i", set()),
        ("-m backbone=gcn,gi", {"gcn,gin"}),
        ("method.edge_scores=", {"\\[gradient", "\\[degree", "\\[agreement"}),
        ("method.edge_scores=\\[gradient,de", {"\\[gradient,degree"}),
        ("method.epochs=", {"400"}),
        ("method.l1=0.", {"0.0"}),
        ("method.name=", set()),
        ("preset.cell=", set()),
        ("hydra/launcher=b", {"basic"}),
    ],
)
def test_values_of_a_setting(line: str, words: set[str]) -> None:
    key = line.rpartition(" ")[2].partition("=")[0]
    assert texts(f"glt run {line}") == {f"{key}={word}" for word in words}


@pytest.mark.parametrize(
    ("last", "words"),
    [
        ("hyd", {"hydra/launcher=", "hydra.launcher.", "hydra/sweeper=", "hydra.sweeper."}),
        ("hydra.", {"hydra.launcher.", "hydra.sweeper."}),
        ("hydra/", {"hydra/launcher=", "hydra/sweeper="}),
        ("hydra.launcher.", set()),
        ("hydra.sweeper.", {"hydra.sweeper.max_batch_size=", "hydra.sweeper.params."}),
        ("hydra.job.", set()),
        ("hydra.job.name=", set()),
    ],
)
def test_only_keys_of_hydra_that_glt_accepts_are_offered(last: str, words: set[str]) -> None:
    assert texts(f"glt run {last}") == words


@pytest.mark.parametrize(
    "line",
    ["glt table --where ", "glt nothing ", "glt search edges --seeds ", "glt run preset", *UNCLEAR],
)
def test_where_nothing_is_offered(line: str) -> None:
    Path("q").mkdir()
    assert texts(line if line.startswith("glt") else f"glt table {line}") == set()


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


@pytest.mark.parametrize("parser", list(parsers(build_parser())), ids=lambda parser: parser.prog)
def test_every_flag_is_offered(parser: argparse.ArgumentParser) -> None:
    shown = [action for action in parser._actions if action.help != argparse.SUPPRESS]
    flags = {flag for action in shown for flag in action.option_strings}
    assert flags
    assert texts(f"{parser.prog} -") == flags


def test_files_and_folders() -> None:
    Path("runs/one").mkdir(parents=True)
    Path("runs/page.html").touch()
    Path("-x").touch()
    Path(".hidden").touch()
    Path("new\nline").touch()
    Path("bell\a").touch()
    assert offered("bash", "glt table ") == ["runs/"]
    assert offered("bash", "glt table runs/") == ["runs/one/"]
    assert offered("bash", "glt report --figures=r") == ["--figures=runs/"]
    assert offered("bash", "glt report --output ") == ["runs/"]
    assert offered("bash", "glt report --output runs/p") == ["runs/page.html "]
    assert offered("bash", "glt report --output .h") == [".hidden "]
    assert offered("bash", "glt table > runs/p") == ["runs/page.html "]
    assert offered("bash", "glt run dataset.edges=./ru") == ["dataset.edges=./runs/"]


def test_the_home_folder_stays_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(Path.cwd()))
    Path("~a b").mkdir()
    Path("a b").mkdir()
    assert offered("bash", "glt table ~/a") == ["~/a\\ b/"]
    assert offered("bash", "glt table '~/a") == []
    assert offered("bash", "glt table \\~a") == ["\\~a\\ b/"]


def test_options_of_a_folder_are_offered() -> None:
    Path("own folder/method").mkdir(parents=True)
    Path("own folder/method/mine.yaml").write_text("defaults: [imp]\n", encoding="utf-8")
    for flag in ("--config-dir 'own folder'", "-cd own\\ folder", '--config-dir="own folder"'):
        assert texts(f"glt run {flag} method=mi") == {"method=mine"}
        assert texts(f"glt search edges {flag} method=mi") == {"method=mine"}
        assert texts(f"glt run {flag} method=mine method.edge_f") == {"method.edge_fraction="}
    assert texts("glt run method=mi") == set()


def test_asking_changes_nothing_of_the_process() -> None:
    before = dict(os.environ), list(sys.argv)
    offered("bash", "glt run method=")
    assert (dict(os.environ), sys.argv) == before


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize("name", HOSTILE.values(), ids=list(HOSTILE))
def test_words_are_quoted(name: str, quote: str) -> None:
    put = quoted(name, quote)
    assert read(f"glt {quote}{put}").last == name
    done = subprocess.run(
        ["bash", "-c", f"printf %s {quote}{put}{quote}"], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == (name, "")
    # A shell inserts what several words have in common, which may be any beginning.
    for end in range(len(put)):
        typed = read(f"glt {quote}{put[:end]}")
        assert (typed.is_clear, typed.words) == (True, ["glt"])
        assert name.startswith(typed.last.removesuffix("\\"))


@pytest.fixture
def folder() -> Path:
    """A folder with hostile files, run folders and option files in it."""
    for name in HOSTILE.values():
        Path(name).touch()
        Path("outputs", name).mkdir(parents=True)
        option = Path("own/method", f"{name}.yaml")
        option.parent.mkdir(parents=True, exist_ok=True)
        option.write_text("defaults: [imp]\n", encoding="utf-8")
    Path("new\nline").touch()
    return Path.cwd()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with a glt that completes, and otherwise writes down its words."""
    glt = tmp_path / "bin" / "glt"
    glt.parent.mkdir()
    glt.write_text(
        f"""#!/bin/sh
[ "$1" = completion ] && exec '{sys.executable}' -m glt_cli "$@"
for word in "$@"; do printf '%s\\0' "$word" >> '{tmp_path}/called'; done
printf '\\n' >> '{tmp_path}/called'
""",
        encoding="utf-8",
    )
    glt.chmod(0o755)
    return {
        "PATH": f"{glt.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(tmp_path),
        "TERM": "dumb",
        "LC_ALL": "C.UTF-8",
    }


def pwned(folder: Path) -> list[Path]:
    return list(folder.rglob("PWNED*"))


#: Folders beside the hostile files.
FOLDERS = ("outputs/", "own/")


def in_bash(line: str, replaced: str, environment: dict[str, str]) -> list[str]:
    """Have bash call the function as for Tab, and list what it comes to."""
    code = """
eval "$(glt completion bash)"
COMP_LINE="$1" COMP_POINT=${#1} COMP_WORDS=(glt) COMP_CWORD=0
_glt glt "$2" ""
printf '%s\\n' "${COMPREPLY[@]}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", code, "bash", line, replaced],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_the_function_in_bash(folder: Path, environment: dict[str, str]) -> None:
    # bash replaces only what stands behind the =
    assert in_bash("glt run method=fa", "fa", environment) == ["fastglt"]
    assert in_bash("glt run --cfg=j", "j", environment) == ["job "]
    assert in_bash("glt run -m method=imp,ra", "imp,ra", environment) == ["imp,random"]
    for command in ("run", "table"):
        shown = {word for word in texts(f"glt {command} -") if word.startswith("--")}
        offered = in_bash(f"glt {command} --", "--", environment)
        assert {word.removesuffix(" ") for word in offered} == shown
    offered = in_bash("glt report --output ", "", environment)
    assert set(offered) == {*(f"{quoted(name, '')} " for name in HOSTILE.values()), *FOLDERS}
    assert len(in_bash("glt table outputs/", "outputs/", environment)) == len(HOSTILE)
    options = in_bash("glt run --config-dir own method=", "", environment)
    assert {quoted(name, "") for name in HOSTILE.values()} < set(options)
    assert pwned(folder) == []


class Terminal:
    """An interactive shell at a terminal."""

    def __init__(self, shell: str, environment: dict[str, str]) -> None:
        words = {"bash": ["bash", "--norc", "-i"], "zsh": ["zsh", "-f", "-i"]}[shell]
        self.terminal, inside = pty.openpty()
        self.process = subprocess.Popen(
            words,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env=environment,
            start_new_session=True,
        )
        os.close(inside)
        self.shown = ""
        self.count = 0
        self.enter(f'eval "$(glt completion {shell})"')

    def enter(self, keys: str) -> None:
        """Type a line and Enter, and wait until the shell has done it."""
        self.count += 1
        # Printed only when it is evaluated: what is echoed has other letters.
        os.write(self.terminal, f"{keys}\necho done$((0))x{self.count}x\n".encode())
        deadline = time.monotonic() + 60
        while f"done0x{self.count}x" not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self.terminal], [], [], 1)[0]:
                self.shown += os.read(self.terminal, 4096).decode(errors="replace")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


def called(environment: dict[str, str]) -> list[list[str]]:
    """The words of each call of glt, as it got them."""
    log = Path(environment["HOME"], "called")
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [line.split("\0")[:-1] for line in lines]


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_and_enter_take_hostile_names_as_they_are(
    shell: str, folder: Path, environment: dict[str, str]
) -> None:
    terminal, expected = Terminal(shell, environment), []
    try:
        for typed, key in TYPED:
            terminal.enter(f"glt report --output {typed}\t")
            expected.append(["report", "--output", HOSTILE[key]])
        for typed, key in TYPED[::4]:
            terminal.enter(f"glt run --config-dir own method={typed}\t")
            expected.append(["run", "--config-dir", "own", f"method={HOSTILE[key]}"])
        for typed, key in [pair for pair in TYPED[::4] if pair[0][0] not in "'\""]:
            terminal.enter(f"glt table outputs/{typed}\t")
            expected.append(["table", f"outputs/{HOSTILE[key]}/"])
    finally:
        terminal.close()
    assert called(environment) == expected, terminal.shown
    assert pwned(folder) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_tabs_where_several_names_fit_do_no_harm(
    shell: str, folder: Path, environment: dict[str, str]
) -> None:
    for name in HOSTILE.values():
        Path(f"{name}2").touch()
    terminal = Terminal(shell, environment)
    try:
        terminal.enter("glt report --output \t\t")
        terminal.enter("glt run --config-dir own method=\t\t")
        terminal.enter("glt verify outputs/\t\t")
        for opening in ("\\$", "'$", '"\\$', "\\;", "it", "'it", "sa", '"sa', "q", "'q"):
            # A closing quote may be missing: Ctrl-C, not Enter, ends these.
            terminal.enter(f"glt report --output {opening}\t\t\x03")
    finally:
        terminal.close()
    assert pwned(folder) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_words_are_completed_at_a_terminal(shell: str, environment: dict[str, str]) -> None:
    Path(environment["HOME"], "a b").mkdir()
    terminal = Terminal(shell, environment)
    try:
        terminal.enter("glt search ed\t--out\tx.txt backbone=gi\t")
        terminal.enter("glt report --format=\t\x15")
        terminal.enter("glt table --format=la\t ~/a\t")
        # zsh leaves the quote open where the word may go on
        terminal.enter("glt run 'method=te\t" + "'" * (shell == "zsh"))
    finally:
        terminal.close()
    assert called(environment) == [
        ["search", "edges", "--output", "x.txt", "backbone=gin"],
        ["table", "--format=latex", f"{environment['HOME']}/a b/"],
        ["run", "method=teddy"],
    ], terminal.shown


def test_scripts_evaluate_nothing() -> None:
    for script in SCRIPTS.values():
        assert "eval" not in script
        assert "compgen" not in script
