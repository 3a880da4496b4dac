"""Exported folders: what is in them, that torch alone runs them, and that damage is noticed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import glt_cli
from glt_cli.deploy.export import SLACK
from glt_cli.errors import UserError
from tests.conftest import TINY
from tests.deploy.supplier_runs import FILES, SUPPLIERS, Glt, run_of


@pytest.mark.parametrize("backbone", ["gcn", "gin", "gat", "resgcn"])
@pytest.mark.parametrize("data", ["cora", "files"])
def test_the_same_outputs_on_a_smaller_model(glt: Glt, backbone: str, data: str) -> None:
    words = FILES if data == "files" else ["dataset=cora"]
    layers = ["backbone.layers=3"] if backbone == "resgcn" else []
    folder = run_of(glt, *words, f"backbone={backbone}", *layers, "sparsity.weight=0.9")
    exported = glt_cli.export(folder)
    assert exported.difference < SLACK
    ticket = glt_cli.load_ticket(folder)
    expected = ticket.predict()
    model = glt_cli.load(folder / "model")
    torch.testing.assert_close(model.outputs(), expected, rtol=1e-4, atol=1e-5)
    probabilities = model.probabilities(model.outputs())
    torch.testing.assert_close(probabilities.sum(1), torch.ones(len(expected)))
    assert model.edges.shape[1] == int(ticket.masks["edge"].sum())
    assert model.edges.shape[1] + model.pruned.shape[1] == ticket.edge_index.shape[1]
    if backbone in ("gcn", "gin"):
        kept = sum(int(mask.sum()) for name, mask in ticket.masks.items() if name != "edge")
        assert (folder / "model" / "model.safetensors").stat().st_size < 10 * kept + 10_000
    if data == "files":
        assert model.classes == ["no", "yes"]
        assert model.nodes is not None
        assert len(model.nodes) == 1200
        assert model.nodes[0] == "S-5146"
        assert "country=DE" in model.about["feature_names"]
    else:
        assert model.nodes is None
        assert model.classes == [str(place) for place in range(7)]


@pytest.mark.parametrize("dataset", ["pcg", "blogcatalog", "ca_astroph"])
def test_other_tasks(glt: Glt, shared_data: Path, dataset: str) -> None:
    folder = run_of(glt, f"dataset={dataset}", f"data_root={shared_data}", "sparsity.weight=0.5")
    exported = glt_cli.export(folder, Path("to"), str(shared_data))
    assert exported.folder == Path("to")
    model = glt_cli.load("to")
    outputs = model.outputs()
    torch.testing.assert_close(
        outputs, glt_cli.load_ticket(folder, str(shared_data)).predict(), rtol=1e-4, atol=1e-5
    )
    if dataset == "ca_astroph":
        chance = model.links(outputs, model.edges[:, :100])
        assert chance.shape == (100,)
        assert bool(((chance >= 0) & (chance <= 1)).all())
    else:
        assert bool((model.probabilities(outputs) <= 1).all())


def test_torch_alone_runs_it(glt: Glt) -> None:
    folder = run_of(glt, "dataset=cora")
    expected = glt_cli.export(folder, "small").model.outputs().sum()
    code = (
        "import sys, glt_cli\n"
        "model = glt_cli.load('small')\n"
        "print(float(model.outputs().sum()))\n"
        "heavy = {'hydra', 'omegaconf', 'torch_geometric', 'pandas', 'scipy', 'rich'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    total, found = done.stdout.splitlines()
    assert float(total) == pytest.approx(float(expected), rel=1e-5)
    assert found == "[]"


def test_prepared_features_are_those_of_the_folder(glt: Glt) -> None:
    folder = run_of(glt, "dataset=cora", "dataset.transform=row_normalise")
    model = glt_cli.export(folder).model
    ticket = glt_cli.load_ticket(folder)
    raw = ticket.features()  # transformed rows sum to 1 or less, so they stay as they are
    torch.testing.assert_close(model.prepared(raw), model.x.to_dense())
    with pytest.raises(UserError, match="must have 1,433 columns"):
        model.prepared(raw[:, :5])


def test_a_folder_in_use_stays(glt: Glt, tmp_path: Path) -> None:
    folder = run_of(glt, "dataset=cora")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    code, _, err = glt("export", str(folder), "--to", str(tmp_path / "mine"))
    assert code == 2
    assert "exists and holds no exported model" in err
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "all of it"
    assert glt("export", str(folder))[0] == 0
    before = {path.name: path.read_bytes() for path in (folder / "model").iterdir()}
    assert glt("export", str(folder))[0] == 0
    assert {path.name for path in (folder / "model").iterdir()} == set(before)
    assert not list(folder.glob(".*new"))
    # The run stays finished, and verifiable.
    assert "Already finished" in glt("run", *TINY, "method=random", "dataset=cora")[1]
    assert glt("verify", str(folder))[0] == 0


def test_files_that_have_moved(glt: Glt) -> None:
    shutil.copy(SUPPLIERS / "nodes.csv", "n.csv")
    shutil.copy(SUPPLIERS / "edges.csv", "e.csv")
    words = ["dataset=files", "dataset.nodes=n.csv", "dataset.edges=e.csv", "dataset.label=late"]
    folder = run_of(glt, *words)
    shutil.move("n.csv", "moved.csv")
    code, _, err = glt("export", str(folder))
    assert code == 2
    assert "dataset.nodes=n.csv: there is no such file" in err
    for command in (("export",), ("bench", "--repetitions", "2")):
        assert glt(*command, str(folder), "--nodes", "moved.csv")[0] == 0
    assert "name a folder" in glt("export", str(folder), "--nodes", "moved.csv", "--to", "")[2]


def test_what_export_prints(glt: Glt) -> None:
    folder = run_of(glt, *FILES)
    code, out, err = glt("export", str(folder))
    assert (code, err) == (0, "")
    assert "temperature" in out
    assert f"Model: {folder}/model" in out
    card = (folder / "model" / "README.md").read_text()
    assert card.startswith('---\nlibrary_name: "glt"\n')
    assert "What it must not be used for" in card
    assert "test accuracy" in card


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def _says(path: Path, **changes: Any) -> None:
    about = json.loads(path.read_text())
    path.write_text(json.dumps(about | changes))


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "model.safetensors").unlink(),
        lambda folder: (folder / "graph.safetensors").write_bytes(b""),
        lambda folder: (folder / "model.json").write_text("[1]"),
        lambda folder: (folder / "model.json").write_text("{"),
        lambda folder: (folder / "model.json").write_bytes(b"\xff\xfe"),
        lambda folder: _says(folder / "model.json", format=99),
        lambda folder: _says(folder / "model.json", network={"backbone": "gcn"}),
        lambda folder: _says(folder / "model.json", network=3),
        lambda folder: _says(folder / "model.json", temperature="hot"),
        lambda folder: _says(folder / "model.json", temperature=-1),
        lambda folder: _says(folder / "model.json", classes=["one"]),
        lambda folder: _says(folder / "model.json", classes=None),
        lambda folder: _says(folder / "model.json", nodes=["a"]),
        lambda folder: _says(folder / "model.json", nodes=7),
        lambda folder: _says(folder / "model.json", kept_edge_weight=None),
        lambda folder: _flip(folder / "model.json"),
        shutil.rmtree,
    ],
)
def test_damage_is_one_line(glt: Glt, damage: Callable[[Path], Any]) -> None:
    folder = run_of(glt, "dataset=cora", "sparsity.weight=0.99")
    glt_cli.export(folder, "small")
    damage(Path("small"))
    with pytest.raises(UserError) as error:
        glt_cli.load("small")
    assert len(str(error.value).splitlines()) == 1


def test_data_in_memory_cannot_be_exported(glt: Glt) -> None:
    from tests.own_data import QUICK, own_data

    glt_cli.find_ticket(own_data(), method="random", output_dir="mem", **QUICK)
    (folder,) = Path("mem").glob("random-*")
    code, _, err = glt("export", str(folder))
    assert code == 2
    assert "was found on data in memory" in err
    assert glt("export", "nowhere")[0] == 2
