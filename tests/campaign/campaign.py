"""Bad inputs by the hundred: settings, files, tickets, records and folders of options, at random.

    python -m tests.campaign.campaign [COUNT] [SEED]

Whatever it is given, glt ends with an exit code that it documents, and says what is wrong in lines
of its own: no traceback, no control characters, and nothing made if the input is bad.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from glt_cli.commands.main import main as glt

TINY = ["backbone.hidden=4", "trainer.epochs=2", "device=cpu", "quiet=true"]
OWN = ["dataset=files", "dataset.nodes=nodes.csv", "dataset.edges=edges.csv", "dataset.label=y"]

#: Values that no setting takes, or that look like something else.
JUNK = [
    *(
        "",
        "null",
        "nan",
        "-1",
        "1e999",
        "9" * 5000,
        "0x10",
        "true",
        "[1,2]",
        "{a:1}",
        "a=b",
        "\x1b[31m",
    ),
    *(
        "\udcff",
        "٣",
        "a\x00b",
        "../..",
        "~nosuchuser/x",
        "${nothing}",
        "${oc.env:HOME}",
        "range(0,5,0)",
    ),
    *(
        "range(nan,5)",
        "choice()",
        "glob(*)",
        "\u202e",
        "'",
        '"',
        "1,2",
        "1 2",
        "🙂",
        "x" * 400,
        "-0.0",
    ),
]
KEYS = [
    "seed",
    "device",
    "method",
    "backbone",
    "dataset",
    "sparsity",
    "sparsity.graph",
    "sparsity.weight",
    "trainer.lr",
    "trainer.epochs",
    "trainer.partitions",
    "retrain.control",
    "retrain.lr",
    "tolerance",
    "method.epochs",
    "method.edge_scores",
    "method.schedule",
    "backbone.layers",
    "backbone.hidden",
    "dataset.transform",
    "data_root",
    "nonsense",
    "hydra.run.dir",
    "hydra/launcher",
    "experiment",
]
CELLS = [
    "",
    "nan",
    "?",
    "1,5",
    "=1+1",
    "\x1b[31m",
    "9" * 400,
    "é",
    "-",
    '"',
    "1e400",
    "#",
    "true",
    "\t",
]


@dataclass(frozen=True)
class Case:
    """An input: what it is called, how its files are made, and the words of the command."""

    name: str
    words: list[str]
    prepare: Callable[[Path, random.Random], None] = lambda folder, dice: None


def cases(count: int, seed: int) -> Iterator[Case]:
    """Draw cases, of each kind alike."""
    dice = random.Random(seed)
    kinds = [_setting, _text, _typed, _ticket, _record, _options, _flag]
    for number in range(count):
        yield kinds[number % len(kinds)](dice)


def _setting(dice: random.Random) -> Case:
    word = f"{dice.choice(KEYS)}={dice.choice(JUNK)}"
    flags = ["-m"] if dice.random() < 0.3 else []
    return Case("setting", ["run", *flags, *TINY, "method=random", word, "--dry-run"])


def _text(dice: random.Random) -> Case:
    def prepare(folder: Path, own: random.Random) -> None:
        path = folder / own.choice(["nodes.csv", "edges.csv"])
        data = bytearray(path.read_bytes())
        for _ in range(own.choice([1, 1, 3, 30])):
            at = own.randrange(len(data))
            match own.randrange(4):
                case 0:
                    data[at] = own.randrange(256)
                case 1:
                    del data[at:]
                    data += b"\n"
                case 2:
                    data[at:at] = own.choice(CELLS).encode()
                case _:
                    data[at:at] = own.choice([b",", b"\n", b"\r", b"\0", b'"', b"\xff\xfe", b"#"])
        path.write_bytes(bytes(data))

    extra = dice.choice(
        [[], ["dataset.unknown=drop"], ["dataset.strict=true"], ["dataset.header=false"]]
    )
    return Case("text file", ["run", *TINY, *OWN, "method=random", *extra, "--dry-run"], prepare)


def _typed(dice: random.Random) -> Case:
    form = dice.choice(["npz", "parquet"])

    def prepare(folder: Path, own: random.Random) -> None:
        nodes, edges = (pd.read_csv(folder / f"{name}.csv") for name in ("nodes", "edges"))
        if form == "parquet":
            nodes.to_parquet(folder / "nodes.parquet")
            edges.to_parquet(folder / "edges.parquet")
        else:
            columns: dict[str, Any] = {name: nodes[name].to_numpy() for name in ("id", "x")}
            np.savez(folder / "nodes.npz", y=nodes["y"].to_numpy().astype(str), **columns)
            np.savez(folder / "edges.npz", edges=edges.to_numpy().T)
        path = folder / f"{own.choice(['nodes', 'edges'])}.{form}"
        data = bytearray(path.read_bytes())
        for _ in range(own.choice([0, 1, 5, 50])):
            data[own.randrange(len(data))] = own.randrange(256)
        path.write_bytes(bytes(data[: own.choice([len(data), own.randrange(len(data))])]))

    files = [f"dataset.nodes=nodes.{form}", f"dataset.edges=edges.{form}", "dataset.label=y"]
    return Case(
        form, ["run", *TINY, "dataset=files", *files, "method=random", "--dry-run"], prepare
    )


def _mutated(value: Any, own: random.Random) -> Any:
    """JSON with one value, or one key, replaced."""
    junk: list[Any] = [
        None,
        5,
        -1,
        1.5,
        "x",
        [],
        {},
        True,
        10**400,
        float("inf"),
        float("nan"),
        "\x1b[31m",
        [[1]],
    ]
    if isinstance(value, dict) and value and own.random() < 0.85:
        key = own.choice(list(value))
        return {**value, key: _mutated(value[key], own)}
    return own.choice(junk)


def _damaged(name: str, own: random.Random, folder: Path) -> None:
    path = folder / "run" / name
    text = path.read_text()
    if own.random() < 0.8:
        path.write_text(json.dumps(_mutated(json.loads(text), own)))
    else:
        path.write_bytes(own.choice([b"", b"\0", b"[" * 100_000, b"\xff\xfe", text[:50].encode()]))


def _ticket(dice: random.Random) -> Case:
    return Case(
        "ticket", ["verify", "run"], lambda folder, own: _damaged("ticket.json", own, folder)
    )


def _record(dice: random.Random) -> Case:
    words = dice.choice(
        [
            ["table", "run"],
            ["table", "run", "--format", "csv"],
            ["table", "run", "--format", "markdown"],
        ]
    )
    return Case("record", words, lambda folder, own: _damaged("record.json", own, folder))


def _options(dice: random.Random) -> Case:
    def prepare(folder: Path, own: random.Random) -> None:
        lines = [
            "defaults: [fastglt]",
            "defaults: [mine]",
            "defaults: 3",
            "epochs: x",
            "name: null",
            "a: {b: [1",
        ]
        lines += [
            "\0",
            "- 1",
            "hydra: {run: {dir: x}}",
            "epochs: ${oc.env:HOME}",
            "? x",
            "&a [*a]",
            "{}",
            "null",
        ]
        (folder / "own" / "method").mkdir(parents=True)
        text = "\n".join(own.sample(lines, own.randrange(1, 4)))
        (folder / "own" / "method" / "mine.yaml").write_text(text)

    return Case(
        "options", ["run", "--config-dir", "own", *TINY, "method=mine", "--dry-run"], prepare
    )


def _flag(dice: random.Random) -> Case:
    command = dice.choice(["table", "report", "verify", "search", "run", "datasets", "nonsense"])
    flags = [
        "--output",
        "--where",
        "--rows",
        "--tolerance",
        "--format",
        "--ladder",
        "--seeds",
        "--bogus",
    ]
    words = [command, dice.choice(flags), dice.choice(JUNK)]
    return Case("flag", words + (["--dry-run"] if command in ("run", "search") else []))


def make_base(folder: Path) -> None:
    """Make what cases damage: two own files, and a finished run."""
    rows = [f"{i},{i * 7 % 11}.5,{'ab'[i % 2]}" for i in range(20)]
    (folder / "nodes.csv").write_text("\n".join(["id,x,y", *rows]) + "\n")
    ends = [f"{i},{(i * 3 + 1) % 20}" for i in range(20)]
    (folder / "edges.csv").write_text("\n".join(["source,target", *ends]) + "\n")
    with contextlib.chdir(folder):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            assert glt(["run", *TINY, *OWN, "method=random", "output_dir=made"]) == 0, (
                out.getvalue()
            )
        (finished,) = Path("made").glob("random*")
        finished.rename("run")
        shutil.rmtree("made")


def problem_of(case: Case, base: Path, seed: int) -> tuple[int | str, str]:
    """Carry out a case in a copy of `base`.

    Returns:
        The exit code, and what was wrong with the way it ended ("" if nothing was).
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "here"
        shutil.copytree(base, folder)
        case.prepare(folder, random.Random(seed))
        before = _contents(folder)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.chdir(folder):
            try:
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                    code: int | str = glt(case.words)
            except SystemExit as leaving:
                code = leaving.code if isinstance(leaving.code, int) else 1
            except Exception as error:
                return type(error).__name__, f"{type(error).__name__}: {error}"[:300]
        said = err.getvalue()
        if code not in (0, 1, 2):
            return code, f"exit code {code}"
        if code == 2:
            after = _contents(folder)
            if after != before:
                return code, f"made {sorted(set(after) - set(before))}"
            if not said.strip():
                return code, "said nothing"
        odd = [each for each in said if not each.isprintable() and each not in "\n"]
        if odd:
            return code, f"printed {odd[0]!r}"
        if "Traceback" in said or max(map(len, said.splitlines() or [""])) > 2000:
            return code, f"said {said[:300]}"
        return code, ""


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def campaign(count: int, seed: int) -> tuple[Counter[tuple[str, int | str]], list[str]]:
    """Carry out cases; returns how often each kind ended with each code, and what went wrong."""
    totals: Counter[tuple[str, int | str]] = Counter()
    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        make_base(base)
        for number, case in enumerate(cases(count, seed)):
            code, problem = problem_of(case, base, 1000 * seed + number)
            totals[case.name, code] += 1
            if problem:
                problems.append(f"{number}: glt {' '.join(case.words)!r:.200}: {problem}")
    return totals, problems


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "200")
    wanted = [int(word) for word in sys.argv[1:]]
    ended, wrong = campaign(*(wanted + [350, 0][len(wanted) :]))
    for (kind, code), times in sorted(ended.items(), key=repr):
        print(f"{kind:10} exit {code}: {times}")
    print(f"{sum(ended.values())} inputs, {len(wrong)} ended badly")
    print("\n".join(wrong))
    sys.exit(bool(wrong))
