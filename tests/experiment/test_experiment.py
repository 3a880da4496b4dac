"""Whole runs by the command line, narrow and short, on the embedded Cora."""

import csv
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from glt_cli import data
from glt_cli.__main__ import main
from glt_cli.config.datasets import default
from glt_cli.experiment.record import Record
from glt_cli.pruning import methods
from glt_cli.pruning.select import removed_count
from glt_cli.training.loop import NonFiniteLossError
from tests.conftest import REPOSITORY, TINY, TINY_FASTGLT

Glt = Callable[..., tuple[int, str, str]]

#: What differs between equal runs.
PROVENANCE = {
    "dense_seconds",
    "dense_reused",
    "find_seconds",
    "retrain_seconds",
    "peak_memory_mb",
    "started",
    "finished",
}


def folder_of(method: str) -> Path:
    (folder,) = Path("outputs").glob(f"{method}-*")
    return folder


def record_of(method: str) -> dict[str, object]:
    record: dict[str, object] = json.loads((folder_of(method) / "record.json").read_text())
    return record


def test_one_run_leaves_everything(glt: Glt) -> None:
    code, out, err = glt("run", *TINY_FASTGLT)
    assert (code, err) == (0, "")
    assert "presets gcn-cora and fastglt-gcn-cora" in out
    for title in ("Sparsity", "Accuracy (seed 0)", "Multiply-adds"):
        assert title in out
    assert "One seed only, so no interval." in out

    folder = folder_of("fastglt")
    assert {path.name for path in folder.iterdir()} == {
        "config.yaml",
        "record.json",
        "history.csv",
        "ticket.safetensors",
        "ticket.json",
        "tables.md",
        "tables.csv",
        "log.txt",
    }
    record = Record(**json.loads((folder / "record.json").read_text()))
    assert record.status == "done"
    assert record.error is None
    assert record.edges is not None
    assert record.edges_kept == record.edges - removed_count(0.35, record.edges)
    assert record.find_epochs == 9
    assert record.peak_memory_mb is not None
    assert 50 < record.peak_memory_mb < 5000
    assert record.dense_reused is False
    assert record.dense_macs is not None
    assert record.ticket_macs is not None
    assert record.mac_saving == 1 - record.ticket_macs / record.dense_macs

    dense = record_of("dense")
    assert dense["ticket_test"] == dense["dense_test"] == record.dense_test
    assert dense["graph_sparsity"] == dense["weight_sparsity"] == dense["mac_saving"] == 0

    rows = list(csv.DictReader((folder / "history.csv").read_text().splitlines()))
    phases = [row["phase"] for row in rows]
    assert phases == ["pretrain"] * 2 + ["denoise"] * 7 + ["retrain"] * 4
    best = max(float(row["val"]) for row in rows if row["phase"] == "retrain")
    assert record.ticket_val == best


def test_the_ticket_holds_what_rebuilds_the_model(glt: Glt) -> None:
    glt("run", *TINY_FASTGLT, "backbone=gin")
    tensors = load_file(folder_of("fastglt") / "ticket.safetensors")
    names = {"layers.0.linears.0.weight", "layers.1.linears.0.weight"}
    others = {f"layers.{i}.{name}" for i in (0, 1) for name in ("epsilon", "biases.0")}
    expected = {"edge_index", "mask.edge"} | {f"mask.weight.{name}" for name in names}
    expected |= {f"{kind}.{name}" for kind in ("init", "trained") for name in names | others}
    assert set(tensors) == expected
    assert tensors["edge_index"].shape == (2, 5278)
    for name in names:
        mask = tensors[f"mask.weight.{name}"]
        assert int((~mask).sum()) == removed_count(0.9, mask.numel())
        assert torch.all(tensors[f"trained.{name}"][~mask] == 0)
        assert torch.all(tensors[f"init.{name}"] != 0)


def test_the_same_command_again_finds_the_finished_run(glt: Glt) -> None:
    glt("run", *TINY_FASTGLT)
    before = (folder_of("fastglt") / "record.json").read_bytes()
    code, out, _ = glt("run", *TINY_FASTGLT)
    assert code == 0
    assert "Already finished" in out
    assert "Multiply-adds" in out
    assert (folder_of("fastglt") / "record.json").read_bytes() == before


