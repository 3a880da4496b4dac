"""`find_ticket` is `glt run` in memory: equal numbers, equal checks, and no file unless asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra

import glt_cli
from glt_cli import data as data_sets
from glt_cli.config.datasets import default
from glt_cli.data.graph_data import NodeData
from glt_cli.experiment.record import Record
from glt_cli.pruning.masks import EDGE, Masks
from glt_cli.pruning.select import removed_count
from tests.conftest import TINY, TINY_FASTGLT
from tests.experiment.test_experiment import PROVENANCE
from tests.own_data import NODES, QUICK, QUICK_FASTGLT, Data, changed, own_data

Glt = Callable[..., tuple[int, str, str]]

#: What differs between equal runs, and what data in memory can't have in common with a data set.
NOT_COMPARED = PROVENANCE | {"dataset", "config_hash", "ticket_sha256"}


def cora() -> Data:
    raw = data_sets.load(default("cora"), None)
    assert isinstance(raw, NodeData)
    x: Any = raw.x
    data = Data(x=torch.from_numpy(x.toarray()), edge_index=torch.from_numpy(raw.edges))
    data.y = torch.from_numpy(raw.y)
    for split in ("train", "val", "test"):
        data[f"{split}_mask"] = torch.zeros(raw.num_nodes, dtype=torch.bool)
        data[f"{split}_mask"][getattr(raw, split)] = True
    return data


def settings_of(folder: Path) -> dict[str, Any]:
    """What a run was done with, as keywords: its presets among them."""
    config = yaml.safe_load((folder / "config.yaml").read_text())
    keywords: dict[str, Any] = {"seed": config["seed"], "device": "cpu", "quiet": True}
    keywords |= {name: config[name].pop("name") for name in ("method", "backbone")}
    keywords |= {f"method.{key}": value for key, value in config["method"].items()}
    keywords |= {f"backbone.{key}": value for key, value in config["backbone"].items()}
    keywords |= {f"{kind}_sparsity": config["sparsity"][kind] for kind in ("graph", "weight")}
    keywords |= {key: config[key] for key in ("trainer", "retrain")}
    return keywords | {"dataset.transform": "row_normalise"}


def equal(some: dict[str, torch.Tensor], others: dict[str, torch.Tensor]) -> bool:
    return set(some) == set(others) and all(
        torch.equal(tensor, others[name]) for name, tensor in some.items()
    )


def assert_equal_runs(
    found: tuple[glt_cli.Ticket, Record], others: tuple[glt_cli.Ticket, Record]
) -> None:
    for name in ("masks", "init", "trained"):
        assert equal(getattr(found[0], name), getattr(others[0], name)), name
    ours, theirs = ({**vars(record)} for record in (found[1], others[1]))
    for key in NOT_COMPARED:
        del ours[key], theirs[key]
    assert ours == theirs


def record_in(folder: Path) -> Record:
    return Record(**json.loads((folder / "record.json").read_text()))


# --- It is glt run --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        TINY_FASTGLT,
        [*TINY, "method=teddy", "backbone=gin", "seed=3"],
        [*TINY, "method=random", "retrain.control=shuffle"],
        [*TINY, "method=random", "retrain.control=reinit"],
        [*TINY, "method=oneshot", "method.pretrain_epochs=2", "retrain.distill=0.5"],
        [*TINY, "method=dense"],
    ],
)
def test_cora_gives_what_glt_run_gives(glt: Glt, words: list[str]) -> None:
    code, _, err = glt("run", *words, "dataset=cora", "output_dir=outputs")
    assert (code, err) == (0, "")
    method = next((w.removeprefix("method=") for w in words if w.startswith("method=")), "fastglt")
    (folder,) = [f for f in Path("outputs").glob(f"{method}-*") if settings_match(f, words)]
    found = glt_cli.find_ticket(cora(), **settings_of(folder))
    assert_equal_runs(found, (glt_cli.load_ticket(folder), record_in(folder)))
    assert torch.equal(found[0].predict(), glt_cli.load_ticket(folder).predict())


def settings_match(folder: Path, words: list[str]) -> bool:
    retrain = yaml.safe_load((folder / "config.yaml").read_text())["retrain"]
    asked = dict(w.removeprefix("retrain.").split("=") for w in words if w.startswith("retrain."))
    return all(str(retrain[key]) == value for key, value in asked.items())


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(tmp_path: Path) -> None:
    tickets = []
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        glt_cli.find_ticket(own_data(), seed=seed, output_dir=tmp_path / folder, **QUICK_FASTGLT)
        tickets.append(next((tmp_path / folder).glob("*/ticket.safetensors")).read_bytes())
    assert tickets[0] == tickets[1] != tickets[2]


@pytest.mark.parametrize("graph", [0.0, 0.31, 0.9])
@pytest.mark.parametrize("weight", [0.0, 0.57])
def test_targets_are_met_to_the_element(graph: float, weight: float) -> None:
    ticket, record = glt_cli.find_ticket(
        own_data(), "gcn", "fastglt", graph, weight, **QUICK_FASTGLT
    )
    masks: Masks = dict(ticket.masks)
    edges = masks.pop(EDGE)
    assert int((~edges).sum()) == removed_count(graph, edges.numel())
    weights = torch.cat([mask.flatten() for mask in masks.values()])
    assert int((~weights).sum()) == removed_count(weight, weights.numel())
    assert (record.edges_kept, record.weights_kept) == (int(edges.sum()), int(weights.sum()))
    for name, mask in masks.items():
        assert not ticket.trained[name][~mask].any()
    assert ticket.graph_sparsity == record.graph_sparsity


def test_scores_are_those_of_the_predictions() -> None:
    data = own_data()
    ticket, record = glt_cli.find_ticket(data, **QUICK_FASTGLT)
    right = ticket.predict(data).argmax(1) == data.y
    assert float(right[data.test_mask].double().mean()) == record.ticket_test
    assert float(right[data.val_mask].double().mean()) == record.ticket_val


def test_what_glt_run_prints_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    glt_cli.find_ticket(changed(edge_index=looped()), **QUICK_FASTGLT | {"quiet": False})
    out = capsys.readouterr().out
    for part in (
        "data: 90 nodes",
        "undirected edges",
        "30 / 30 / 20 nodes",
        "2 self-loops",
        "dense",
        "retrain",
    ):
        assert part in out
    glt_cli.find_ticket(own_data(), **QUICK, method="random")
    assert capsys.readouterr().out == ""


# --- Anybody's data -------------------------------------------------------------------------------


def looped() -> torch.Tensor:
    edges = own_data().edge_index
    return torch.cat([edges, torch.tensor([[7, 8], [7, 8]]), edges[:, :4], edges[:, :4]], dim=1)


def labels() -> torch.Tensor:
    y = own_data().y
    return torch.stack([y == 0, y != 1], dim=1)


def weighted() -> torch.Tensor:
    return torch.rand(own_data().edge_index.shape[1] // 2).add(0.5).repeat(2)


@pytest.mark.parametrize(
    "data",
    [
        own_data(directed=True),
        changed(edge_weight=weighted()),
        changed(edge_index=looped()),
        changed(y=labels()),
        changed(y=labels().float()),
        changed(x=torch.relu(own_data().x - 1).to_sparse()),
        changed(x=torch.relu(own_data().x - 1).to_sparse_csr()),
        changed(
            y=torch.where(
                own_data().train_mask | own_data().val_mask | own_data().test_mask, own_data().y, -1
            )
        ),
        changed(y=own_data().y[:, None]),
    ],
    ids=[
        "directed",
        "weights",
        "loops",
        "labels",
        "float-labels",
        "coo",
        "csr",
        "unknown",
        "column",
    ],
)
def test_any_graph_is_one(data: Data) -> None:
    ticket, record = glt_cli.find_ticket(data, **QUICK_FASTGLT)
    assert record.status == "done"
    assert record.edges_kept == record.edges - removed_count(0.35, record.edges or 0)  # type: ignore[operator]
    outputs = ticket.predict()
    assert outputs.shape[0] == NODES
    assert torch.equal(outputs, ticket.predict(data))


def test_loops_and_duplicates_change_nothing() -> None:
    found = [
        glt_cli.find_ticket(d, **QUICK_FASTGLT) for d in (own_data(), changed(edge_index=looped()))
    ]
    assert_equal_runs(found[0], found[1])


def test_direction_and_weights_are_in_the_ticket() -> None:
    ticket, _ = glt_cli.find_ticket(own_data(directed=True), method="random", **QUICK)
    assert ticket.directed
    assert torch.equal(ticket.edge_index, own_data(directed=True).edge_index)
    weights = weighted()
    ticket, _ = glt_cli.find_ticket(changed(edge_weight=weights), method="random", **QUICK)
    assert ticket.edge_weight is not None
    torch.testing.assert_close(ticket.edge_weight, weights[: len(weights) // 2])


def test_labels_are_scored_by_roc_auc() -> None:
    _, record = glt_cli.find_ticket(changed(y=labels()), method="random", **QUICK)
    assert (record.metric, record.task) == ("roc_auc", "multi-label node classification")
    two = {"dataset.metric": "roc_auc", **QUICK}
    _, record = glt_cli.find_ticket(changed(y=labels()[:, 0].long()), method="random", **two)
    assert (record.metric, record.task) == ("roc_auc", "node classification")


def test_the_data_are_left_as_they_were() -> None:
    data, before = own_data(), own_data()
    glt_cli.find_ticket(data, dataset={"transform": "standardise"}, **QUICK_FASTGLT)
    for key, tensor in before.to_dict().items():
        assert torch.equal(data[key], tensor)


# --- Settings -------------------------------------------------------------------------------------


def test_groups_dotted_names_options_and_experiments() -> None:
    first = glt_cli.find_ticket(own_data(), **QUICK_FASTGLT)
    trainer = {"trainer.epochs": 4, "trainer.lr": 0.01}
    dotted = {key: value for key, value in QUICK_FASTGLT.items() if key != "trainer"} | trainer
    assert_equal_runs(first, glt_cli.find_ticket(own_data(), **dotted))
    _, record = glt_cli.find_ticket(own_data(), experiment="agreement", **QUICK_FASTGLT)
    assert "agreement" in record.label
    scores = {"method.edge_scores": ["agreement", "degree"]}
    _, other = glt_cli.find_ticket(own_data(), **QUICK_FASTGLT | scores)
    assert other.config_hash != first[1].config_hash


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "fastgtl"}, "method=fastgtl: must be one of dense, fastglt"),
        ({"method": "fastglt,imp"}, "method=fastglt,imp: must be one of"),
        ({"method": None}, "method=null: choose a method, for example method=imp"),
        ({"backbone": "gnn"}, "backbone=gnn: must be one of gat, gcn, gin, resgcn"),
        ({"backbone": {"hidden": 3}}, 'set its keys as **{"backbone.KEY": VALUE}'),
        ({"graph_sparsity": 1.0}, "sparsity.graph=1.0: must be at least 0 and below 1"),
        ({"weight_sparsity": -0.1}, "sparsity.weight=-0.1: must be at least 0 and below 1"),
        ({"weight_sparsity": "lots"}, "sparsity.weight=lots: must be a number"),
        ({"weight_sparsity": torch.ones(1)}, "must be a number, text or a list; it is a Tensor"),
        ({"graph_sparsity": float("nan")}, "sparsity.graph=nan: must be"),
        ({"seed": 1.5}, "seed=1.5: must be a whole number"),
        ({"seed": -1}, "seed=-1: must be at least 0"),
        ({"device": "gpu"}, "device=gpu: must be auto, cpu, cuda or cuda:k"),
        ({"hidden": 8}, "hidden: there is no such key"),
        ({"backbone.hiden": 8}, "backbone.hiden: there is no such key (did you mean hidden?)"),
        ({"trainer": {"epochs": 0}}, "trainer.epochs=0: must be at least 1"),
        ({"trainer": {"epochs": 2.5}}, "trainer.epochs=2.5: must be a whole number"),
        ({"trainer": 5}, 'as in trainer={"epochs": 50}; it is an int'),
        ({"trainer": None}, 'trainer: must be a mapping of its keys, as in trainer={"epochs": 50}'),
        ({"trainer.lr": [1, 2]}, "trainer.lr=[1, 2]: must be a number"),
        ({"method.edge_scores": ["magic"]}, "method.edge_scores=magic: must be one of gradient"),
        ({"retrain": {"control": "twist"}}, "retrain.control=twist: must be one of none, reinit"),
        (
            {"experiment": "paper"},
            "paper: is a grid of runs; find_ticket does a single run",
        ),
        ({"sparsity": "edges"}, "sparsity: is set by an argument of find_ticket"),
        ({"sparsity": {"graph": 0.5}}, "sparsity.graph: is set by an argument"),
        ({"dataset": "cora"}, "dataset: follows from the data"),
        ({"dataset": {"task": "links"}}, "dataset.task: follows from the data"),
        ({"dataset": {"title": "../up"}}, "dataset.title=../up: must be at most 60 letters"),
        ({"dataset": {"title": "cora"}}, "is the name of a known data set; choose another"),
        ({"dataset": {"transform": "whiten"}}, "dataset.transform=whiten: must be one of none"),
        ({"dataset": {"metric": "roc_auc"}}, "roc_auc: needs two classes; y has 3"),
        ({"force": True}, "force: has no effect here: every call starts a new run"),
        ({"output_dir": "taken"}, "output_dir=taken: can't be made (File exists)"),
        ({"output_dir": ""}, "output_dir=: name a folder"),
        ({"output_dir": 3}, "output_dir: must be the path of a folder; it is an int"),
        ({"output_dir": "~nobody-here/x"}, "output_dir=~nobody-here/x: there is no such home"),
    ],
)
def test_a_wrong_setting_is_one_line_before_anything_is_done(
    wrong: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("taken").write_text("")
    with pytest.raises(glt_cli.UserError) as refused:
        glt_cli.find_ticket(own_data(), **{"device": "cpu"} | wrong)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert capsys.readouterr().out == ""
    assert [path.name for path in Path.cwd().iterdir()] == ["taken"]


def test_wrong_data_are_refused_likewise() -> None:
    with pytest.raises(glt_cli.UserError, match=r"data\.y: is missing"):
        glt_cli.find_ticket(changed(y=None))
    with pytest.raises(glt_cli.UserError, match=r"^data: must be a .* Data; it is a list$"):
        glt_cli.find_ticket([own_data()])


@pytest.mark.parametrize(
    ("attribute", "columns", "line"),
    [
        ("edge_attr", 1, "data.edge_attr: is ignored; to use it as edge weights, set data.edge_w"),
        ("edge_attr", 2, "data.edge_attr: is ignored\n"),
        ("edge_weight", 1, ""),
    ],
)
def test_edge_attributes_are_ignored_and_it_says_so(
    attribute: str, columns: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    values = torch.ones(own_data().edge_index.shape[1], columns)
    data = changed(edge_attr=values, edge_weight=values if attribute == "edge_weight" else None)
    ticket, _ = glt_cli.find_ticket(data, **QUICK | {"quiet": False, "method": "random"})
    assert (ticket.edge_weight is None) == (attribute == "edge_attr")
    out = capsys.readouterr().out
    assert line in out
    assert ("edge_attr" in out) == bool(line)


def test_several_mistakes_are_a_line_each() -> None:
    with pytest.raises(glt_cli.UserError) as refused:
        glt_cli.find_ticket(own_data(), seed=-1, trainer={"epochs": 0})
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc"])
def test_labels_that_can_not_be_scored(metric: str) -> None:
    alike = changed(y=torch.ones(NODES, 2))
    message = (
        "scored by roc_auc" if metric == "accuracy" else "val_mask: all its nodes have the same"
    )
    with pytest.raises(glt_cli.UserError, match=message):
        glt_cli.find_ticket(alike, dataset={"metric": metric})


@pytest.mark.skipif(torch.cuda.is_available(), reason="here is one")
def test_a_device_that_is_not_here() -> None:
    with pytest.raises(glt_cli.UserError, match="there is no CUDA device"):
        glt_cli.find_ticket(own_data(), device="cuda")


def test_a_device_may_be_torchs() -> None:
    settings = QUICK | {"device": torch.device("cpu"), "method": "random"}
    assert glt_cli.find_ticket(own_data(), **settings)[1].device.startswith("cpu")


# --- What is left behind --------------------------------------------------------------------------


def test_no_file_is_written_unless_asked(tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    ticket, record = glt_cli.find_ticket(own_data(), retrain={"control": "reinit"}, **QUICK_FASTGLT)
    ticket.predict(own_data())
    ticket.to_torch_geometric()
    assert list(Path.cwd().iterdir()) == []
    assert set(tmp_path.rglob("*")) == before
    assert record.ticket_sha256 is None


def test_the_folder_that_was_asked_for_is_a_runs(glt: Glt) -> None:
    titled: dict[str, Any] = {"dataset.title": "mine", "output_dir": "kept/here"}
    ticket, record = glt_cli.find_ticket(own_data(), **QUICK_FASTGLT, **titled)
    assert [path.name for path in Path.cwd().iterdir()] == ["kept"]
    (folder,) = Path("kept/here").iterdir()
    assert folder.name.startswith("fastglt-gcn-mine-seed0-")
    assert record_in(folder) == record
    again = glt_cli.load_ticket(folder)
    assert equal(again.masks, ticket.masks)
    assert torch.equal(again.predict(own_data()), ticket.predict())
    assert glt_cli.load_runs("kept").iloc[0]["ticket_test"] == record.ticket_test
    code, out, _ = glt("table", "kept")
    assert code == 0
    assert "mine" in out
    code, _, err = glt("verify", str(folder))
    assert code == 2
    assert "found on data in memory" in err


def test_rounds_are_left_too() -> None:
    rounds = {"method": "imp", "method.epochs": 1, "output_dir": "kept"}
    glt_cli.find_ticket(own_data(), **QUICK | rounds)
    assert len(list(Path("kept").glob("*/rounds.safetensors"))) == 1


def test_random_numbers_go_on_as_before() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    glt_cli.find_ticket(own_data(), **QUICK_FASTGLT)
    assert torch.equal(torch.rand(3), expected)


def test_the_command_line_does_not_learn_of_it(glt: Glt) -> None:
    glt_cli.find_ticket(own_data(), method="random", **QUICK)
    code, _, err = glt("run", "dataset=in_memory")
    assert code == 2
    assert "must be one of" in err
    assert "in_memory," not in err
    assert "in_memory.yaml" not in ConfigStore.instance().repo.get("dataset", {})


def test_a_programs_own_hydra_goes_on(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("size: 3\n")
    with initialize_config_dir(str(tmp_path), version_base="1.3"):
        glt_cli.find_ticket(own_data(), method="random", **QUICK)
        assert compose("mine").size == 3
    assert not GlobalHydra.instance().is_initialized()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_ticket_found_on_a_gpu_is_handed_over_on_cpu() -> None:
    data = own_data()
    torch.cuda.manual_seed(3)
    expected = torch.rand(2, device="cuda")
    torch.cuda.manual_seed(3)
    ticket, record = glt_cli.find_ticket(data.to("cuda"), **QUICK_FASTGLT | {"device": "cuda"})
    assert torch.equal(torch.rand(2, device="cuda"), expected)
    assert all(
        tensor.device.type == "cpu" for tensor in [*ticket.masks.values(), ticket.edge_index]
    )
    assert record.device.startswith("cuda")
    outputs = ticket.predict(data, device="cuda")
    assert outputs.device.type == "cuda"
    torch.testing.assert_close(outputs.cpu(), ticket.predict(own_data()), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(ticket.predict(), ticket.predict(own_data()), rtol=0, atol=0)
