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


def test_a_grid_says_how_far_it_has_come(glt: Glt) -> None:
    out = glt("run", *TINY, "method=random,dense", "-m", "seed=0,1", "trainer.lr=0.01")[1]
    assert "run 1 of 4\n" in out
    assert "run 4 of 4, about" in out
    out = glt("run", *TINY, "method=dense", "-m", "trainer.lr=1e30,0.1,0.2")[1]
    assert "run 3 of 3, 1 failed, about" in out
