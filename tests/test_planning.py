from collections.abc import Callable
from pathlib import Path

from tests.conftest import TINY

Glt = Callable[..., tuple[int, str, str]]


def test_a_dry_run_says_what_is_finished_and_does_nothing(glt: Glt) -> None:
    words = ["run", *TINY, "method=random", "-m", "seed=0,1"]
    code, out, err = glt(*words, "--dry-run")
    assert (code, err) == (0, "")
    assert out.count("to do") == 2
    assert "2 runs, 0 finished" in out
    assert "Of 2 the time is unknown" in out
    assert list(Path().iterdir()) == []
    glt("run", *TINY, "method=random", "seed=0")
    out = glt(*words, "--dry-run")[1]
    assert "2 runs, 1 finished. 1 take about 0 s" in out
    assert out.count("to do") == 1
    assert "unknown" not in out
    forced = glt(*words, "force=true", "--dry-run")[1]
    assert "2 runs, 0 finished" in forced
