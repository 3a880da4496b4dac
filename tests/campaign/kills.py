"""Kill processes that share a grid, again and again, and compare the end with an undisturbed grid.

    python -m tests.campaign.kills [COUNT] [SEED]

Three processes work on one folder. Each is killed (SIGKILL) after a random while and started again,
until COUNT were killed; then the command runs once more to its end. Every ticket, history and table
must have the bytes of the undisturbed grid, every record its figures, and nothing else may be left.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROCESSES = 3
GRID = [
    *(sys.executable, "-m", "glt_cli", "run", "-m", "method=fastglt,imp,guided", "dataset=cora"),
    *("seed=range(0,2)", "backbone.hidden=16", "trainer.epochs=12", "device=cpu", "quiet=true"),
]
#: What a record says of when and how long, which a kill changes.
TIMES = ("started", "finished", "seconds", "duration", "memory", "epochs_done", "dense_reused")


def kills(count: int, seed: int, folder: Path, grid: list[str] = GRID) -> list[str]:
    """Kill `count` processes, finish the grid, and return what differs from an undisturbed one."""
    whole, killed = folder / "whole", folder / "killed"
    subprocess.run([*grid, f"output_dir={whole}"], check=True, stdout=subprocess.DEVNULL)
    pick, done = random.Random(seed), 0
    running: list[tuple[subprocess.Popen[bytes], float]] = []
    while done < count:
        while len(running) < PROCESSES:
            started = subprocess.Popen(
                [*grid, f"output_dir={killed}"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            running.append((started, time.monotonic() + pick.uniform(1, 12)))
        running.sort(key=lambda each: each[1])
        process, when = running.pop(0)
        time.sleep(max(0.0, when - time.monotonic()))
        done += process.poll() is None
        process.kill()
        process.wait()
        if killed.is_dir() and pick.random() < 0.3:  # so that there is always something to do
            _forget_one(killed, pick)
    for process, _ in running:
        process.kill()
        process.wait()
    subprocess.run([*grid, f"output_dir={killed}"], check=True, stdout=subprocess.DEVNULL)
    return differences(whole, killed)


def _forget_one(folder: Path, pick: random.Random) -> None:
    records = sorted(folder.glob("*/record.json"))
    if records:
        pick.choice(records).unlink(missing_ok=True)


def differences(whole: Path, killed: Path) -> list[str]:
    """Compare two folders of the same runs."""
    names = [_names(folder) for folder in (whole, killed)]
    problems = [f"only in one folder: {name}" for name in sorted(names[0] ^ names[1])]
    for name in sorted(names[0] & names[1]):
        one, two = whole / name, killed / name
        if one.name == "record.json":
            figures, others = _figures(one), _figures(two)
            problems += [
                f"{name}: {key} is {others.get(key)!r}, not {value!r}"
                for key, value in figures.items()
                if others.get(key) != value
            ]
        elif one.name != "log.txt" and _without_times(one, whole) != _without_times(two, killed):
            problems.append(f"{name}: other bytes")
    return problems


def _names(folder: Path) -> set[str]:
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith(".multirun")}


def _figures(path: Path) -> dict[str, Any]:
    record = json.loads(path.read_text())
    return {key: value for key, value in record.items() if not any(word in key for word in TIMES)}


def _without_times(path: Path, folder: Path) -> bytes:
    content = path.read_bytes()
    if path.name == "config.yaml":
        return content.replace(str(folder).encode(), b"")
    return content


def main(count: int, seed: int) -> int:
    """Print what differs; the exit code says whether anything does."""
    with tempfile.TemporaryDirectory() as folder:
        problems = kills(count, seed, Path(folder))
    print(f"{count} kills, {PROCESSES} processes, seed {seed}: {len(problems)} differences")
    print("\n".join(problems))
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in (sys.argv[1:] + ["25", "0"][len(sys.argv) - 1 :]))))
