import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from glt_cli.experiment.macs import Macs
from glt_cli.experiment.paths import RunFolder
from glt_cli.experiment.record import Record, finished, read_record
from glt_cli.experiment.tables import (
    accuracy_table,
    as_csv,
    macs_table,
    read_tables,
    sentence,
    sparsity_table,
)
from glt_cli.pruning.masks import Targets

RECORD = Record(
    method="fastglt",
    backbone="gcn",
    dataset="cora",
    task="node classification",
    metric="accuracy",
    seed=3,
    config_hash="abc",
    graph_sparsity_target=0.35,
    weight_sparsity_target=0.9,
    graph_sparsity=0.35,
    weight_sparsity=0.9,
    dense_val=0.8,
    dense_test=0.81,
    ticket_val=0.79,
    ticket_test=0.8,
    mac_saving=0.9,
    find_seconds=2.0,
    status="done",
)


#: Of the dense model in the tests below.
WEIGHTS = 110


def mask(kept: int, total: int) -> torch.Tensor:
    return torch.arange(total) < kept


def test_sparsity_is_what_is_gone() -> None:
    masks = {"edge": mask(65, 100), "a.weight": mask(10, 100), "b.weight": mask(1, 10)}
    frame = sparsity_table(masks, Targets(0.35, 0.9), WEIGHTS).frame
    assert list(frame["what"]) == ["edges", "weights", "  a.weight", "  b.weight"]
    assert list(frame["sparsity"]) == ["35.00%", "90.00%", "90.00%", "90.00%"]
    assert list(frame["kept"]) == ["65", "11", "10", "1"]
    assert list(frame["of"]) == ["100", "110", "100", "10"]


def test_differences_are_ticket_minus_dense_in_points() -> None:
    frame = accuracy_table(RECORD).frame
    assert list(frame["difference"]) == ["-1.00 points", "-1.00 points"]
    assert list(frame["dense"]) == ["80.00%", "81.00%"]


def test_macs_add_up() -> None:
    frame = macs_table(Macs(8_000_000, 2_000_000, 4_000_000), Macs(1_000_000, 0, 0)).frame
    rows = frame.set_index("part")
    assert list(rows.loc["total"]) == ["10.00 M", "1.00 M", "90.00%"]
    assert list(rows.loc["total, skipping zero features"]) == ["6.00 M", "0.00 M", "100.00%"]


@pytest.mark.parametrize(
    ("ticket", "word"), [(0.806, "Within"), (0.805, "Within"), (0.804, "Outside"), (0.9, "Within")]
)
def test_the_sentence_counts_the_tolerance_itself_as_within(ticket: float, word: str) -> None:
    text = sentence(replace(RECORD, ticket_test=ticket), tolerance=0.005)
    assert text.startswith(f"{word} tolerance: test accuracy ")
    assert f"{100 * (ticket - 0.81):+.2f} points" in text


def test_tables_can_be_read_back(tmp_path: Path) -> None:
    masks = {"edge": mask(65, 100), "a.weight": mask(10, 100)}
    tables = [sparsity_table(masks, Targets(0.35, 0.9), WEIGHTS), accuracy_table(RECORD)]
    folder = RunFolder(tmp_path)
    folder.tables_csv.write_text(as_csv(tables))
    for before, after in zip(tables, read_tables(folder), strict=True):
        assert after.title == before.title
        assert after.frame.equals(before.frame)


def test_a_record_that_is_cut_off_is_none(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert read_record(folder) is None
    tensors = hashlib.sha256(b"").hexdigest()
    about = json.dumps({"tensors_sha256": tensors}).encode()
    record = replace(RECORD, ticket_sha256=hashlib.sha256(about).hexdigest())
    record.write(folder)
    assert read_record(folder) == record
    assert finished(folder) is None, "without its ticket a run is not finished"
    for path in folder.needed():
        if path != folder.record:
            path.touch()
    assert finished(folder) is None, "nor with a damaged one"
    folder.ticket.write_bytes(about)
    assert finished(folder) == record
    text = folder.record.read_text()
    for broken in (text[: len(text) // 2], "", "[]", '{"method": "imp"}'):
        folder.record.write_text(broken)
        assert read_record(folder) is None
    folder.record.write_text(text.replace('"dense_test": 0.81', '"dense_test": "much"'))
    assert read_record(folder) is None
    replace(RECORD, status="interrupted").write(folder)
    assert finished(folder) is None
