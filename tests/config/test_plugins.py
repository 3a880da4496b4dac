import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from glt_cli.config import check, plugins
from glt_cli.config.methods import FastGLTConfig
from glt_cli.config.plugins import as_words, described, load_plugins, loaded
from glt_cli.config.request import read
from glt_cli.errors import UserError
from tests.config.test_config import GOOD

pytestmark = pytest.mark.usefixtures("unplugged")

Glt = Callable[..., tuple[int, str, str]]

METHOD = """
from dataclasses import dataclass
from glt_cli import MethodConfig, SearchResult, bounded, register_method, register_edge_score

@dataclass
class MineConfig(MethodConfig):
    power: float = bounded(1.0, 0)

@register_method("mine", MineConfig)
def find(context, config): ...

@register_edge_score("nearness")
def nearness(evidence): ...
"""


def write(name: str, text: str = METHOD) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path.resolve()


@pytest.mark.parametrize("spec", ["mine", "mine.py", "./mine.py"])
def test_a_module_of_the_current_folder(spec: str) -> None:
    path = write("mine.py")
    assert load_plugins([spec]) == (str(path),)
    assert as_words() == ["--plugin", str(path)]
    assert described() == [f"plug-in mine ({path}): edge score nearness, method mine"]
    config = read(["method=mine", "method.power=2"], False, None).points[0].config
    assert (config.method.name, config.method.power) == ("mine", 2.0)  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(config)) == config


def test_what_is_returned_can_be_loaded_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = load_plugins([str(write("folder/mine.py"))])
    monkeypatch.chdir(tmp_path)
    assert load_plugins([path]) == (path,)
    assert os.environ[plugins.VARIABLE] == path
    assert os.environ["PYTHONPATH"].endswith(str(Path(path).parent))
    assert load_plugins() == (path,)


def test_packages_and_their_modules() -> None:
    write("kit/__init__.py", "")
    inner = write("kit/inner.py", METHOD)
    assert load_plugins(["kit.inner", "kit/inner.py"]) == (str(inner),)
    assert loaded() == (str(inner),)
    assert sys.modules["kit.inner"].find.__module__ == "kit.inner"


def test_scores_follow_the_registries() -> None:
    write("mine.py")
    method = FastGLTConfig(name="fastglt", edge_scores=["nearness"])
    wrong = "method.edge_scores=nearness: must be one of gradient, degree, agreement"
    assert check(replace(GOOD, method=method)) == [wrong]
    load_plugins(["mine"])
    assert check(replace(GOOD, method=method)) == []
    (line,) = check(replace(GOOD, method=FastGLTConfig(name="fastglt", edge_noise=["luck"])))
    assert line.endswith("must be one of magnitude, gradient, degree, agreement, nearness")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("mine", None, "there is no such module"),
        ("mine.py", None, "there is no such file"),
        (
            "mine",
            "\n1 / 0\n",
            "can't be loaded (ZeroDivisionError: division by zero; mine.py, line 2)",
        ),
        ("mine", "def", "can't be loaded (SyntaxError: "),
        ("mine", "import nothing_like_it", "(ModuleNotFoundError: No module named 'nothing_"),
        ("mine", "exit(3)", "can't be loaded (SystemExit: 3"),
        ("mine", METHOD + METHOD, "method mine: mine registers this name twice; rename"),
        ("json", METHOD, "Python already has a module called json"),
        ("my-mine.py", METHOD, "rename it"),
        ("./mine", METHOD, "there is no such file; did you mean ./mine.py?"),
        (".mine", None, "there is no such module"),
        ("kit/", "", "this folder has no __init__.py; name a .py file"),
        ("mine,other", None, "as in --plugin mine --plugin other"),
        ("mine.py,other", None, "as in --plugin mine.py --plugin other"),
    ],
)
def test_what_can_not_be_loaded_is_said_in_a_line(name: str, text: str | None, said: str) -> None:
    if name.endswith("/"):
        Path(name).mkdir()
    elif text is not None:
        write(f"{name.removesuffix('.py')}.py", text)
    with pytest.raises(UserError) as caught:
        load_plugins([name])
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"plug-in {name}: ")
    assert said in line
    assert loaded() == ()
    with pytest.raises(UserError, match="must be one of dense, "):
        read(["method=mine"], False, None)


@pytest.mark.parametrize("spec", ["", " "])
def test_an_empty_name_is_refused(glt: Glt, spec: str) -> None:
    code, _, err = glt("run", "--plugin", spec)
    message = "glt: --plugin is empty: name a module, a .py file or a package's folder\n"
    assert (code, err) == (2, message)


def test_nothing_half_loaded_is_left() -> None:
    write("mine.py", METHOD + "\n1 / 0\n")
    with pytest.raises(UserError, match="line 15"):
        load_plugins(["mine"])
    write("mine.py", METHOD + "\n#\n")
    load_plugins(["mine"])
    assert "method mine" in described()[0]


def test_every_command_takes_plug_ins(glt: Glt) -> None:
    for words in (
        ["run"],
        ["search", "edges"],
        ["table"],
        ["report"],
        ["verify", "x"],
        ["datasets"],
    ):
        code, _, err = glt(*words, "--plugin", "nowhere")
        assert code == 2
        assert err.startswith("glt: plug-in nowhere: there is no such module"), err


def test_completion_knows_those_of_the_environment_and_runs_none_of_the_line(
    glt: Glt, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("mine.py")
    assert glt("completion", "bash", "--line", "glt run --plugin mine method=m")[1] == ""
    assert "mine" not in sys.modules
    monkeypatch.setenv(plugins.VARIABLE, "mine")
    assert "mine" in glt("completion", "bash", "--line", "glt run method=m")[1].splitlines()[0]


def test_help_and_commands_for_queues_know_them(glt: Glt) -> None:
    path = write("mine.py")
    code, out, err = glt("run", "--plugin", "mine", "method=mine", "device=cpu", "--print")
    assert code == 0
    assert out == f"glt run --plugin {path} method=mine device=cpu\n"
    assert err == f"glt: plug-in mine ({path}): edge score nearness, method mine\n"


def test_the_environment_names_them(monkeypatch: pytest.MonkeyPatch, glt: Glt) -> None:
    write("mine.py")
    monkeypatch.setenv(plugins.VARIABLE, " mine, ")
    assert glt("run", "method=mine", "device=cpu", "--dry-run")[0] == 0


def test_a_configuration_file_can_not_name_one(glt: Glt) -> None:
    write("mine.py")
    for key in ("plugin", "plugins"):
        code, _, err = glt("run", f"{key}=mine")
        assert code == 2
        assert f"{key}: there is no such key" in err
    write("own/experiment/mine.yaml", "# @package _global_\nplugin: mine\n")
    assert glt("run", "--config-dir", "own", "experiment=mine")[0] == 2
    assert "mine" not in sys.modules
