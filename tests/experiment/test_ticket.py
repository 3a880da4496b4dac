import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save

from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.ticket import read_ticket
from glt_cli.pruning.masks import EDGE
from tests.conftest import TINY

Glt = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(glt: Glt) -> Path:
    """A finished run."""
    assert glt("run", *TINY, "method=random")[0] == 0
    (folder,) = Path("outputs").glob("random-*")
    return folder


def reseal(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change the tensors, and the checksum with them, as somebody might who means it."""
    import hashlib

    (folder / "record.json").unlink()  # it knows the ticket's own checksum
    tensors = load_file(folder / "ticket.safetensors")
    change(tensors)  # type: ignore[arg-type]
    raw = save(tensors)
    (folder / "ticket.safetensors").write_bytes(raw)
    about = json.loads((folder / "ticket.json").read_text())
    about["tensors_sha256"] = hashlib.sha256(raw).hexdigest()
    (folder / "ticket.json").write_text(json.dumps(about))


def edit(folder: Path, **changes: object) -> None:
    (folder / "record.json").unlink(missing_ok=True)
    about = json.loads((folder / "ticket.json").read_text())
    (folder / "ticket.json").write_text(json.dumps(about | changes))


def test_a_description_that_was_changed_is_noticed(glt: Glt, folder: Path) -> None:
    text = (folder / "ticket.json").read_text()
    (folder / "ticket.json").write_text(text.replace('"dropout": 0.5', '"dropout": 0.1'))
    code, _, err = glt("verify", str(folder))
    assert code == 2
    assert "changed since the run" in err


def test_a_damaged_record_is_not_taken_for_a_missing_one(glt: Glt, folder: Path) -> None:
    (folder / "record.json").write_text("{")
    code, _, err = glt("verify", str(folder))
    assert code == 2
    assert "record.json: damaged" in err


def test_a_whole_ticket_is_verified(glt: Glt, folder: Path) -> None:
    code, out, _ = glt("verify", str(folder))
    assert code == 0
    assert out.count("agrees") == 4


def test_a_ticket_without_its_record_too(glt: Glt, folder: Path) -> None:
    (folder / "record.json").unlink()
    code, out, _ = glt("verify", str(folder / "ticket.json"))
    assert code == 0
    assert "no record to compare it with" in out
    assert "agrees" not in out


def test_a_wrong_record_is_found_out(glt: Glt, folder: Path) -> None:
    record = json.loads((folder / "record.json").read_text())
    (folder / "record.json").write_text(json.dumps(record | {"ticket_test": 0.99}))
    code, out, _ = glt("verify", str(folder))
    assert code == 1
    assert "DIFFERS" in out


def test_damage_is_one_line_and_exit_code_2(glt: Glt, folder: Path) -> None:
    tensors = folder / "ticket.safetensors"
    whole = tensors.read_bytes()
    damages: list[tuple[str, Callable[[], object]]] = [
        ("truncated", lambda: tensors.write_bytes(whole[: len(whole) // 2])),
        ("damaged", lambda: tensors.write_bytes(b"\x00" * 100 + whole[100:])),
        ("can't be read", tensors.unlink),
    ]
    for word, damage in damages:
        damage()
        code, out, err = glt("verify", str(folder))
        assert (code, out) == (2, "")
        assert word in err
        assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"format": 99}, "format 99"),
        ({"data_checksum": "0" * 64}, "another version"),
        ({"dataset": {"name": "citeseer", "transform": "none"}}, "another version"),
        ({"dataset": {"name": "nothing"}}, "doesn't know"),
        ({"backbone": {"name": "os"}}, "unknown backbone"),
        ({"backbone": {"name": "gcn", "wings": 2}}, "wings"),
        ({"num_features": 7}, "not a whole ticket"),
        ({"dataset": {"name": "cora", "transform": "zzz"}}, "transform=zzz"),
        ({"dataset": ["cora"]}, "damaged"),
        ({"backbone": {"name": "gcn", "dropout": 7.0}}, "dropout=7.0"),
    ],
)
def test_what_does_not_fit_is_refused(
    glt: Glt, folder: Path, changes: dict[str, object], word: str
) -> None:
    edit(folder, **changes)
    code, _, err = glt("verify", str(folder))
    assert code == 2
    assert word in err
    assert "Traceback" not in err


def test_a_description_that_is_no_json_is_refused(glt: Glt, folder: Path) -> None:
    for text in ("", "{", "[]", '{"format": 2}'):
        (folder / "ticket.json").write_text(text)
        code, _, err = glt("verify", str(folder))
        assert code == 2
        assert "damaged" in err


def test_tensors_that_violate_a_guarantee_of_tickets_are_refused(glt: Glt, folder: Path) -> None:
    def fill(tensors: dict[str, object]) -> None:
        name = "trained.layers.0.linear.weight"
        tensors[name] = tensors[name] + 1  # type: ignore[operator]

    reseal(folder, fill)
    code, _, err = glt("verify", str(folder))
    assert code == 2
    assert "a pruned weight" in err


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.pop("mask.edge"),
        lambda t: t.pop("init.layers.0.bias"),
        lambda t: t.update({"mask.edge": t["mask.edge"].float()}),
        lambda t: t.update({"mask.edge": t["mask.edge"].unsqueeze(1)}),
        lambda t: t.update({"edge_index": t["edge_index"].flatten()}),
        lambda t: t["init.layers.0.bias"].fill_(float("nan")),
    ],
)
def test_tensors_of_another_form_are_refused(
    glt: Glt, folder: Path, change: Callable[[dict[str, object]], object]
) -> None:
    reseal(folder, change)
    code, _, err = glt("verify", str(folder))
    assert code == 2
    assert len(err.splitlines()) == 1


def test_other_edges_are_refused(glt: Glt, folder: Path) -> None:
    def turn(tensors: dict[str, object]) -> None:
        tensors["edge_index"] = tensors["edge_index"].flip(1).contiguous()  # type: ignore[attr-defined]

    reseal(folder, turn)
    code, _, err = glt("verify", str(folder))
    assert code == 2
    assert "edges are not those of cora" in err


def test_a_folder_without_a_ticket_is_named(glt: Glt) -> None:
    code, _, err = glt("verify", "nowhere")
    assert code == 2
    assert "nowhere: there is no such folder" in err
    Path("empty").mkdir()
    assert "empty: holds no ticket" in glt("verify", "empty")[2]


def test_masks_come_in_the_models_order(glt: Glt) -> None:
    assert glt("run", *TINY, "method=random", "backbone=resgcn", "backbone.layers=12")[0] == 0
    (folder,) = Path("outputs").glob("random-*")
    ticket = read_ticket(RunFolder(folder))
    assert list(ticket.masks) == [EDGE, *ticket.model().prunable()]


def test_reading_a_ticket_moves_no_random_number(glt: Callable[..., tuple[int, str, str]]) -> None:
    assert glt("run", *TINY, "method=random")[0] == 0
    [folder] = Path("outputs").glob("random-*")
    torch.manual_seed(7)
    before = torch.get_rng_state()
    read_ticket(RunFolder(folder)).model()
    assert torch.equal(torch.get_rng_state(), before)
