import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from glt_cli.commands.main import main as run_command
from glt_cli.config import plugins
from glt_cli.config.registry import restored
from glt_cli.data import sources
from glt_cli.data.ogb import fetch

REPOSITORY = Path(__file__).resolve().parents[1]

# Tests run on all cores already; a second thread in each would only get in the way. A change of
# threads can change the last bit of a sum, so this is also what makes numbers repeat.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"

# torch's first calls are slow, and a failure shall come back.
settings.register_profile("torch", deadline=None, derandomize=True)
settings.load_profile("torch")

#: A whole run in about a second: narrow, and few epochs.
TINY = [
    "backbone.hidden=8",
    "trainer.epochs=4",
    "device=cpu",
]
TINY_FASTGLT = [*TINY, "method.pretrain_epochs=2", "method.epochs=7"]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real files, read-only: whoever writes copies them first."""
    given = os.environ.get("GLT_DATA")
    folder = Path(given) if given else REPOSITORY.parent / "shared" / "datasets"
    if not (folder / "planetoid").is_dir():
        pytest.skip("needs the real Planetoid files: set GLT_DATA to a folder with planetoid/")
    return folder.absolute()


@pytest.fixture(autouse=True)
def _apart(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No network, no settings, no cache and no outputs of the person who runs the tests."""

    def offline(*args: object) -> Path:
        raise sources.SourceError("the tests have no network")

    monkeypatch.setattr(sources, "download", offline)
    monkeypatch.setattr(sources, "pip_download", offline)
    monkeypatch.setattr(fetch, "_download", offline)
    monkeypatch.setattr(sources, "torch_geometric_url", lambda name: "https://upstream.example")
    monkeypatch.delenv("GLT_DATA", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("glt_cli.terminal._PAGE", 200)  # tests read whole rows
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path_factory.mktemp("work"))


@pytest.fixture
def glt(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command line in this process: exit code, output, errors."""

    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = run_command(words)
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def unplugged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The test begins and ends without plug-ins."""
    monkeypatch.setattr(plugins, "_loaded", {})
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in (plugins.VARIABLE, "PYTHONPATH"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setenv(plugins.VARIABLE, "")
    here = str(Path.cwd().resolve())
    with restored(always=True):
        yield
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(here):
            del sys.modules[name]