def test_forced_anew_it_gives_the_same_bytes(glt: Glt) -> None:
    glt("run", *TINY_FASTGLT)
    folder = folder_of("fastglt")
    names = ("ticket.safetensors", "ticket.json", "history.csv", "tables.md", "tables.csv")
    before = {name: (folder / name).read_bytes() for name in names}
    record = record_of("fastglt")
    code, out, _ = glt("run", *TINY_FASTGLT, "force=true")
    assert code == 0
    assert "Already finished" not in out
    assert {name: (folder / name).read_bytes() for name in names} == before
    again = record_of("fastglt")
    assert again["dense_reused"] is True
    assert {k: v for k, v in again.items() if k not in PROVENANCE} == {
        k: v for k, v in record.items() if k not in PROVENANCE
    }


def test_the_dense_baseline_is_trained_once(glt: Glt) -> None:
    glt("run", *TINY, "method=dense")
    stamp = (folder_of("dense") / "record.json").stat().st_mtime_ns
    glt("run", *TINY, "method=random")
    glt("run", *TINY, "method=oneshot", "method.pretrain_epochs=2")
    assert (folder_of("dense") / "record.json").stat().st_mtime_ns == stamp
    assert record_of("random")["dense_reused"] is True
    assert record_of("random")["dense_test"] == record_of("dense")["dense_test"]


@pytest.mark.parametrize("backbone", ["gcn", "gin", "gat", "resgcn"])
@pytest.mark.parametrize("method", ["random", "oneshot", "fastglt", "imp", "teddy"])
def test_every_method_meets_its_targets_on_every_backbone(
    glt: Glt, method: str, backbone: str
) -> None:
    words = [*TINY, f"method={method}", f"backbone={backbone}", "backbone.hidden=4"]
    words += ["sparsity.graph=0.29", "sparsity.weight=0.5"]
    words += ["backbone.layers=3"] if backbone == "resgcn" else []
    words += {
        "random": [],
        "oneshot": ["method.pretrain_epochs=1"],
        "fastglt": ["method.pretrain_epochs=1", "method.epochs=7"],
        "imp": ["method.epochs=1", "method.edge_fraction=0.2", "method.allocation=uniform"],
        "teddy": [],
    }[method]
    code, _, err = glt("run", *words)
    assert (code, err) == (0, "")
    tensors = load_file(folder_of(method) / "ticket.safetensors")
    masks = {name: mask for name, mask in tensors.items() if name.startswith("mask.")}
    edges = masks.pop("mask.edge")
    assert int((~edges).sum()) == removed_count(0.29, edges.numel())
    assert len(masks) == (5 if backbone == "resgcn" else 2)
    # TEDDY has one threshold over all weights, and so one target.
    together = [torch.cat([mask.flatten() for mask in masks.values()])]
    for mask in together if method == "teddy" else masks.values():
        assert int((~mask).sum()) == removed_count(0.5, mask.numel())
    assert glt("verify", str(folder_of(method)))[0] == 0


def test_imp_keeps_its_rounds(glt: Glt) -> None:
    words = [*TINY, "method=imp", "method.epochs=2", "method.retrain_each_round=true"]
    code, _, err = glt("run", *words, "sparsity.graph=0.12", "sparsity.weight=0.4")
    assert (code, err) == (0, "")
    folder = folder_of("imp")
    rounds = load_file(folder / "rounds.safetensors")
    final = load_file(folder / "ticket.safetensors")
    edges = [rounds[f"round-0{i}.mask.edge"] for i in (1, 2)] + [final["mask.edge"]]
    assert [round(1 - m.float().mean().item(), 2) for m in edges] == [0.05, 0.1, 0.12]
    for before, after in pairwise(edges):
        assert not bool((after & ~before).any())
    scores = list(csv.DictReader((folder / "rounds.csv").read_text().splitlines()))
    assert [row["round"] for row in scores] == ["1", "2"]
    assert all(0 < float(row["test"]) < 1 for row in scores)


def test_a_grid_ends_in_one_comparison(glt: Glt) -> None:
    words = ["run", "-m", *TINY, "method=dense,random", "seed=0,1"]
    code, out, err = glt(*words)
    assert (code, err) == (0, "")
    assert "4 runs, 0 finished already" in out
    table = out[out.index("Comparison") :]
    assert table.count("random") == 1
    assert "±" in table
    assert len(list(Path("outputs").glob("random-*"))) == 2
    again = glt(*words)[1]
    assert again[again.index("Comparison") :] == table


def test_a_run_without_finite_loss_fails_with_its_epoch(glt: Glt) -> None:
    code, _, err = glt("run", *TINY, "method=dense", "trainer.lr=1e30")
    assert code == 1
    record = record_of("dense")
    assert record["status"] == "failed"
    assert "epoch" in str(record["error"])
    assert "loss became" in err
    assert "Traceback" not in err
    assert (folder_of("dense") / "history.csv").is_file()
    assert not (folder_of("dense") / "ticket.safetensors").exists()


def test_one_failure_of_a_grid_does_not_stop_the_others(
    glt: Glt, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = methods.find

    def sometimes(search: object, config: object) -> object:
        if search.seed == 1 and search.targets.graph_sparsity > 0:  # type: ignore[attr-defined]
            raise NonFiniteLossError("the loss became nan in epoch 3 of denoise")
        return honest(search, config)  # type: ignore[arg-type]

    monkeypatch.setattr(methods, "find", sometimes)
    code, out, err = glt("run", "-m", *TINY, "method=random", "seed=0,1,2")
    assert code == 1
    assert "epoch 3 of denoise" in err
    assert "random" in out[out.index("Comparison") :]
    monkeypatch.setattr(methods, "find", honest)
    code, _, err = glt("run", "-m", *TINY, "method=random", "seed=0,1,2")
    assert (code, err) == (0, "")


def test_a_worker_that_is_told_to_leave_leaves_a_record(
    glt: Glt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(*_: object) -> None:
        raise SystemExit(15)

    monkeypatch.setattr(methods, "find", leave)
    code, _, _ = glt("run", *TINY, "method=random")
    assert code == 15
    assert record_of("dense")["status"] == "interrupted"


def test_ctrl_c_leaves_a_record_and_is_made_good(
    glt: Glt, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(methods, "find", stop)
        patch.setattr("sys.argv", ["glt", "run", *TINY, "method=random"])
        with pytest.raises(SystemExit) as leaving:
            main()
    assert leaving.value.code == 130
    assert "Traceback" not in capsys.readouterr().err
    # The baseline was the first to be interrupted; what was not begun has left nothing.
    assert record_of("dense")["status"] == "interrupted"
    code, out, _ = glt("run", *TINY, "method=random")
    assert code == 0
    assert "Already finished" not in out
    assert record_of("random")["status"] == "done"


def test_quiet_prints_the_sentence_only(glt: Glt) -> None:
    code, out, _ = glt("run", *TINY, "method=random", "quiet=true")
    assert code == 0
    assert len(out.splitlines()) <= 3
    assert "tolerance" in out


def test_data_is_asked_for_before_anything_is_made(glt: Glt) -> None:
    code, _, err = glt("run", *TINY, "dataset=citeseer")
    assert code == 2
    assert "CiteSeer" in err
    assert not Path("outputs").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["method=nothing"],
        ["sparsity.graph=1"],
        ["device=cuda:99"],
        ["output_dir=/dev/null/outputs"],
        ["data_root=/no/such/folder"],
        ["--no-such-flag"],
        ["-m", "seed=0,-1"],
    ],
)
def test_bad_input_ends_with_2_and_leaves_nothing(glt: Glt, words: list[str]) -> None:
    code, out, err = glt("run", *TINY, *words) if "device" not in words[0] else glt("run", *words)
    assert code == 2
    assert out == ""
    assert err.startswith("glt: ")
    assert "Traceback" not in err
    assert list(Path().iterdir()) == []


def test_a_run_with_a_missing_or_damaged_file_is_told_or_redone(glt: Glt) -> None:
    words = ["run", *TINY, "method=random"]
    glt(*words)
    for name in ("tables.csv", "ticket.json", "history.csv"):
        (folder_of("random") / name).unlink()
        code, out, _ = glt(*words)
        assert code == 0
        assert "Already finished" not in out
        assert (folder_of("random") / name).is_file()
    (folder_of("random") / "tables.csv").write_text("hello")
    code, _, err = glt(*words)
    assert code == 2
    assert "force=true" in err
    assert len(err.splitlines()) == 1


def test_a_file_in_the_place_of_the_folder_is_named(glt: Glt) -> None:
    words = ["run", *TINY, "method=dense"]
    glt(*words)
    folder = folder_of("dense")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("")
    code, _, err = glt(*words)
    assert code == 2
    assert folder.name in err


def test_a_grid_shows_the_further_keys_that_it_varies(glt: Glt) -> None:
    code, out, _ = glt("run", "-m", *TINY, "method=random", "trainer.lr=0.25,0.5", "seed=0")
    assert code == 0
    table = out[out.index("Comparison") :]
    assert "trainer.lr" in table
    assert "0.25" in table


@pytest.mark.parametrize(
    "words",
    [
        ["seed=1,2", "--help"],
        ["-m", "seed=1,2", "--cfg", "job"],
        ["--info", "config", "~sparsity.graph"],
    ],
)
def test_flags_that_show_something_are_checked_too(glt: Glt, words: list[str]) -> None:
    code, _, err = glt("run", *words)
    assert code == 2
    assert err.startswith("glt: ")
    assert "Traceback" not in err


def test_config_is_shown_without_running(glt: Glt) -> None:
    code, out, _ = glt("run", "--cfg", "job", "backbone=gat", "seed=7")
    assert code == 0
    assert "heads: 8" in out
    assert "seed: 7" in out
    assert list(Path().iterdir()) == []


def test_real_sets_run_too(glt: Glt, shared_data: Path) -> None:
    words = [*TINY, "dataset=citeseer", f"data_root={shared_data}", "method=random"]
    code, _, err = glt("run", *words)
    assert (code, err) == (0, "")
    assert record_of("random")["edges"] == 4552
    assert glt("verify", str(folder_of("random")), "--data-root", str(shared_data))[0] == 0
    assert data.is_present(default("citeseer"), None) is None


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_run_on_cuda(glt: Glt) -> None:
    words = [word for word in TINY_FASTGLT if not word.startswith("device")]
    code, _, err = glt("run", *words, "device=cuda")
    assert (code, err) == (0, "")
    assert str(record_of("fastglt")["device"]).startswith("cuda")


@pytest.mark.parametrize("dataset", ["synthetic"])
@pytest.mark.parametrize("method", ["fastglt", "imp"])
def test_partitions_meet_the_targets_too(glt: Glt, method: str, dataset: str) -> None:
    words = [*TINY, f"dataset={dataset}", "dataset.nodes=300", "dataset.edges=900"]
    words += [f"method={method}", "method.epochs=4", "trainer.partitions=3", "sparsity.graph=0.2"]
    words += ["method.edge_fraction=0.3", "method.weight_fraction=0.9"] if method == "imp" else []
    code, _, err = glt("run", *words)
    assert (code, err) == (0, "")
    record = record_of(method)
    assert record["edges_kept"] == 720
    assert glt("verify", str(folder_of(method)))[0] == 0


def test_controls_and_distillation_use_the_masks_of_the_ordinary_run(glt: Glt) -> None:
    plain = [*TINY_FASTGLT, "quiet=true"]
    glt("run", *plain)
    (base,) = Path("outputs").glob("fastglt-*")
    masks = load_file(base / "ticket.safetensors")
    found = json.loads((base / "record.json").read_text())
    seen = {base}
    for word, mark in (
        ("retrain.control=reinit", "reinit"),
        ("retrain.control=shuffle", "shuffle"),
        ("retrain.distill=2", "distilled 2"),
    ):
        code, out, err = glt("run", *TINY_FASTGLT, word)
        assert (code, err) == (0, "")
        assert f"fastglt ({mark})" in out
        (folder,) = set(Path("outputs").glob("fastglt-*")) - seen
        seen.add(folder)
        tensors = load_file(folder / "ticket.safetensors")
        record = json.loads((folder / "record.json").read_text())
        assert record["find_seconds"] == found["find_seconds"]
        for name in ("mask.edge", "mask.weight.layers.0.linear.weight"):
            same = torch.equal(tensors[name], masks[name])
            assert same == (mark != "shuffle")
            assert int(tensors[name].sum()) == int(masks[name].sum())
        init = "init.layers.0.linear.weight"
        assert torch.equal(tensors[init], masks[init]) == (mark != "reinit")
        assert ("Distilled" in (folder / "tables.md").read_text()) == ("distilled" in mark)
        assert glt("verify", str(folder))[0] == 0


def test_what_asks_the_teacher_pays_for_it(glt: Glt) -> None:
    glt("run", *TINY, "method=teddy")
    teddy, dense = record_of("teddy"), record_of("dense")
    assert teddy["find_epochs"] == 4
    assert isinstance(teddy["find_seconds"], float)
    assert isinstance(dense["dense_seconds"], float)
    assert teddy["find_seconds"] >= dense["dense_seconds"]
    assert teddy["distill"] == 10
    glt("run", *TINY_FASTGLT, "method.edge_scores=[agreement,gradient]")
    assert record_of("fastglt")["find_epochs"] == 9 + 4


def test_links_and_labels_run_to_the_end(glt: Glt, shared_data: Path) -> None:
    for dataset, metric in (("ca_astroph", "hits@50"), ("pcg", "roc_auc")):
        words = [*TINY, f"dataset={dataset}", f"data_root={shared_data}", "method=random"]
        words += ["dataset.width=4"] if dataset == "ca_astroph" else []
        code, _, err = glt("run", *words)
        assert (code, err) == (0, "")
        (folder,) = Path("outputs").glob(f"random-gcn-{dataset}-*")
        record = json.loads((folder / "record.json").read_text())
        assert record["metric"] == metric
        assert (record["second_metric"] is None) == (dataset == "pcg")
        assert glt("verify", str(folder), "--data-root", str(shared_data))[0] == 0


def test_the_example_of_ones_own_graph_runs_to_a_ticket(glt: Glt) -> None:
    folder = REPOSITORY / "examples" / "suppliers"
    words = [
        "dataset=files",
        f"dataset.edges={folder}/edges.csv",
        f"dataset.nodes={folder}/nodes.csv",
    ]
    code, out, err = glt("run", *TINY_FASTGLT, *words, "dataset.label=late", "dataset.title=parts")
    assert (code, err) == (0, "")
    assert "nodes.csv" in out
    (run,) = Path("outputs").glob("fastglt-gcn-parts-*")
    about = json.loads((run / "ticket.json").read_text())
    assert about["preparation"]["label"]
    assert glt("verify", str(run))[0] == 0


def test_a_ticket_of_moved_files_is_verified_where_they_are(glt: Glt) -> None:
    source = REPOSITORY / "examples" / "suppliers"
    here = Path("here")
    here.mkdir()
    for name in ("nodes.csv", "edges.csv"):
        (here / name).write_bytes((source / name).read_bytes())
    words = ["dataset=files", "dataset.nodes=here/nodes.csv", "dataset.edges=here/edges.csv"]
    assert glt("run", *TINY, *words, "dataset.label=late", "method=random")[0] == 0
    (folder,) = Path("outputs").glob("random-*")
    here.rename("there")
    assert glt("verify", str(folder))[0] == 2
    moved = ["dataset.nodes=there/nodes.csv", "dataset.edges=there/edges.csv"]
    assert glt("verify", str(folder), *moved)[0] == 0
    again = ["dataset=files", *moved, "dataset.label=late", "method=random"]
    assert "Already finished" in glt("run", *TINY, *again)[1]


def test_remarks_are_seen_wherever_the_scores_are(glt: Glt) -> None:
    words = ["run", *TINY, "method=teddy"]
    for further in ([], [], ["quiet=true"]):
        assert "Distilled: trained with 10 times" in glt(*words, *further)[1]
    out = glt("run", "-m", *TINY, "method=teddy,random", "retrain.control=none,shuffle")[1]
    table = out[out.index("Comparison") :]
    assert "Distilled: trained with 10 times" in table
    assert "The masks come from a search distilled with λ = 10." in table
    assert "Control: as many kept elements as found" in table


def test_more_parts_than_nodes_are_refused(glt: Glt) -> None:
    code, _, err = glt("run", *TINY, "method=dense", "trainer.partitions=5000")
    assert code == 2
    assert "trainer.partitions=5000: the graph has only 2708 nodes" in err
    assert not Path("outputs").exists()


def test_dense_has_no_controls_and_no_teacher(glt: Glt) -> None:
    words = ["run", *TINY, "method=dense", "quiet=true"]
    assert glt(*words, "retrain.distill=0.5", "retrain.control=reinit")[0] == 0
    assert len(list(Path("outputs").glob("dense-*"))) == 1
    assert "Already finished" in glt(*words)[1]
